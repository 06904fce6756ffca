use std::net::TcpListener;

use super::Target;
use crate::commands::bench::serve::connection::Blocking;

fn target(url: &str, key: Option<&str>) -> Target {
    let url = url.parse().unwrap_or_else(|why| panic!("{url}: {why}"));
    Target::new(&url, key).unwrap_or_else(|why| panic!("{url}: {why}"))
}

#[test]
fn an_address_is_taken_apart_as_it_is_written() {
    let cases = [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "/route", "127.0.0.1:8080"),
        ("http://127.0.0.1", "127.0.0.1:80", "/route", "127.0.0.1"),
        ("http://[::1]", "[::1]:80", "/route", "[::1]"),
        ("http://[::1]:8080/", "[::1]:8080", "/route", "[::1]:8080"),
        ("HTTP://127.0.0.1/a/b/", "127.0.0.1:80", "/a/b/route", "127.0.0.1"),
        ("http://name@127.0.0.1", "127.0.0.1:80", "/route", "127.0.0.1"),
    ];
    for (url, address, path, host) in cases {
        let target = target(url, None);
        let addresses: Vec<String> = target.addresses().iter().map(ToString::to_string).collect();
        assert_eq!(addresses, [address], "{url}");
        let mut request = Vec::new();
        target.request("a text", &mut request);
        let request = String::from_utf8(request).expect("it is text");
        let begin = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\n");
        assert!(request.starts_with(&begin), "{url}: {request}");
        assert!(request.ends_with("content-length: 18\r\n\r\n{\"query\":\"a text\"}"), "{request}");
        assert!(!request.contains("authorization"), "{request}");
    }
}

#[test]
fn the_key_is_a_header_and_never_two() {
    let mut request = Vec::new();
    target("http://127.0.0.1", Some("sr_key")).request("a text", &mut request);
    let request = String::from_utf8(request).expect("it is text");
    assert!(request.contains("\r\nauthorization: Bearer sr_key\r\n"), "{request}");

    let url = "http://127.0.0.1".parse().expect("an address");
    let refused = Target::new(&url, Some("key\r\nx-more: y")).err().expect("it is no header");
    assert!(!refused.to_string().contains("x-more"), "the key is told: {refused}");
}

/// As `localhost` is, where it is first an address of the other family.
#[test]
fn an_address_at_which_nobody_listens_is_followed_by_the_next() {
    let closed = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let mut target = target("http://127.0.0.1", None);
    let open = listener.local_addr().expect("it is bound");
    target.addresses = vec![closed.expect("there was a free port"), open];
    assert!(Blocking::open(&target).is_ok());
    target.addresses.pop();
    assert!(Blocking::open(&target).is_err(), "nobody listens there");
}
