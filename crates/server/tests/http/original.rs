//! The three calls of the original service, and the batch.

use serde_json::{Value, json};

use crate::support::Server;

fn keys(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap();
    object.keys().map(String::as_str).collect()
}

/// Where the time went is the one thing that differs between two equal answers.
fn without_timing(mut answer: Value) -> Value {
    answer.as_object_mut().unwrap().remove("timing").unwrap();
    answer
}

#[test]
fn a_query_is_answered_with_a_decision() {
    let server = Server::start();
    let answer = server.post("/route", &json!({"query": "where is my bill"})).ok();
    assert_eq!(
        keys(&answer),
        [
            "intent",
            "route",
            "outcome",
            "confidence",
            "threshold",
            "calibrated",
            "reason",
            "candidates",
            "metadata",
            "revision",
            "fit",
            "model",
            "truncated",
            "timing"
        ]
    );
    assert_eq!(answer["intent"], "billing");
    assert_eq!(answer["route"], "billing");
    assert_eq!(answer["outcome"], "matched");
    assert_eq!(answer["threshold"], 0.4);
    assert_eq!(answer["metadata"], json!({"team": "finance"}));
    assert_eq!(answer["revision"], 1);
    assert_eq!(answer["model"], "bge-small-en-v1.5-int8");
    assert_eq!(answer["truncated"], false);
    assert_eq!(
        keys(&answer["timing"]),
        ["queue_us", "tokenise_us", "encode_us", "search_us", "decide_us"]
    );
    let first = &answer["candidates"][0];
    assert_eq!(keys(first), ["route", "score", "confidence", "nearest"]);
    assert_eq!(first["nearest"][0]["utterance"], "where is my bill");
}

#[test]
fn none_of_these_is_an_answer() {
    let server = Server::start();
    let query = json!({"query": "the tallest mountain of the moon", "top_k": 1});
    let answer = server.post("/route", &query).ok();
    assert_eq!(answer["intent"], Value::Null);
    assert_eq!(answer["outcome"], "none");
    assert_eq!(answer["candidates"].as_array().unwrap().len(), 1);
}

#[test]
fn a_route_is_added_and_replaced() {
    let server = Server::start();
    let route = json!({"name": "greeting", "utterances": ["hello", "good morning", "hello"]});
    let added = server.post("/routes", &route).ok();
    let success = json!({"status": "success", "route": "greeting", "revision": 2});
    assert_eq!(added, success);
    assert_eq!(server.post("/routes", &route).ok(), success, "a repeat");
    let read = server.get("/routes/greeting").ok();
    assert_eq!(read["utterances"], json!(["hello", "good morning"]));

    let route = json!({"name": "greeting", "utterances": ["good evening"]});
    assert_eq!(server.post("/routes", &route).ok()["revision"], 3);
    let read = server.get("/routes/greeting").ok();
    assert_eq!(read["utterances"], json!(["good evening"]));
}

#[test]
fn utterances_are_added() {
    let server = Server::start();
    let path = "/routes/cancel%20order/utterances";
    let one = server.post(path, &json!({"utterance": "call it off"})).ok();
    let success = json!({"status": "success", "route": "cancel order",
                         "utterance": "call it off", "revision": 2});
    assert_eq!(one, success);
    let several = json!({"utterances": ["stop it", "call it off"]});
    let several = server.post(path, &several).ok();
    let success = json!({"status": "success", "route": "cancel order", "revision": 3});
    assert_eq!(several, success);
    let read = server.get("/routes/cancel%20order").ok();
    assert_eq!(read["utterances"].as_array().unwrap().len(), 4);
    let decided = server.post("/route", &json!({"query": "stop it"})).ok();
    assert_eq!(decided["candidates"][0]["route"], "cancel order");
}

#[test]
fn a_batch_answers_as_one_by_one() {
    let server = Server::start();
    let mut queries: Vec<String> =
        (0..19).map(|i| format!("{i} of my orders {}", "should be cancelled ".repeat(i))).collect();
    queries.push("where is my bill".to_owned());
    queries.push("long ".repeat(600));
    let body = json!({"queries": queries, "top_k": 2});
    let batch = server.post("/route/batch", &body).ok();
    assert_eq!(keys(&batch), ["decisions"]);
    let decisions = batch["decisions"].as_array().unwrap();
    assert_eq!(decisions.len(), queries.len());
    for (query, decision) in queries.iter().zip(decisions) {
        let single = server.post("/route", &json!({"query": query, "top_k": 2}));
        assert_eq!(without_timing(single.ok()), without_timing(decision.clone()), "{query}");
    }
    assert_eq!(decisions[20]["truncated"], true);
}
