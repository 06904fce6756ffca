//! Revisions: listed, compared, gone back to, and in the end no longer kept.

use serde_json::{Value, json};
use synaptoroute::StoreOptions;
use synaptoroute_server::Config;

use crate::support::{FIXTURE, Server};

/// Five revisions: the fixture, then one change each.
fn changed() -> Server {
    let server = Server::start();
    let two = json!({"utterances": ["pay", "owe"]});
    assert_eq!(server.post("/routes/billing/utterances", &two).revision(), 2);
    assert_eq!(server.patch("/settings", &json!({"margin": 0.5})).revision(), 3);
    assert_eq!(server.delete("/routes/cancel%20order", &Value::Null).revision(), 4);
    assert_eq!(server.post("/negatives", &json!({"utterance": "tell a joke"})).revision(), 5);
    server
}

#[test]
fn revisions_are_listed_newest_first_in_pages() {
    let server = changed();
    let all = server.get("/revisions");
    assert_eq!(all.header("etag"), Some("\"5\""));
    let all = all.ok();
    let entries = all["revisions"].as_array().unwrap().clone();
    let numbers: Vec<&Value> = entries.iter().map(|entry| &entry["revision"]).collect();
    assert_eq!(numbers, [5, 4, 3, 2, 1]);
    assert_eq!(all["next"], Value::Null);
    assert_eq!(entries[1]["change"], "delete cancel order");
    assert!(entries.iter().all(|entry| entry["at_unix_ms"].as_u64() > Some(1_600_000_000_000)));
    for limit in 1..=6 {
        let mut joined = Vec::new();
        let mut path = format!("/revisions?limit={limit}");
        loop {
            let page = server.get(&path).ok();
            joined.extend(page["revisions"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/revisions?limit={limit}&cursor={next}");
        }
        assert_eq!(joined, entries, "{limit}");
    }
}

#[test]
fn two_revisions_are_compared_either_way() {
    let server = changed();
    let reply = server.get("/revisions/1/diff/5");
    assert_eq!(reply.header("etag"), Some("\"5\""));
    let diff = reply.ok();
    assert_eq!((&diff["from"], &diff["to"]), (&json!(1), &json!(5)));
    assert_eq!(diff["settings"]["after"]["margin"], 0.5);
    assert_eq!(diff["negatives"]["added"], json!(["tell a joke"]));
    let routes = diff["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 2);
    assert_eq!((&routes[0]["name"], &routes[0]["kind"]), (&json!("billing"), &json!("changed")));
    assert_eq!(routes[0]["utterances"]["added"], json!(["pay", "owe"]));
    assert_eq!(
        (&routes[1]["name"], &routes[1]["kind"]),
        (&json!("cancel order"), &json!("removed"))
    );
    let back = server.get("/revisions/5/diff/1").ok();
    assert_eq!(back["routes"][1]["kind"], "added");
    assert_eq!(back["routes"][0]["utterances"]["removed"], json!(["pay", "owe"]));
    assert_eq!(server.get("/revisions/4/diff/4").ok()["routes"], json!([]));
}

#[test]
fn a_rollback_is_a_revision_with_the_old_content() {
    let server = changed();
    let fixture: Value = serde_json::from_str(FIXTURE).unwrap();
    assert_ne!(server.get("/export").ok()["routes"], fixture["routes"]);
    let back = json!({"revision": 1});
    for repeat in ["once", "twice"] {
        let answer = server.post("/rollback", &back).ok();
        assert_eq!(answer, json!({"status": "success", "revision": 6}), "{repeat}");
    }
    assert_eq!(server.get("/export").ok(), fixture);
    assert_eq!(server.get("/revisions/1/diff/6").ok()["routes"], json!([]));
    let decision = server.post("/route", &json!({"query": "cancel my order"})).ok();
    assert_eq!((&decision["intent"], &decision["revision"]), (&json!("cancel order"), &json!(6)));
    assert_eq!(server.post("/rollback", &json!({"revision": 5})).revision(), 7, "and forth");
    server.get("/routes/cancel%20order").problem(404, None);
}

#[test]
fn what_is_not_kept_is_gone_and_what_never_was_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions { keep_revisions: 3, ..StoreOptions::default() };
    let server = Server::on_file(&folder.path().join("routes.db"), options, Config::default());
    for number in 1..=5 {
        let route = json!({"name": format!("route {number}"), "utterances": ["hello"]});
        assert_eq!(server.post("/routes", &route).revision(), number);
    }
    let kept = server.get("/revisions").ok();
    assert_eq!(kept["revisions"].as_array().unwrap().len(), 3);
    for (revision, status, says) in
        [(2, 410, "oldest that is kept is 3"), (6, 404, "current one is 5")]
    {
        for path in
            [format!("/revisions/{revision}/diff/5"), format!("/revisions/5/diff/{revision}")]
        {
            let detail = server.get(&path).problem(status, None);
            assert!(detail.contains(says), "{path} {detail}");
        }
        let back = json!({"revision": revision});
        let detail = server.post("/rollback", &back).problem(status, None);
        assert!(detail.contains(says), "{revision} {detail}");
    }
    assert_eq!(server.post("/rollback", &json!({"revision": 3})).revision(), 6);
}
