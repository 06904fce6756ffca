//! Web pages: none may ask unless its origin is listed.

use synaptoroute_server::{Access, ApiKey, Config, Keys};

use crate::support::{Reply, Server};

const PAGE: &str = "https://console.example.com";

fn server(cors: &[&str]) -> (Server, ApiKey) {
    let key = ApiKey::generate().unwrap();
    let list = format!("[{{name: page, hash: \"{}\", role: read}}]", key.hash());
    let config = Config {
        workers: 2,
        access: Some(Access::new(Keys::parse(&list).unwrap())),
        cors: cors.iter().map(|origin| origin.parse().unwrap()).collect(),
        ..Config::default()
    };
    (Server::with(config), key)
}

/// What a browser asks before it sends anything with a key.
fn preflight(server: &Server, origin: &str) -> Reply {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    server.send("OPTIONS", "/route", &headers, "")
}

const ALLOWED: &str = "access-control-allow-origin";

#[test]
fn a_listed_page_may_ask_and_no_other() {
    let (server, key) = server(&[PAGE, "http://localhost:3000"]);
    for origin in [PAGE, "http://localhost:3000"] {
        let reply = preflight(&server, origin);
        assert_eq!((reply.status, reply.header(ALLOWED)), (200, Some(origin)), "{reply:?}");
        let allowed = reply.header("access-control-allow-headers").unwrap();
        assert!(allowed.contains("authorization") && allowed.contains("content-type"));
        assert!(reply.header("access-control-allow-methods").unwrap().contains("POST"));
    }
    for origin in ["https://evil.example", "https://console.example.com.evil.example", "null"] {
        assert_eq!(preflight(&server, origin).header(ALLOWED), None, "{origin}");
    }
    let bearer = format!("Bearer {}", key.reveal());
    let headers = [("origin", PAGE), ("authorization", bearer.as_str())];
    let reply = server.send("GET", "/routes", &headers, "");
    assert_eq!(reply.header(ALLOWED), Some(PAGE));
    assert_eq!(reply.status, 200);
    // The page is to be able to read why it is refused.
    let refused = server.send("GET", "/routes", &[("origin", PAGE)], "");
    assert_eq!((refused.status, refused.header(ALLOWED)), (401, Some(PAGE)));
}

#[test]
fn every_page_may_ask_only_if_that_is_said() {
    let (server, _) = server(&["*"]);
    assert_eq!(preflight(&server, "https://any.example").header(ALLOWED), Some("*"));
}

#[test]
fn no_page_may_ask_unless_told() {
    let (server, _) = server(&[]);
    let reply = preflight(&server, PAGE);
    assert_eq!((reply.status, reply.header(ALLOWED)), (401, None));
}

#[test]
fn an_origin_is_written_as_browsers_send_it() {
    use synaptoroute_server::Origin;
    for origin in ["*", PAGE, "http://localhost:3000", "http://[::1]:8080"] {
        origin.parse::<Origin>().unwrap();
    }
    for wrong in
        ["", "console.example.com", "https://a/", "https://a/b", "https://*.a", "HTTPS://A"]
    {
        let accepted = wrong.parse::<Origin>().is_ok();
        assert_eq!(accepted, wrong.contains('*'), "{wrong}");
    }
}
