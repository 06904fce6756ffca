//! What goes wrong is said, with its place, what to do next, and the exit code.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use crate::support::{Folder, example, printed, run, stderr};

#[test]
fn what_goes_wrong_is_said_with_its_place_and_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let routes = example();
    let routes = routes.to_str().unwrap();
    let unknown_key = write(
        "key.yaml",
        b"version: 1\nroutes:\n  - name: a\n    utterances: [x]\n    thresh: 1\n",
    );
    let twice = write(
        "twice.yaml",
        b"version: 1\nroutes:\n  - {name: a, utterances: [x]}\n  - {name: a, utterances: [y]}\n",
    );
    let empty =
        write("empty.json", br#"{"version": 1, "routes": [{"name": "a", "utterances": []}]}"#);
    let odd = write("odd.yaml", b"version: 1\nroutes:\n  - name: \xff\xfe\n");
    let no_model = write("no.model", b"not a model");
    let (unknown_key, twice, empty, odd) =
        (unknown_key.as_str(), twice.as_str(), empty.as_str(), odd.as_str());
    let long = "x".repeat(64 * 1024 + 1);
    let out = folder.path().join("out.model");
    let cases: [(&[&str], i32, &[&str]); 39] = [
        (&["serve", "--otlp-endpoint", "collector:4318"], 2, &["--otlp-endpoint", "http://HOST"]),
        (&["serve", "--otlp-endpoint", "http://a:b@c"], 2, &["--otlp-endpoint", "--otlp-header"]),
        (
            &["serve", "--otlp-endpoint", "http://c", "--otlp-header", "a=b,no name=x"],
            2,
            &["--otlp-header", "number 2", "NAME=VALUE"],
        ),
        (&["serve", "--otlp-ratio", "1.5"], 2, &["--otlp-ratio", "from 0"]),
        (&["route", "--routes", "no-such-file.yaml", "x"], 3, &["no-such-file.yaml", "read"]),
        (&["route", "--routes", unknown_key, "x"], 2, &["key.yaml", "thresh", "line 5"]),
        (&["route", "--routes", twice, "x"], 2, &["twice.yaml", "\"a\"", "line 4"]),
        (&["route", "--routes", empty, "x"], 2, &["empty.json", "utterances", "line 1"]),
        (&["route", "--routes", odd, "x"], 2, &["odd.yaml", "UTF-8", "line 3"]),
        (&["route", "--routes", routes, " \t"], 2, &["text 1", "blank"]),
        (&["route", "--routes", routes, "fine", &long], 2, &["text 2", "64 KiB"]),
        (&["route", "--routes", routes], 2, &["no text"]),
        (&["route", "--routes", routes, "--isa", "mmx", "x"], 2, &["mmx", "scalar"]),
        (&["fit", "--routes", routes, "--objective", "best"], 2, &["max_false_accept"]),
        (&["fit", "--routes", routes, "--list"], 2, &["--list", "--routes"]),
        (&["fit", "--db", "gone.db"], 3, &["gone.db"]),
        (&["fit", "gone.jsonl", "--routes", routes], 3, &["gone.jsonl", "read"]),
        (&["serve", "--auto-fit", "perhaps"], 2, &["--auto-fit", "perhaps"]),
        (&["route", "--routes", routes, "--top-k", "0", "x"], 2, &["top_k", "between 1 and"]),
        (&["lint", "--routes", twice, "--strict"], 2, &["twice.yaml", "\"a\"", "line 4"]),
        (&["model", "info", "--model", &no_model], 3, &["no.model", "another kind of file"]),
        (&["model", "info", "--model", "gone.model"], 3, &["gone.model", "read"]),
        (&["serve", "--listen", "0.0.0.0:0"], 2, &["0.0.0.0", "--keys", "--insecure"]),
        (&["serve", "--merge"], 2, &["ROUTES_FILE"]),
        (&["serve", "--watch"], 2, &["ROUTES_FILE"]),
        (&["serve", "--db", "x.db", "--durability", "never"], 2, &["full", "relaxed"]),
        (&["serve", "--db", "x.db", "--keep-revisions", "0"], 2, &["--keep-revisions"]),
        (&["route", "--db", "gone.db", "x"], 3, &["gone.db", "--db", "--url"]),
        (&["rollback", "1", "--db", "gone.db"], 3, &["gone.db", "--url"]),
        (&["routes", "--db", "a.db", "--url", "http://a"], 2, &["--db and --url"]),
        (&["routes", "--db", "a.db", "list", "--url", "http://a"], 2, &["--db and --url"]),
        (&["routes", "--url", "localhost:80"], 2, &["localhost:80", "http://HOST:PORT"]),
        (&["routes", "--url", "https://a", "--ca-cert", "gone.pem"], 3, &["gone.pem", "read"]),
        (&["routes", "--url", "http://127.0.0.1:1"], 3, &["127.0.0.1:1", "running"]),
        (&["routes", "add", "a"], 2, &["TEXT"]),
        (&["routes", "add", "a", " "], 2, &["blank"]),
        (&["routes", "--namespace", "\u{7}"], 2, &["control character"]),
        (&["export", "--db", routes], 2, &["support.yaml", "import"]),
        (
            &[
                "model",
                "convert",
                "--onnx",
                "gone.onnx",
                "--tokenizer",
                "t.json",
                "--out",
                out.to_str().unwrap(),
            ],
            3,
            &["gone.onnx", "read"],
        ),
    ];
    let mut failures = Vec::new();
    for (args, code, words) in cases {
        let output = run(args);
        let message = stderr(&output);
        let said = words.iter().all(|word| message.contains(word));
        if output.status.code() != Some(code) || !said || message.contains("panicked") {
            let shown: Vec<String> = args.iter().map(|a| a.chars().take(40).collect()).collect();
            failures.push(format!("{shown:?}: {:?}, {message}", output.status.code()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(!out.exists(), "a failed conversion left a file");
    assert!(!fs::exists("gone.db").unwrap(), "a database was made for nothing");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Folder::new().run(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(3));
    let message = stderr(&output);
    assert!(message.contains(&address) && message.contains("--listen"), "{message}");
}

/// What a server refuses is said in its words; what is no server of ours is not believed.
#[test]
fn the_key_is_shown_and_a_refusal_passed_on() {
    let problem =
        r#"{"type":"about:blank","title":"Unauthorized","status":401,"detail":"no such key"}"#;
    let cases = [
        ("401 Unauthorized", problem, 2, "no such key"),
        ("429 Too Many Requests", r#"{"detail":"the queue is full"}"#, 3, "the queue is full"),
        ("502 Bad Gateway", "<html>no</html>", 3, "502 Bad Gateway"),
        ("200 OK", "<html>welcome</html>", 3, "right address"),
        ("302 Found", "", 3, "302 Found"),
    ];
    for (status, body, code, words) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(head.as_bytes()).unwrap();
            String::from_utf8(request).unwrap()
        });
        let output = run(&["routes", "--url", &url, "--api-key", "s3cret", "show", "a/b c"]);
        let request = server.join().unwrap().to_ascii_lowercase();
        assert!(request.starts_with("get /routes/a%2fb%20c http/1.1\r\n"), "{request}");
        assert!(request.contains("\r\nauthorization: bearer s3cret\r\n"), "{request}");
        let message = stderr(&output);
        assert!(message.contains(words), "{status}: {message}");
        assert!(!message.contains("s3cret"), "the key is told: {message}");
        assert_eq!(output.status.code(), Some(code), "{status}: {message}");
    }
}

#[cfg(unix)]
#[test]
fn odd_bytes_on_the_command_line_do_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new();
    let odd = std::ffi::OsStr::from_bytes(b"odd-\xff.db");
    let output =
        folder.program().args(["routes", "add", "a", "b", "--db"]).arg(odd).output().unwrap();
    printed(&output);
    assert!(folder.path("").join(odd).exists());
    let output = folder.program().args(["routes", "show"]).arg(odd).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("UTF-8"), "{}", stderr(&output));
}
