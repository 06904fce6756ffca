//! `/ready` says when changes cannot be kept, and `/health` does not care.

use std::path::Path;
use std::time::Instant;

use serde_json::json;
use synaptoroute::StoreOptions;
use synaptoroute_server::Config;

use crate::support::Server;

fn on_file(path: &Path) -> Server {
    Server::on_file(path, StoreOptions::default(), Config::default())
}

#[test]
fn a_store_that_takes_writes_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let server = on_file(&folder.path().join("routes.db"));
    let ready = server.get("/ready").ok();
    assert_eq!((&ready["status"], &ready["revision"]), (&json!("ready"), &json!(0)));
    assert_eq!(ready["routes"], 0);
}

/// Somebody else's program in the middle of a write: real, and to be had by anybody.
#[test]
fn a_store_that_takes_no_writes_is_not_and_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let server = on_file(&path);
    let route = json!({"name": "greeting", "utterances": ["hello"]});
    assert_eq!(server.post("/routes", &route).revision(), 1);

    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    let another = json!({"name": "farewell", "utterances": ["goodbye"]});
    // Found by trying: no change has failed yet.
    let detail = server.get("/ready").problem(503, None);
    assert!(detail.contains("locked"), "{detail}");
    let detail = server.post("/routes", &another).problem(503, None);
    assert!(detail.contains("locked"), "{detail}");
    assert_eq!(server.get("/health").status, 200);
    let decision = server.post("/route", &json!({"query": "hello"})).ok();
    assert_eq!((&decision["intent"], &decision["revision"]), (&json!("greeting"), &json!(1)));
    server.get("/routes/farewell").problem(404, None);

    foreign.execute_batch("ROLLBACK").unwrap();
    assert_eq!(server.post("/routes", &another).revision(), 2);
    // What the last probe found holds for a second.
    while server.get("/ready").status != 200 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// Anybody may ask, key or not: a crowd of probes must not take the encoder from those who do.
#[test]
fn a_crowd_of_probes_costs_one_inference_a_second() {
    let server = Server::start();
    let (before, begun) = (server.stage.asked(), Instant::now());
    for _ in 0..100 {
        assert_eq!(server.get("/ready").status, 200);
    }
    let seconds = begun.elapsed().as_secs() as usize + 1;
    let asked = server.stage.asked() - before;
    assert!((1..=seconds).contains(&asked), "{asked} inferences in {seconds} s");
}
