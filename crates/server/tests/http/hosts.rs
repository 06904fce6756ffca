//! By which names it may be asked: a web page whose name is made to lead here gives itself away.

use serde_json::json;
use synaptoroute_server::{Config, HostName};

use crate::support::{Reply, Server};

fn server(hosts: Option<&[&str]>) -> Server {
    let names = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
    Server::with(Config { workers: 2, hosts: hosts.map(names), ..Config::default() })
}

fn ask(server: &Server, target: &str, version: &str, head: &str) -> Reply {
    let request = format!("GET {target} HTTP/{version}\r\n{head}connection: close\r\n\r\n");
    Reply::from(server.connect(request.as_bytes()))
}

#[test]
fn addresses_and_listed_names_are_answered_and_no_others() {
    let server = server(Some(&["router.internal", "Other_Name."]));
    let mut wrong = Vec::new();
    for (host, status) in [
        ("127.0.0.1", 200),
        ("127.0.0.1:8080", 200),
        ("192.168.1.7:1", 200),
        ("[::1]", 200),
        ("[::1]:8080", 200),
        ("localhost", 200),
        ("LocalHost:80", 200),
        ("localhost.", 200),
        ("a.b.localhost:8080", 200),
        ("router.internal", 200),
        ("ROUTER.internal:8443", 200),
        ("other_name", 200),
        ("evil.example", 421),
        ("evil.example:8080", 421),
        ("127.0.0.1.evil.example", 421),
        ("127.0.0.1@evil.example", 421),
        ("evil@127.0.0.1", 421),
        ("localhost.evil.example", 421),
        ("evillocalhost", 421),
        ("a.router.internal", 421),
        ("127.1", 421),
        ("[evil]", 421),
        ("::1", 421),
        ("127.0.0.1/evil", 421),
        ("127.0.0.1, evil", 421),
        ("\u{e9}", 421),
        ("", 421),
    ] {
        let found = ask(&server, "/routes", "1.1", &format!("host: {host}\r\n")).status;
        if found != status {
            wrong.push(format!("{host:?}: {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_name_in_a_request_must_be_known() {
    let server = server(Some(&[]));
    let status = |target, version, head| ask(&server, target, version, head).status;
    let (good, evil) = ("host: 127.0.0.1\r\n", "host: evil.example\r\n");
    assert_eq!(status("/routes", "1.0", ""), 200);
    assert_eq!(status("/routes", "1.0", evil), 421);
    assert_eq!(status("/routes", "1.1", ""), 421);
    assert_eq!(status("http://127.0.0.1/routes", "1.1", good), 200);
    assert_eq!(status("http://evil.example/routes", "1.1", good), 421);
    assert_eq!(status("http://127.0.0.1/routes", "1.1", evil), 421);
    assert_eq!(status("/routes", "1.1", &format!("{good}{evil}")), 421);
}

#[test]
fn a_refusal_says_what_to_do_and_nothing_was_done() {
    let server = server(Some(&[]));
    let body = json!({"name": "new", "utterances": ["hello"]}).to_string();
    let send = |method: &str, path: &str, length: usize, body: &str| {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: evil.example:80\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        Reply::from(server.connect(head.as_bytes()))
    };
    for (method, path, length) in [
        ("POST", "/routes", body.len()),
        // Of which nothing more comes.
        ("POST", "/routes", body.len() + 100),
        ("GET", "/health", body.len()),
        ("GET", "/metrics", body.len()),
        ("OPTIONS", "/routes", body.len()),
        ("GET", "/nowhere", body.len()),
    ] {
        let refused = send(method, path, length, &body);
        assert_eq!(refused.header("connection"), Some("close"), "{method} {path}");
        assert!(refused.header("x-request-id").is_some());
        let detail = refused.problem(421, None);
        for part in ["\"evil.example:80\"", "--allow-host", "--keys"] {
            assert!(detail.contains(part), "no {part} in {detail}");
        }
    }
    assert_eq!(server.get("/routes").header("etag"), Some("\"1\""), "unchanged");
    assert_eq!(server.stage.asked(), Server::start().stage.asked(), "nothing was encoded");
}

#[test]
fn any_name_will_do_where_none_are_listed() {
    let server = server(None);
    for head in ["host: evil.example\r\n", ""] {
        assert_eq!(ask(&server, "/routes", "1.1", head).status, 200, "{head}");
    }
}

#[test]
fn a_name_is_without_scheme_port_and_path() {
    for name in ["", ".", "http://a", "a:80", "a/b", "a b", "*", "[::1]"] {
        let error = name.parse::<HostName>().map(drop).unwrap_err().to_string();
        assert!(error.contains(&format!("{name:?}")) && error.contains("router.internal"));
    }
    assert_eq!("A.b.".parse::<HostName>(), "a.B".parse());
}
