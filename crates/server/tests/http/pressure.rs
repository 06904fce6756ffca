//! A full queue, panics, failures.

use std::sync::mpsc;
use std::thread;

use serde_json::json;
use synaptoroute_server::Config;

use crate::support::{FAIL, HOLD, PANIC, Server};

#[test]
fn a_full_queue_refuses_at_once_and_says_when_to_come_back() {
    let server = Server::with(Config { workers: 1, max_queue: 1, ..Config::default() });
    thread::scope(|scope| {
        let held = scope.spawn(|| server.post("/route", &json!({"query": HOLD})));
        server.stage.wait_until_held();

        // The thread is busy and one may wait, so of these one waits and seven do not.
        let (answers, answered) = mpsc::channel();
        for _ in 0..8 {
            let (answers, server) = (answers.clone(), &server);
            scope.spawn(move || {
                let reply = server.post("/route", &json!({"query": "where is my bill"}));
                answers.send(reply).unwrap();
            });
        }
        for refused in answered.iter().take(7) {
            assert_eq!(refused.header("retry-after"), Some("1"), "{refused:?}");
            refused.problem(429, None);
        }
        for path in ["/health", "/routes", "/routes/billing"] {
            assert_eq!(server.get(path).status, 200, "{path}");
        }
        server.get("/ready").problem(429, None);

        server.stage.release();
        let waited = answered.recv().unwrap().ok();
        assert_eq!(waited["intent"], "billing");
        assert_ne!(waited["timing"]["queue_us"], 0);
        assert_eq!(held.join().unwrap().status, 200);
    });
    assert_eq!(server.get("/ready").status, 200);
}

#[test]
fn a_panic_or_a_failure_costs_its_caller_only() {
    let server = Server::with(Config { workers: 1, ..Config::default() });
    for (word, status) in [(PANIC, 500), (FAIL, 422)] {
        let query = json!({"query": word});
        let batch = json!({"queries": ["hello", word]});
        let route = json!({"name": "broken", "utterances": [word]});
        let samples = json!({"samples": [{"text": "hello"}, {"text": "hello"}, {"text": word}]});
        let input = json!({"input": word});
        for (path, body, field) in [
            ("/route", &query, "query"),
            ("/route/batch", &batch, "queries[1]"),
            ("/evaluate", &samples, "samples[2].text"),
            ("/fit", &samples, "samples[2].text"),
            ("/routes", &route, "utterances[0]"),
            ("/v1/embeddings", &input, "input"),
        ] {
            // A panic names nothing.
            let field = (status == 422).then_some(field);
            server.post(path, body).problem(status, field);
            let next = server.post("/route", &json!({"query": "where is my bill"}));
            assert_eq!(next.ok()["revision"], 1, "after {word} at {path}");
        }
    }
    server.get("/routes/broken").problem(404, None);
}
