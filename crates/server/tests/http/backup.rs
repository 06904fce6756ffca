//! `GET /backup`: a database that opens, as of some moment.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::json;
use synaptoroute::{NamespaceName, StoreOptions};
use synaptoroute_server::Config;

use crate::support::{Server, Stage, Until, reopen};

#[test]
fn a_copy_has_everything_that_was_acknowledged_before_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("routes.db");
    let in_a_file = Server::on_file(&file, StoreOptions::default(), Config::default());
    for (number, server) in [in_a_file, Server::start()].iter().enumerate() {
        server.put("/namespaces/other");
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            let until = Until(&done);
            let writer = scope.spawn(|| {
                let mut written = 0;
                while !done.load(Ordering::Relaxed) {
                    let route = json!({"name": format!("{written}"), "utterances": ["hello"]});
                    server.post("/namespaces/other/routes", &route).revision();
                    written += 1;
                }
            });
            for copy in 0..5 {
                let before = server.get("/namespaces/other/routes?limit=1000").ok();
                let reply = server.get("/backup");
                assert_eq!(reply.status, 200);
                assert_eq!(reply.header("content-type"), Some("application/vnd.sqlite3"));
                let length = reply.bytes.len().to_string();
                assert_eq!(reply.header("content-length"), Some(&*length));
                let path = folder.path().join(format!("copy-{number}-{copy}.db"));
                fs::write(&path, &reply.bytes).unwrap();
                let opened = reopen(&path, Stage::new(), StoreOptions::default());
                let other = opened.namespace(&NamespaceName::try_from("other").unwrap()).unwrap();
                let snapshot = other.snapshot();
                for route in before["routes"].as_array().unwrap() {
                    let name = route["name"].as_str().unwrap();
                    assert!(snapshot.route(name).is_some(), "{name} is missing");
                }
                // A whole number of changes, each whole.
                let revision = usize::try_from(snapshot.revision().get()).unwrap();
                assert_eq!(snapshot.route_count(), revision);
                assert_eq!(snapshot.text_count(), revision);
            }
            drop(until);
            writer.join().unwrap();
        });
    }
}
