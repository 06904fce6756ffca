//! Stopping: what was admitted is answered, the rest refused, nothing hangs.

use std::io::{Read, Write};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::json;
use synaptoroute::StoreOptions;
use synaptoroute_server::Config;

use crate::support::{HOLD, Reply, Server, Stage, reopen};

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

#[test]
fn every_change_that_was_acknowledged_is_in_the_file() {
    const WRITERS: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut server = Server::on_file(&path, StoreOptions::default(), Config::default());
    let asker = server.asker();
    let acknowledged = Mutex::new(Vec::new());
    let json = [("content-type", "application/json")];
    let write = |writer: usize| {
        for number in 0.. {
            let name = format!("{writer}-{number}");
            let route = json!({"name": name, "utterances": [format!("hello {name}")]});
            // Refused, cut off or not let in any more: in any case not acknowledged.
            match asker.send("POST", "/routes", &json, route.to_string()) {
                Ok(reply) if reply.status() == 200 => acknowledged.lock().unwrap().push(name),
                _ => return,
            }
        }
    };
    thread::scope(|scope| {
        let write = &write;
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        // Under way: all of them have one in flight but those that are between two.
        while acknowledged.lock().unwrap().len() < WRITERS {
            assert!(!writers.iter().any(|writer| writer.is_finished()), "refused too early");
            thread::sleep(Duration::from_millis(1));
        }
        server.outcome().unwrap();
    });
    drop(server);
    let router = reopen(&path, Stage::new(), StoreOptions::default());
    let snapshot = router.snapshot();
    let acknowledged = acknowledged.into_inner().unwrap();
    let missing: Vec<&String> =
        acknowledged.iter().filter(|name| snapshot.route(name).is_none()).collect();
    assert!(missing.is_empty(), "{} of {}: {missing:?}", missing.len(), acknowledged.len());
    // And whole: each route with its text, each change a revision.
    assert_eq!(snapshot.route_count() as u64, snapshot.revision().get());
    assert_eq!(snapshot.text_count(), snapshot.route_count());
}

/// What was admitted when the stop begins is committed and answered: the change waits behind
/// a query that is held, and the stop comes in between.
#[test]
fn a_change_that_was_admitted_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let config = Config { workers: 1, ..Config::default() };
    let mut server = Server::on_file(&path, StoreOptions::default(), config);
    let post = |to: &str, body: String| {
        let length = body.len();
        format!(
            "POST {to} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
    };
    let route = json!({"name": "greeting", "utterances": [HOLD, "hello"]}).to_string();
    let writer = server.connect(post("/routes", route).as_bytes());
    server.stage.wait_until_held();
    server.begin_stop();
    server.stage.release();
    assert_eq!(Reply::from(writer).revision(), 1);
    server.outcome().unwrap();
    drop(server);
    let router = reopen(&path, Stage::new(), StoreOptions::default());
    assert!(router.snapshot().route("greeting").is_some());
}

/// A thousand requests that wait when the stop begins are all answered, each on its own
/// connection.
#[test]
fn a_thousand_in_flight_are_answered() {
    const IN_FLIGHT: usize = 1000;
    // Enough for the slowest instruction set.
    let grace = Duration::from_secs(600);
    let mut server = Server::with(Config { workers: 2, grace, ..Config::default() });
    let post = |body: String| {
        let length = body.len();
        format!(
            "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        )
    };
    let held = post(json!({"query": HOLD}).to_string());
    let mut connections: Vec<_> = (0..2).map(|_| server.connect(held.as_bytes())).collect();
    server.stage.wait_until_held();
    let query = |number: usize| post(json!({"query": format!("my bill {number}")}).to_string());
    connections.extend((2..IN_FLIGHT).map(|number| server.connect(query(number).as_bytes())));
    // Both threads are held and all others wait.
    while server.get("/health").ok()["queue"]["waiting"] != IN_FLIGHT - 2 {
        thread::sleep(Duration::from_millis(1));
    }
    server.begin_stop();
    server.stage.release();
    for connection in connections {
        assert_eq!(Reply::from(connection).status, 200);
    }
    server.outcome().unwrap();
}
