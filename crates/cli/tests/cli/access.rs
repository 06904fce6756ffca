//! Keys and TLS, as an operator sets them up and a client uses them.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::Value;

use crate::support::{Folder, Service, example, objects, printed, stderr, stdout};

/// A key, appended to `keys.yaml`.
fn make(folder: &Folder, name: &str, more: &[&str]) -> String {
    let output = folder
        .program()
        .args(["key", "--name", name, "--append", "keys.yaml"])
        .args(more)
        .output()
        .unwrap();
    printed(&output).trim_end().to_owned()
}

fn status(service: &Service, key: Option<&str>, path: &str) -> u16 {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let mut request = agent.get(format!("{}{path}", service.url));
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    request.call().unwrap().status().as_u16()
}

#[test]
fn a_key_is_made_shown_and_taken_away() {
    let folder = Folder::new();
    let reader = make(&folder, "reader", &["--role", "read"]);
    let writer =
        make(&folder, "the \"writer\": x", &["--role", "write", "--namespaces", "default,shop"]);
    assert!(reader.starts_with("sr_") && reader.len() == 46 && reader != writer, "{reader}");
    let kept = fs::read_to_string(folder.path("keys.yaml")).unwrap();
    assert!(!kept.contains(&reader) && !kept.contains(&writer), "{kept}");
    let mode = fs::metadata(folder.path("keys.yaml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let routes = example();
    let routes = routes.to_str().unwrap();
    let service = folder.serve(&[routes, "--keys", "keys.yaml", "--log", "trace"]);
    let url = service.url.as_str();
    assert_eq!(status(&service, None, "/health"), 200);
    assert_eq!(status(&service, None, "/routes"), 401);
    assert_eq!(status(&service, Some(&reader), "/routes"), 200);
    let ask = |key: &str, args: &[&str]| {
        let mut program = folder.program();
        program
            .env("SYNAPTOROUTE_API_KEY", key)
            .env("SYNAPTOROUTE_URL", url)
            .args(args)
            .output()
            .unwrap()
    };
    assert_eq!(objects(&ask(&reader, &["route", "--json", "tell nobody: xyzzy"])).len(), 1);
    let refused = ask(&reader, &["rollback", "1"]);
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("role"), "{}", stderr(&refused));
    let stranger = ask("sr_guess", &["routes"]);
    assert_eq!(stranger.status.code(), Some(2));
    assert!(stderr(&stranger).contains("not known"), "{}", stderr(&stranger));

    // A line too many, half a line, and then one line less.
    folder.write("keys.yaml", format!("{kept}- {{name: x}}\n"));
    service.signal("-HUP");
    let complaint = service.says("nothing is changed");
    assert!(complaint.contains("keys.yaml") && complaint.contains("entry 3"), "{complaint}");
    assert_eq!(status(&service, Some(&reader), "/routes"), 200);
    let (_, rest) = kept.split_once('\n').unwrap();
    folder.write("keys.yaml", rest);
    service.signal("-HUP");
    service.says("keys.yaml was read again: 1 key");
    assert_eq!(status(&service, Some(&reader), "/routes"), 401);
    assert_eq!(status(&service, Some(&writer), "/routes"), 200);

    let said = service.stop();
    for secret in [&reader, &writer, "xyzzy", "sr_guess"] {
        assert!(!said.contains(secret), "{secret} was logged: {said}");
    }
}

#[test]
fn keys_of_the_environment_count_too() {
    let folder = Folder::new();
    let output = folder.run(&["key", "--name", "a", "--role", "read", "--json"]);
    let made: Value = objects(&output).remove(0);
    let first = made["key"].as_str().unwrap().to_owned();
    let second = make(&folder, "b", &["--role", "read"]);
    let (list, file) = (format!("[{}]", made["entry"]), folder.path("keys.yaml"));
    let routes = example();
    let serve = |keys: bool| {
        let mut command = folder.program();
        command.env("SYNAPTOROUTE_KEYS", &list);
        if keys {
            command.env("SYNAPTOROUTE_KEYS_FILE", &file);
        }
        Service::by(command, &[routes.to_str().unwrap()])
    };
    for both in [false, true] {
        let service = serve(both);
        assert_eq!(status(&service, None, "/routes"), 401);
        assert_eq!(status(&service, Some(&first), "/routes"), 200);
        assert_eq!(status(&service, Some(&second), "/routes"), if both { 200 } else { 401 });
        service.stop();
    }
}

#[test]
fn what_is_wrong_with_keys_and_certificates_is_said_at_the_start() {
    let folder = Folder::new();
    make(&folder, "a", &["--role", "read"]);
    folder.write("plain.yaml", "- {name: a, hash: sr_secret, role: read}");
    folder.write("list.json", "[]");
    folder.write("empty.pem", "");
    let cases: [(&[&str], i32, &[&str]); 10] = [
        (&["serve", "--keys", "gone.yaml"], 3, &["gone.yaml", "read"]),
        (&["serve", "--keys", "plain.yaml"], 2, &["plain.yaml", "\"a\"", "sha256:"]),
        (&["serve", "--keys", "list.json"], 2, &["list.json", "synaptoroute key"]),
        (&["serve", "--tls-cert", "empty.pem"], 2, &["--tls-key"]),
        (&["serve", "--tls-cert", "empty.pem", "--tls-key", "empty.pem"], 2, &["empty.pem", "PEM"]),
        (&["serve", "--allow-host", "a:80"], 2, &["\"a:80\"", "router.internal"]),
        (&["serve", "--cors-origin", "https://a/b"], 2, &["https://a/b", "without a path"]),
        (&["key", "--name", "a", "--role", "owner"], 2, &["owner", "admin"]),
        (
            &["key", "--name", "a", "--role", "read", "--append", "keys.yaml"],
            2,
            &["keys.yaml", "one name"],
        ),
        (
            &["key", "--name", "b", "--role", "read", "--append", "list.json"],
            2,
            &["list.json", "by hand"],
        ),
    ];
    for (args, code, expected) in cases {
        let output = folder.run(args);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        for words in expected {
            assert!(said.contains(words), "{args:?}: {said}");
        }
        assert!(!said.contains("secret") && stdout(&output).is_empty(), "{args:?}: {said}");
    }
    assert_eq!(fs::read_to_string(folder.path("list.json")).unwrap(), "[]");

    // With keys it may be reached from elsewhere; that they travel readable is said.
    let wide = ["serve", "gone.yaml", "--listen", "0.0.0.0:0", "--keys", "keys.yaml"];
    let said = folder.run(&wide);
    let said = stderr(&said);
    assert!(said.contains("in the clear") && said.contains("gone.yaml"), "{said}");
}

#[test]
fn over_tls_the_address_is_https_and_the_command_line_asks_there() {
    let folder = Folder::new();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    folder.write("cert.pem", cert.pem());
    folder.write("key.pem", signing_key.serialize_pem());
    let routes = example();
    let service =
        folder.serve(&[routes.to_str().unwrap(), "--tls-cert", "cert.pem", "--tls-key", "key.pem"]);
    assert!(service.url.starts_with("https://127.0.0.1:"), "{}", service.url);
    let ask = |more: &[&str]| {
        let args = ["routes", "--json", "--url", &service.url];
        folder.program().args(args).args(more).output().unwrap()
    };
    assert!(objects(&ask(&["--ca-cert", "cert.pem"])).len() > 1);
    let distrusted = ask(&[]);
    assert_eq!(distrusted.status.code(), Some(3));
    assert!(stderr(&distrusted).contains("--ca-cert"), "{}", stderr(&distrusted));
    let empty = ask(&["--ca-cert", "key.pem"]);
    assert_eq!(empty.status.code(), Some(2), "{}", stderr(&empty));
    service.stop();
}

/// More connections than the system lets it have files: it says how many it takes, and goes on.
#[test]
fn too_few_files_end_nothing() {
    let program = env!("CARGO_BIN_EXE_synaptoroute");
    let mut shell = Command::new("sh");
    // What is refused lingers a moment, so these are not even enough for that.
    shell.args(["-c", "ulimit -n 40 && exec \"$0\" \"$@\"", program]);
    let routes = example();
    let service = Service::by(shell, &[routes.to_str().unwrap(), "--log", "error"]);
    service.says("allows this process 40 open files");
    let address = service.url.strip_prefix("http://").unwrap();
    let crowd: Vec<_> = (0..100).map_while(|_| TcpStream::connect(address).ok()).collect();
    service.says("no connection can be taken");
    drop(crowd);
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let answered = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        agent
            .get(format!("{}/health", service.url))
            .call()
            .is_ok_and(|answer| answer.status() == 200)
    });
    assert!(answered, "it takes no connection any more");
    service.stop();
}

/// A web page whose name is made to lead here is, to the browser, at home here.
#[test]
fn without_keys_it_is_asked_by_its_address_or_by_a_name_that_was_given() {
    let folder = Folder::new();
    make(&folder, "reader", &["--role", "read"]);
    let routes = example();
    let routes = routes.to_str().unwrap();
    let statuses = |service: &Service| {
        let port = service.url.rsplit(':').next().unwrap();
        let names = ["127.0.0.1", "localhost", "router.internal", "b.internal", "evil.example"];
        names.map(|name| {
            let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
            let head =
                format!("GET /routes HTTP/1.1\r\nhost: {name}:{port}\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
        })
    };
    let names = "router.internal,b.internal";
    let twice = ["--allow-host", "router.internal", "--allow-host", "b.internal"];
    let cases: [(&[&str], [u16; 5]); 6] = [
        (&[], [200, 200, 421, 421, 421]),
        (&["--allow-host", names], [200, 200, 200, 200, 421]),
        (&twice, [200, 200, 200, 200, 421]),
        (&["--insecure"], [200; 5]),
        (&["--keys", "keys.yaml"], [401; 5]),
        (&["--keys", "keys.yaml", "--allow-host", names], [401, 401, 401, 401, 421]),
    ];
    for (flags, expected) in cases {
        let service = folder.serve(&[&[routes], flags].concat());
        assert_eq!(statuses(&service), expected, "{flags:?}");
    }
    let mut program = folder.program();
    program.env("SYNAPTOROUTE_ALLOW_HOST", names);
    let service = Service::by(program, &[routes]);
    assert_eq!(statuses(&service), [200, 200, 200, 200, 421]);
}
