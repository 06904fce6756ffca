//! `POST /evaluate`: samples in, a report out, and nothing left behind.

use std::collections::HashMap;

use serde_json::{Value, json};
use synaptoroute::Report;
use synaptoroute_server::Config;

use crate::support::{Scrape, Server};

fn samples() -> Value {
    json!({"samples": [
        {"text": "there is something wrong with the invoice", "intent": "billing"},
        {"text": "please cancel the order", "intent": "cancel order"},
        {"text": "does it come in my size", "intent": "größe/maß"},
        {"text": "cancel my invoice", "intent": "cancel order"},
        {"text": "how tall is Mont Blanc", "intent": null},
        {"text": "bake me a cake", "intent": "oos"},
        {"text": "does it rain"},
        {"text": "does it rain", "intent": "oos"},
    ]})
}

#[test]
fn each_sample_is_judged_as_its_query_is_decided() {
    let server = Server::start();
    server.put("/namespaces/other");
    let content = server.get("/export").ok();
    server.post("/namespaces/other/import", &content).revision();
    let report = server.post("/evaluate", &samples()).ok();
    assert_eq!(report["counts"], json!({"in_scope": 4, "out_of_scope": 3, "duplicates": 1}));
    assert_eq!((&report["revision"], &report["folds"]), (&json!(1), &Value::Null));
    assert_eq!(report["model"], "bge-small-en-v1.5-int8");
    let judged = report["samples"].as_array().unwrap();
    assert_eq!(judged.len(), 7);
    for sample in judged {
        let decision = server.post("/route", &json!({"query": sample["text"]})).ok();
        assert_eq!(sample["got"], decision["intent"], "{sample}");
        for key in ["outcome", "reason", "confidence", "threshold"] {
            assert_eq!(sample[key], decision[key], "{key} of {sample}");
        }
    }
    let right = judged.iter().filter(|s| s["right"] == true && !s["expected"].is_null()).count();
    assert_eq!(report["accuracy"]["count"], right);
    let read: Report = serde_json::from_value(report.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), report);
    assert_eq!(server.post("/namespaces/other/evaluate", &samples()).ok(), report);
    assert_eq!(server.get("/routes").header("etag"), Some("\"1\""), "nothing was changed");
}

#[test]
fn a_sample_that_is_none_is_named() {
    let server = Server::start();
    let with = |bad: Value| json!({"samples": [{"text": "x"}, bad]});
    let many = vec![json!({"text": "x"}); 10_001];
    let long = "x".repeat((64 << 10) + 1);
    let twice = json!({"samples": [{"text": "x", "intent": "billing"}, {"text": "x"}]});
    let mut wrong = Vec::new();
    for (body, status, field, says) in [
        (json!({}), 422, "samples", "missing field"),
        (json!({"samples": {}}), 422, "samples", "sequence"),
        (json!({"samples": []}), 422, "samples", "empty"),
        (json!({"samples": many}), 422, "samples", "10000"),
        (json!({"samples": [{"text": "x"}], "folds": 5}), 422, "folds", "unknown field"),
        (with(json!("x")), 422, "samples[1]", "an object with text and intent"),
        (with(json!({})), 422, "samples[1].text", "missing field"),
        (with(json!({"text": "y", "label": "z"})), 422, "samples[1].label", "unknown field"),
        (with(json!({"text": " "})), 422, "samples[1].text", "blank"),
        (with(json!({"text": long})), 413, "samples[1].text", "64 KiB"),
        (with(json!({"text": "y", "intent": ""})), 422, "samples[1].intent", "empty"),
        (with(json!({"text": "y", "intent": 5})), 422, "samples[1].intent", "string"),
        (with(json!({"text": "y", "intent": "biling"})), 422, "samples[1].intent", "\"biling\""),
        (twice, 422, "samples[1].intent", "samples[0]"),
    ] {
        let reply = server.post("/evaluate", &body);
        let detail = reply.body["detail"].as_str().unwrap_or_default();
        if reply.status != status || reply.body["field"] != field || !detail.contains(says) {
            wrong.push(format!(
                "want {status} {field} {says:?}, got {} {}",
                reply.status, reply.body
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(server.stage.asked(), 8, "the texts of the routes alone: nothing was encoded");
}

/// What is asked to be measured would drown what is asked in earnest.
#[test]
fn evaluations_are_not_counted_as_decisions() {
    let server = Server::start();
    server.post("/route", &json!({"query": "where is my bill"})).ok();
    server.post("/evaluate", &samples()).ok();
    let page = server.get("/metrics").bytes;
    let scrape = Scrape::parse(std::str::from_utf8(&page).unwrap());
    let decisions = scrape.of("synaptoroute_decisions_total");
    let all: f64 = decisions.values().sum();
    assert_eq!(all, 1.0, "{decisions:?}");
}

/// Each is decided with a hundred candidates where it is wrong, and explained by two of them.
#[test]
fn many_samples_are_judged_in_parts_on_one_revision() {
    let server = Server::with(Config { workers: 2, ..Config::default() });
    let many: Vec<Value> = (0..100)
        .map(|i| json!({"text": format!("order number {i}"), "intent": "billing"}))
        .collect();
    let report = server.post("/evaluate", &json!({"samples": many})).ok();
    let mut texts = HashMap::new();
    for sample in report["samples"].as_array().unwrap() {
        *texts.entry(sample["text"].as_str().unwrap()).or_insert(0) += 1;
        let explained = sample["nearest_of_expected"]["utterance"].is_string();
        assert_eq!(explained, sample["right"] == false, "{sample}");
    }
    assert_eq!(texts.len(), 100);
    assert!(texts.values().all(|&times| times == 1));
}
