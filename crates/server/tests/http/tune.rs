//! `/tune` and `/models`: the encoder learns the routes while the service decides, is installed, and
//! gone back from.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use synaptoroute_server::{Access, ApiKey, Config, Keys};

use crate::support::{Reply, Scrape, Server, Until, decisions, unnumbered};

const QUERIES: [&str; 3] =
    ["I was charged twice", "I can't remember my password", "how do I bake sourdough bread"];

const BUILT_IN: &str = "bge-small-en-v1.5-int8";

/// Long enough for the slowest machine; nothing waits so long.
const LONG: Duration = Duration::from_secs(300);

fn config() -> Config {
    Config { workers: 2, ..Config::default() }
}

/// A step of one layer: it makes another model of it, which is all that is wanted here.
fn quick() -> Value {
    json!({"steps": 1, "layers": 1, "folds": 0, "force": true, "threads": 2})
}

/// More than anybody waits for.
fn endless() -> Value {
    json!({"steps": 100_000, "layers": 1, "folds": 0, "force": true})
}

fn begin(server: &Server, body: &Value) -> Value {
    let reply = server.post("/tune", body);
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.body["state"], "running", "{reply:?}");
    reply.body
}

/// What came of the tuning at work.
fn ended(server: &Server) -> Value {
    let begun = Instant::now();
    loop {
        let status = server.get("/tune").ok();
        if status["state"] != "running" {
            return status;
        }
        assert!(begun.elapsed() < LONG, "{status}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn model_of(server: &Server) -> String {
    let answer = server.post("/route", &json!({"query": QUERIES[0]})).ok();
    answer["model"].as_str().unwrap().to_owned()
}

#[test]
fn a_tuned_model_is_installed_while_it_serves_and_gone_back_from() {
    let server = Server::tunable(config());
    let none = server.get("/tune").ok();
    assert_eq!((&none["state"], &none["stage"]), (&json!("none"), &Value::Null));
    server.post("/fit", &json!({})).ok();
    let before = decisions(&server, &QUERIES);
    assert_eq!(before[0]["model"], BUILT_IN);

    let over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let until = Until(&over);
        let asking = scope.spawn(|| {
            let mut seen = HashSet::new();
            while !over.load(Ordering::Relaxed) {
                seen.insert(model_of(&server));
            }
            seen
        });
        let status = begin(&server, &quick());
        assert_eq!((&status["namespace"], &status["of"]), (&json!("default"), &json!(1)));
        assert!(status["started_at_unix_ms"].as_u64().is_some(), "{status}");
        let added = json!({"name": "weather", "utterances": ["will it rain", "is it cold out"]});
        server.post("/routes", &added).revision();
        let status = ended(&server);
        assert_eq!((&status["state"], &status["installed"]), (&json!("done"), &json!(true)));
        assert_eq!((&status["reason"], &status["stage"]), (&Value::Null, &Value::Null));
        assert_eq!(status["report"]["verdict"], "unjudged", "{status}");
        assert_eq!(status["report"]["revision"], 1, "{status}");
        drop(until);
        asking.join().unwrap()
    });
    let tuned = model_of(&server);
    assert!(tuned.starts_with("bge-small-en-v1.5-int8-tuned-"), "{tuned}");
    assert!(seen.iter().all(|model| *model == tuned || model == BUILT_IN), "{seen:?}");

    // What was added meanwhile is there, among vectors of the same model.
    let answer = server.post("/route", &json!({"query": "will it rain"})).ok();
    assert_eq!((&answer["intent"], &answer["model"]), (&json!("weather"), &json!(tuned)));
    let nearest = &answer["candidates"][0]["nearest"][0];
    assert!((nearest["similarity"].as_f64().unwrap() - 1.0).abs() < 1e-3, "{answer}");
    assert!(!answer["fit"].is_null(), "what was fitted is fitted: {answer}");
    assert_eq!(server.get("/ready").ok()["model"]["name"], json!(tuned));
    let embedded = server.post("/v1/embeddings", &json!({"input": "x"})).ok();
    assert_eq!(embedded["model"], json!(tuned));
    let wanted = json!({"input": "x", "model": BUILT_IN});
    server.post("/v1/embeddings", &wanted).problem(404, Some("model"));
    let sample = json!({"samples": [{"text": "will it rain", "intent": "weather"}]});
    assert_eq!(server.post("/evaluate", &sample).ok()["model"], json!(tuned));

    let listed = server.get("/models").ok();
    let listed = listed["models"].as_array().unwrap();
    let of = |key: &str| listed.iter().map(|model| model[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("number"), [2, 1]);
    assert_eq!(of("name"), [&tuned, BUILT_IN]);
    assert_eq!(of("in_use"), [true, false]);
    assert_eq!(listed[0]["learned"], json!({"namespace": "default", "revision": 1}));
    assert_eq!(listed[0]["report"]["model"], json!(tuned));
    assert!(listed[0]["bytes"].as_u64().unwrap() > 1 << 20, "{listed:?}");
    assert!(listed[0]["at_unix_ms"].is_u64(), "{listed:?}");
    assert_eq!((&listed[1]["learned"], &listed[1]["report"]), (&Value::Null, &Value::Null));

    server.delete("/models/2", &Value::Null).problem(409, None);
    server.delete("/routes/weather", &Value::Null).revision();
    let back = server.post("/models/1/use", &Value::Null).ok();
    let told = json!({"status": "success", "number": 1, "model": BUILT_IN, "changed": true});
    assert_eq!(back, told);
    let again = server.post("/models/1/use", &Value::Null).ok();
    assert_eq!(again["changed"], false);
    let after = unnumbered(decisions(&server, &QUERIES));
    assert!(after == unnumbered(before), "to the bit: {after}");

    let forth = server.post("/models/2/use", &Value::Null).ok();
    assert_eq!((&forth["model"], &forth["changed"]), (&json!(tuned), &json!(true)));
    assert_eq!(model_of(&server), tuned);
    assert_eq!(server.delete("/models/1", &Value::Null).ok(), json!({"status": "success"}));
    assert_eq!(server.get("/models").ok()["models"].as_array().unwrap().len(), 1);
    server.delete("/models/1", &Value::Null).problem(404, None);
    server.post("/models/1/use", &Value::Null).problem(404, None);
    server.post("/models/last/use", &Value::Null).problem(422, Some("number"));
}

#[test]
fn what_is_no_better_is_not_installed_unless_that_is_forced() {
    let server = Server::tunable(config());
    // A rate that rounds to nothing: the model is as good as before, and no better.
    let body = json!({"steps": 1, "layers": 1, "folds": 2, "rate": 1e-12, "threads": 2});
    begin(&server, &body);
    let status = ended(&server);
    assert_eq!((&status["state"], &status["installed"]), (&json!("done"), &json!(false)));
    assert_eq!(status["report"]["verdict"], "no_gain", "{status}");
    assert!(status["reason"].as_str().unwrap().contains("no better"), "{status}");
    assert!(status["report"]["comparison"].is_object(), "{status}");
    assert_eq!(model_of(&server), BUILT_IN);

    server.put("/namespaces/small");
    for (name, utterances) in
        [("a", ["one", "two"]), ("b", ["red", "blue"]), ("c", ["up", "down"]), ("d", ["in", "out"])]
    {
        let route = json!({"name": name, "utterances": utterances});
        server.post("/namespaces/small/routes", &route).revision();
    }
    let body = json!({"steps": 1.0, "layers": 1, "folds": 0, "install": false});
    assert_eq!(server.post("/namespaces/small/tune", &body).status, 202);
    let status = ended(&server);
    assert_eq!((&status["state"], &status["installed"]), (&json!("done"), &json!(false)));
    assert_eq!(
        (&status["namespace"], &status["report"]["utterances"]),
        (&json!("small"), &json!(8))
    );
    assert!(status["reason"].as_str().unwrap().contains("without installing"), "{status}");
    assert_eq!(server.get("/models").ok()["models"].as_array().unwrap().len(), 1);
}

#[test]
fn one_is_at_work_at_a_time_and_is_called_off() {
    let mut server = Server::tunable(config());
    let running = |server: &Server| {
        let page = server.get("/metrics").body;
        Scrape::parse(page.as_str().unwrap()).get("synaptoroute_tune_running", "")
    };
    server.delete("/tune", &Value::Null).problem(409, None);
    begin(&server, &endless());
    assert_eq!(running(&server), 1.0);
    let detail = server.post("/tune", &quick()).problem(409, None);
    assert!(detail.contains("DELETE /tune"), "{detail}");
    server.put("/namespaces/other");
    server.post("/namespaces/other/tune", &quick()).problem(409, None);
    let status = server.get("/namespaces/other/tune").ok();
    assert_eq!((&status["state"], &status["namespace"]), (&json!("running"), &json!("default")));
    server.delete("/tune", &Value::Null).ok();
    let status = ended(&server);
    assert_eq!((&status["state"], &status["reason"]), (&json!("cancelled"), &Value::Null));
    assert_eq!(running(&server), 0.0);
    assert_eq!(model_of(&server), BUILT_IN);

    // A stop does not wait for its end.
    begin(&server, &endless());
    server.begin_stop();
    server.outcome().unwrap();
}

#[test]
fn what_cannot_work_is_refused_at_once() {
    let server = Server::tunable(config());
    let mut wrong = Vec::new();
    for (body, field, says) in [
        (json!({"steps": 0}), "steps", "1 to 100000"),
        (json!({"steps": 100_001}), "steps", "1 to 100000"),
        (json!({"steps": 1.5}), "steps", "whole number"),
        (json!({"steps": -1}), "steps", "whole number"),
        (json!({"time_budget_s": 0}), "time_budget_s", "above 0"),
        (json!({"layers": 0}), "layers", "from 1"),
        (json!({"layers": 13}), "layers", "1 to 12"),
        (json!({"rate": 0.1}), "rate", "up to 0.01"),
        (json!({"rate": 0}), "rate", "above 0"),
        (json!({"seed": "x"}), "seed", "whole number"),
        (json!({"folds": 21}), "folds", "0 to 20"),
        (json!({"folds": 0}), "folds", "force"),
        (json!({"threads": 0}), "threads", "from 1"),
        (json!({"install": "yes"}), "install", "boolean"),
        (json!({"model": "x"}), "model", "unknown field"),
    ] {
        let reply = server.post("/tune", &body);
        let detail = reply.body["detail"].as_str().unwrap_or_default();
        if reply.status != 422 || reply.body["field"] != field || !detail.contains(says) {
            wrong.push(format!("want {field} {says:?}, got {} {}", reply.status, reply.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    server.put("/namespaces/few");
    let detail = server.post("/namespaces/few/tune", &quick()).problem(422, None);
    assert!(detail.contains("too few"), "{detail}");
    server.post("/namespaces/none/tune", &quick()).problem(404, None);
    assert_eq!(server.get("/tune").ok()["state"], "none", "none of these began");
    // One that was given an encoder alone.
    Server::start().post("/tune", &quick()).problem(409, None);
}

#[test]
fn a_key_that_is_limited_sees_and_changes_its_own_alone() {
    let names = ["admin", "shop", "root"];
    let keys = names.map(|name| (name, ApiKey::generate().unwrap()));
    let terms =
        ["role: admin", "role: admin, namespaces: [shop]", "role: admin, namespaces: [default]"];
    let list: String = keys
        .iter()
        .zip(terms)
        .map(|((name, key), terms)| {
            format!("- {{name: {name}, hash: \"{}\", {terms}}}\n", key.hash())
        })
        .collect();
    let access = Access::new(Keys::parse(&list).unwrap());
    let server = Server::tunable(Config { access: Some(access), ..config() });
    let ask = |name: &str, method: &str, path: &str, body: &Value| -> Reply {
        let key = keys.iter().find(|(known, _)| *known == name).unwrap().1.reveal();
        let headers = [("x-api-key", key), ("content-type", "application/json")];
        let body = if body.is_null() { String::new() } else { body.to_string() };
        server.send(method, path, &headers, body)
    };
    assert_eq!(ask("admin", "PUT", "/namespaces/shop", &Value::Null).status, 201);
    // A model is everybody's.
    ask("root", "POST", "/tune", &quick()).problem(403, None);
    let mut body = endless();
    body["install"] = json!(false);
    assert_eq!(ask("root", "POST", "/tune", &body).status, 202);
    let status = ask("shop", "GET", "/namespaces/shop/tune", &Value::Null).ok();
    assert_eq!((&status["state"], &status["namespace"]), (&json!("running"), &Value::Null));
    ask("shop", "DELETE", "/namespaces/shop/tune", &Value::Null).problem(403, None);
    let status = ask("root", "GET", "/tune", &Value::Null).ok();
    assert_eq!((&status["state"], &status["namespace"]), (&json!("running"), &json!("default")));
    ask("root", "DELETE", "/tune", &Value::Null).ok();
}
