//! Request ids, and what is known of a request elsewhere.

use std::collections::HashSet;

use serde_json::json;

use crate::support::{Reply, Server};

const ID: &str = "x-request-id";

fn ask(server: &Server, path: &str, id: &str) -> Reply {
    server.send("GET", path, &[(ID, id)], "")
}

#[test]
fn a_callers_id_comes_back() {
    let server = Server::start();
    for id in ["a", "7b1e4a2c-9f", "order:42/try=2", &"x".repeat(128)] {
        for path in ["/health", "/routes/gone", "/nowhere", "/metrics"] {
            assert_eq!(ask(&server, path, id).header(ID), Some(id), "{path}");
        }
        let problem = ask(&server, "/routes/gone", id);
        assert_eq!(problem.body["request_id"], id);
    }
}

#[test]
fn an_id_that_cannot_be_shown_is_replaced() {
    let server = Server::start();
    for id in ["two words", "größe", "a\tb", &"x".repeat(129), ""] {
        let reply = ask(&server, "/routes/gone", id);
        let made = reply.header(ID).unwrap();
        assert_ne!(made, id);
        assert!((1..=128).contains(&made.len()) && made.bytes().all(|b| b.is_ascii_graphic()));
        assert_eq!(reply.body["request_id"], made);
    }
}

#[test]
fn every_request_has_an_id_of_its_own() {
    let server = Server::start();
    let id = |reply: Reply| reply.header(ID).unwrap().to_owned();
    let mut made: HashSet<String> = (0..50).map(|_| id(server.get("/health"))).collect();
    made.insert(id(server.post("/route", &json!({"query": "where is my bill"}))));
    made.insert(id(server.post("/route", &json!({"query": 7}))));
    // Another server, also in the same process.
    made.insert(id(Server::start().get("/health")));
    assert_eq!(made.len(), 53);
}
