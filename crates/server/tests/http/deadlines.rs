//! Requests that may not take for ever, and requests whose caller has gone.

use std::io::Read;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use synaptoroute::StoreOptions;
use synaptoroute_server::Config;

use crate::support::{HOLD, Reply, Server};

fn one_worker() -> Config {
    Config { workers: 1, ..Config::default() }
}

fn post_within(server: &Server, ms: &str, path: &str, body: &Value) -> Reply {
    let headers = [("content-type", "application/json"), ("x-timeout-ms", ms)];
    server.send("POST", path, &headers, body.to_string())
}

/// Queries that the encoder was asked since the start are those it answered or holds.
#[test]
fn past_its_deadline_a_request_is_refused_and_costs_no_inference() {
    let server = Server::with(one_worker());
    thread::scope(|scope| {
        let held = scope.spawn(|| server.post("/route", &json!({"query": HOLD})));
        server.stage.wait_until_held();
        let before = server.stage.asked();
        for (path, body) in [
            ("/route", json!({"query": "where is my bill"})),
            ("/route/batch", json!({"queries": ["where is my bill", "hello"]})),
            ("/evaluate", json!({"samples": [{"text": "hello"}]})),
            ("/routes", json!({"name": "late", "utterances": ["too late"]})),
            ("/v1/embeddings", json!({"input": "hello"})),
        ] {
            let detail = post_within(&server, "20", path, &body).problem(503, None);
            assert!(detail.contains("20ms"), "{path}: {detail}");
        }
        assert_eq!(server.stage.asked(), before);
        server.stage.release();
        assert_eq!(held.join().unwrap().status, 200);
        // One more, so that what was refused would have been run by now.
        assert_eq!(server.post("/route", &json!({"query": "hello"})).status, 200);
        assert_eq!(server.stage.asked(), before + 1);
    });
    server.get("/routes/late").problem(404, None);
    assert_eq!(server.get("/routes").header("etag"), Some("\"1\""));
}

#[test]
fn the_servers_own_limit_holds_for_those_who_ask_for_more() {
    let config = Config { deadline: Some(Duration::from_secs(1)), ..one_worker() };
    let server = Server::with(config);
    thread::scope(|scope| {
        let held = scope.spawn(|| server.post("/route", &json!({"query": HOLD})));
        server.stage.wait_until_held();
        for asked in ["60000", "99999999"] {
            post_within(&server, asked, "/route", &json!({"query": "hello"})).problem(503, None);
        }
        // Its own deadline is past too, whether or not a thread is at it.
        held.join().unwrap().problem(503, None);
        server.stage.release();
    });
    assert_eq!(server.post("/route", &json!({"query": "hello"})).status, 200);
}

#[test]
fn a_limit_that_is_none_is_refused() {
    let server = Server::start();
    let query = json!({"query": "hello"});
    for wrong in ["", "soon", "-1", "+5", "1.5", "99999999999999999999999"] {
        let detail = post_within(&server, wrong, "/route", &query).problem(400, None);
        assert!(detail.contains("x-timeout-ms"), "{detail}");
    }
    let twice =
        [("content-type", "application/json"), ("x-timeout-ms", "1"), ("x-timeout-ms", "2")];
    server.send("POST", "/route", &twice, query.to_string()).problem(400, None);
    assert_eq!(post_within(&server, "60000", "/route", &query).status, 200);
}

/// A change that is being committed when its deadline comes is answered as it turns out: the
/// caller is never told that nothing was changed when something was.
#[test]
fn a_refused_change_was_not_made_and_an_acknowledged_one_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let server = Server::on_file(&path, StoreOptions::default(), one_worker());
    let (mut made, mut refused) = (0, 0);
    for number in 0..240 {
        let name = format!("route {number}");
        let body = json!({"name": name, "utterances": [format!("text {number}")]});
        // From too short for anything to enough for all.
        let ms = ((1 << (number % 12)) - 1).to_string();
        let reply = post_within(&server, &ms, "/routes", &body);
        let found = server.get(&format!("/routes/route%20{number}")).status;
        match reply.status {
            200 => (made, _) = (made + 1, assert_eq!(found, 200, "{name} is lost")),
            503 => (refused, _) = (refused + 1, assert_eq!(found, 404, "{name} was made")),
            _ => panic!("{reply:?}"),
        }
    }
    assert!(made > 0 && refused > 0, "{made} made, {refused} refused");
}

#[test]
fn callers_who_have_gone_leave_their_places_to_others() {
    let server = Server::with(Config { max_queue: 4, ..one_worker() });
    let body = json!({"query": "where is my bill"}).to_string();
    let request = format!(
        "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    thread::scope(|scope| {
        let held = scope.spawn(|| server.post("/route", &json!({"query": HOLD})));
        server.stage.wait_until_held();
        let before = server.stage.asked();
        let gone: Vec<_> = (0..4).map(|_| server.connect(request.as_bytes())).collect();
        let full = || post_within(&server, "1", "/route", &json!({"query": "hello"})).status == 429;
        while server.get("/health").ok()["queue"]["waiting"] != 4 {
            thread::sleep(Duration::from_millis(1));
        }
        assert!(full());
        drop(gone);
        // The server notices in its own time; then there is room, though the thread is held.
        while full() {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(server.stage.asked(), before);
        server.stage.release();
        assert_eq!(held.join().unwrap().status, 200);
    });
}

/// Many bodies that wait take no more memory than they may: what comes beyond is refused while
/// it comes, and there is room again once they are answered.
#[test]
fn bodies_that_are_inside_are_bounded_in_bytes() {
    let server = Server::with(Config { max_queue_bytes: 100_000, ..one_worker() });
    let batch = |first: &str| {
        let long = "a ".repeat(30_000);
        json!({"queries": [first, long]}).to_string()
    };
    let json_type = [("content-type", "application/json")];
    thread::scope(|scope| {
        let held = scope.spawn(|| server.send("POST", "/route/batch", &json_type, batch(HOLD)));
        server.stage.wait_until_held();
        let refused = server.send("POST", "/route/batch", &json_type, batch("hello"));
        assert_eq!(refused.header("retry-after"), Some("1"));
        let detail = refused.problem(429, None);
        assert!(detail.contains("memory"), "{detail}");
        // A small one fits, and who only announces a large one keeps nobody out.
        let announced = server.connect(
            b"POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
              content-length: 90000\r\n\r\n",
        );
        let small = post_within(&server, "20", "/route", &json!({"query": "hello"}));
        assert_eq!(small.status, 503, "{small:?}");
        drop(announced);
        server.stage.release();
        assert_eq!(held.join().unwrap().status, 200);
    });
    assert_eq!(server.send("POST", "/route/batch", &json_type, batch("hello")).status, 200);
    let health = server.get("/health").ok();
    assert_eq!(health["queue"], json!({"waiting": 0, "bytes": 0}));
}

#[test]
fn a_long_batch_lets_single_queries_through() {
    let server = Server::with(one_worker());
    let batch = json!({"queries": vec!["hi"; 800]}).to_string();
    let request = format!(
        "POST /route/batch HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{batch}",
        batch.len()
    );
    let before = server.stage.asked();
    let mut whole = server.connect(request.as_bytes());
    while server.stage.asked() == before {
        thread::sleep(Duration::from_millis(1));
    }
    // Each waits for the part that is being worked on, and for no more: so it is answered when
    // the batch has hardly begun.
    for _ in 0..10 {
        assert_eq!(server.post("/route", &json!({"query": "hello"})).status, 200);
    }
    let texts = server.stage.asked() - before;
    assert!(texts < 600, "{texts} texts went before ten queries");
    let mut answer = String::new();
    whole.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.matches("\"outcome\"").count(), 800);
}
