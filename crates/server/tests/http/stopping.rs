//! Stopping: what was admitted is answered, the rest refused, nothing hangs.

use std::io::{Read, Write};
use std::time::Duration;

use serde_json::json;
use synaptoroute_server::Config;

use crate::support::{HOLD, Reply, Server};

#[test]
fn who_was_admitted_is_answered() {
    let mut server = Server::start();
    let body = json!({"query": HOLD}).to_string();
    let request = format!(
        "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let admitted = server.connect(request.as_bytes());
    server.stage.wait_until_held();
    server.begin_stop();
    server.stage.release();
    let answer = Reply::from(admitted).ok();
    assert_eq!(answer["revision"], 1);
    server.outcome().unwrap();
}

#[test]
fn who_comes_in_late_is_refused() {
    let mut server = Server::start();
    let body = json!({"query": "where is my bill"}).to_string();
    let head = format!(
        "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut late = server.connect(head.as_bytes());
    let mut asked_to_go_on = [0; 25];
    late.read_exact(&mut asked_to_go_on).unwrap();
    assert!(asked_to_go_on.starts_with(b"HTTP/1.1 100"));
    server.begin_stop();
    late.write_all(body.as_bytes()).unwrap();
    let detail = Reply::from(late).problem(503, None);
    assert!(detail.contains("stopping"), "{detail}");
    server.outcome().unwrap();
}

#[test]
fn who_outlasts_the_grace_is_refused() {
    let mut server =
        Server::with(Config { workers: 1, grace: Duration::from_millis(20), ..Config::default() });
    let body = json!({"queries": [HOLD]}).to_string();
    let request = format!(
        "POST /route/batch HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let held = server.connect(request.as_bytes());
    server.stage.wait_until_held();
    server.begin_stop();
    server.outcome().unwrap();
    Reply::from(held).problem(503, None);
}

#[test]
fn an_idle_connection_holds_nothing_up() {
    let mut server = Server::start();
    assert_eq!(server.get("/health").status, 200);
    let mut idle = server.connect(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    server.outcome().unwrap();
}
