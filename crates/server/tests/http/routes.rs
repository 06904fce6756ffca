//! Reading routes, revisions, health.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{FAIL, PANIC, Server};

#[test]
fn a_route_is_read_in_full() {
    let server = Server::start();
    let reply = server.get("/routes/billing");
    assert_eq!(reply.header("etag"), Some("\"1\""));
    let expected = json!({
        "name": "billing",
        "utterances": ["where is my bill", "I was charged twice", "my invoice is wrong"],
        "negatives": ["draft a bill for parliament"],
        "threshold": 0.4,
        "score_threshold": null,
        "description": "Invoices and payments",
        "metadata": {"team": "finance"},
        "revision": 1,
    });
    assert_eq!(reply.ok(), expected);
    let percent_encoded = server.get("/routes/gr%C3%B6%C3%9Fe%2Fma%C3%9F").ok();
    assert_eq!(percent_encoded["name"], "größe/maß");
}

#[test]
fn routes_are_listed_by_name() {
    let server = Server::start();
    let reply = server.get("/routes");
    assert_eq!(reply.header("etag"), Some("\"1\""));
    let expected = json!({"routes": [
        {"name": "billing", "utterance_count": 3, "negative_count": 1, "threshold": 0.4,
         "description": "Invoices and payments"},
        {"name": "cancel order", "utterance_count": 2, "negative_count": 0},
        {"name": "größe/maß", "utterance_count": 2, "negative_count": 0, "score_threshold": 0.1},
    ], "next": null});
    assert_eq!(reply.ok(), expected);
}

#[test]
fn pages_join_to_the_whole_list() {
    let server = Server::start();
    for limit in 1..=4 {
        let mut path = format!("/routes?limit={limit}");
        let mut names = Vec::new();
        loop {
            let page = server.get(&path).ok();
            let routes = page["routes"].as_array().unwrap();
            assert!(!routes.is_empty(), "{path}");
            names.extend(routes.iter().map(|route| route["name"].clone()));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            path = format!("/routes?limit={limit}&cursor={next}");
        }
        assert_eq!(names, ["billing", "cancel order", "größe/maß"], "{limit}");
    }
}

#[test]
fn a_write_happens_at_the_revision_it_expects() {
    let server = Server::start();
    let route = |text: &str| json!({"name": "greeting", "utterances": [text]});
    let utterance = |text: &str| json!({"utterance": text});
    let path = "/routes/greeting/utterances";

    assert_eq!(server.post_if("\"1\"", "/routes", &route("hello")).ok()["revision"], 2);
    let detail = server.post_if("\"1\"", "/routes", &route("good day")).problem(412, None);
    assert!(detail.contains("revision 2"), "{detail}");
    server.post_if("\"1\"", path, &utterance("good day")).problem(412, None);
    for never_given_out in ["W/\"2\"", "\"two\"", "\"02\"", "\"\""] {
        let reply = server.post_if(never_given_out, "/routes", &route("good day"));
        reply.problem(412, None);
    }
    for malformed in ["2", "\"2", "\"1\", \"2\"", "", "W/2"] {
        let detail = server.post_if(malformed, "/routes", &route("good day")).problem(400, None);
        assert!(detail.contains("If-Match"), "{detail}");
    }
    let read = server.get("/routes/greeting");
    assert_eq!(read.header("etag"), Some("\"2\""));
    assert_eq!(read.ok()["utterances"], json!(["hello"]));

    assert_eq!(server.post_if("\"2\"", path, &utterance("hi")).ok()["revision"], 3);
    assert_eq!(server.post_if("*", path, &utterance("hey")).ok()["revision"], 4);
}

#[test]
fn health_and_readiness() {
    let server = Server::start();
    let health = server.get("/health").ok();
    assert_eq!(health["status"], "alive");
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    let ready = server.get("/ready").ok();
    assert_eq!(ready["status"], "ready");
    assert_eq!(ready["routes"], 3);
    assert_eq!(ready["revision"], 1);
    let model = &ready["model"];
    assert_eq!(model["name"], "bge-small-en-v1.5-int8");
    assert_eq!(model["dimensions"], 384);
    assert_eq!(model["max_tokens"], 512);
    assert_eq!(model["fingerprint"].as_str().map(str::len), Some(64));
    assert_eq!(model["isa"], health["isa"]);
    assert_ne!(model["isa"], Value::Null);
}

#[test]
fn readiness_is_lost_with_the_inference_and_comes_back_with_it() {
    let server = Server::start();
    for word in [FAIL, PANIC] {
        server.stage.break_with(Some(word));
        // What worked holds for a second.
        while server.get("/ready").status == 200 {
            thread::sleep(Duration::from_millis(50));
        }
        server.get("/ready").problem(503, None);
        assert_eq!(server.get("/health").status, 200);
        server.stage.break_with(None);
        assert_eq!(server.get("/ready").status, 200);
    }
}
