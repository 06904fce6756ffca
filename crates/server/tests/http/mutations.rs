//! Every change, at the root and in a namespace of its own: what it answers, what it does,
//! and that saying it twice makes no second revision.

use serde_json::{Value, json};

use crate::support::Server;

/// A server, and what stands before each path: nothing, or a namespace with the same content.
fn both() -> [(Server, &'static str); 2] {
    let (root, other) = (Server::start(), Server::start());
    let content = root.get("/export").ok();
    other.put("/namespaces/a%2Fb");
    assert_eq!(other.post("/namespaces/a%2Fb/import", &content).revision(), 1);
    [(root, ""), (other, "/namespaces/a%2Fb")]
}

fn success(with: Value, revision: u64) -> Value {
    let mut answer = json!({"status": "success"});
    answer.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    answer["revision"] = revision.into();
    answer
}

#[test]
fn a_route_is_patched_and_null_takes_a_value_away() {
    for (server, at) in both() {
        let path = format!("{at}/routes/billing");
        let patch = json!({"threshold": 0.5, "score_threshold": 0.2, "description": "Money",
                           "metadata": {"team": "sales", "level": 2}});
        for repeat in ["once", "twice"] {
            let answer = server.patch(&path, &patch).ok();
            assert_eq!(answer, success(json!({"route": "billing"}), 2), "{at} {repeat}");
        }
        let read = server.get(&path);
        assert_eq!(read.header("etag"), Some("\"2\""));
        let read = read.ok();
        for (key, value) in patch.as_object().unwrap() {
            assert_eq!(&read[key], value, "{at}");
        }
        assert_eq!(server.patch(&path, &json!({})).revision(), 2, "names nothing");

        let nulls = json!({"threshold": null, "description": null, "metadata": null});
        assert_eq!(server.patch(&path, &nulls).revision(), 3);
        let read = server.get(&path).ok();
        assert_eq!((&read["threshold"], &read["description"]), (&Value::Null, &Value::Null));
        assert_eq!((&read["metadata"], &read["score_threshold"]), (&json!({}), &json!(0.2)));
        assert_eq!(read["utterances"].as_array().unwrap().len(), 3, "and nothing else");
    }
}

#[test]
fn a_route_is_removed_with_its_texts() {
    for (server, at) in both() {
        let path = format!("{at}/routes/gr%C3%B6%C3%9Fe%2Fma%C3%9F");
        let removed = server.delete(&path, &Value::Null).ok();
        assert_eq!(removed, success(json!({"route": "größe/maß"}), 2));
        server.get(&path).problem(404, None);
        server.delete(&path, &Value::Null).problem(404, None);
        let asked = json!({"query": "is there a size chart", "top_k": 100});
        let decision = server.post(&format!("{at}/route"), &asked).ok();
        assert_eq!((&decision["intent"], &decision["revision"]), (&Value::Null, &json!(2)));
        assert_eq!(decision["candidates"].as_array().unwrap().len(), 2, "{decision}");
    }
}

#[test]
fn texts_are_added_and_removed_one_or_many() {
    for (server, at) in both() {
        for (path, list, read) in [
            ("/routes/cancel%20order/utterances", "utterances", "/routes/cancel%20order"),
            ("/routes/cancel%20order/negatives", "negatives", "/routes/cancel%20order"),
            ("/negatives", "negatives", "/negatives"),
        ] {
            let (path, read) = (format!("{at}{path}"), format!("{at}{read}"));
            let now = || server.get(&read).ok();
            let before = now();
            let start = before["revision"].as_u64().unwrap();
            let route = path.contains("routes").then_some("cancel order");
            let answer = |utterance: Option<&str>, after: u64| {
                let mut with = serde_json::Map::new();
                with.extend(route.map(|route| ("route".to_owned(), route.into())));
                with.extend(utterance.map(|text| ("utterance".to_owned(), text.into())));
                success(with.into(), start + after)
            };
            let several = json!({"utterances": ["call it off", "forget it", "call it off"]});
            assert_eq!(server.post(&path, &several).ok(), answer(None, 1), "{path}");
            assert_eq!(server.post(&path, &several).ok(), answer(None, 1), "{path}: a repeat");
            let one = json!({"utterance": "never mind"});
            assert_eq!(server.post(&path, &one).ok(), answer(Some("never mind"), 2), "{path}");
            let mut all = before[list].as_array().unwrap().clone();
            all.extend(["call it off", "forget it", "never mind"].map(Value::from));
            assert_eq!(now()[list], Value::from(all), "{path}");

            let again = json!({"utterance": "forget it"});
            assert_eq!(server.delete(&path, &again).ok(), answer(Some("forget it"), 3), "{path}");
            let rest = json!({"utterances": ["never mind", "call it off"]});
            assert_eq!(server.delete(&path, &rest).ok(), answer(None, 4), "{path}");
            assert_eq!(now()[list], before[list], "{path}");
        }
    }
}

#[test]
fn negatives_refuse_at_once() {
    for (server, at) in both() {
        let ask = || {
            let query = json!({"query": "please cancel my order"});
            server.post(&format!("{at}/route"), &query).ok()["intent"].clone()
        };
        for path in ["/negatives", "/routes/cancel%20order/negatives"] {
            let (path, negative) =
                (format!("{at}{path}"), json!({"utterance": "please cancel my order"}));
            assert_eq!(ask(), "cancel order");
            server.post(&path, &negative).revision();
            assert_eq!(ask(), Value::Null, "{path}");
            server.delete(&path, &negative).revision();
        }
        assert_eq!(ask(), "cancel order");
    }
}

#[test]
fn settings_are_read_and_patched() {
    for (server, at) in both() {
        let path = format!("{at}/settings");
        let read = server.get(&path);
        assert_eq!(read.header("etag"), Some("\"1\""));
        let all = |margin: f64| {
            json!({"margin": margin, "top_k": 3, "auto_fit": true, "objective": "accuracy",
                "evidence": {"centroid": true, "head": true, "lexical": true}})
        };
        assert_eq!(read.ok(), all(0.0));
        let patch = json!({"top_k": 1});
        assert_eq!(server.patch(&path, &patch).ok(), success(json!({}), 2));
        assert_eq!(server.patch(&path, &patch).revision(), 2, "a repeat");
        let query = json!({"query": "where is my bill"});
        let decision = server.post(&format!("{at}/route"), &query).ok();
        assert_eq!(decision["candidates"].as_array().unwrap().len(), 1);
        assert_eq!(server.patch(&path, &json!({"margin": 0.5, "top_k": null})).revision(), 3);
        assert_eq!(server.get(&path).ok(), all(0.5));
    }
}

#[test]
fn every_change_is_made_at_the_revision_that_is_expected_or_not_at_all() {
    for (server, at) in both() {
        let (none, one) = (Value::Null, json!({"utterance": "wherever is my bill"}));
        let route = json!({"name": "greeting", "utterances": ["hello"]});
        let file = json!({"version": 1, "routes": []});
        let changes = [
            ("POST", "/routes", &route),
            ("POST", "/routes/billing/utterances", &one),
            ("DELETE", "/routes/billing/utterances", &one),
            ("POST", "/routes/billing/negatives", &one),
            ("DELETE", "/routes/billing/negatives", &one),
            ("POST", "/negatives", &one),
            ("DELETE", "/negatives", &one),
            ("PATCH", "/routes/billing", &json!({"threshold": 0.1})),
            ("PATCH", "/settings", &json!({"margin": 0.1})),
            ("DELETE", "/routes/billing", &none),
            ("POST", "/rollback", &json!({"revision": 1})),
            ("POST", "/import?mode=replace", &file),
        ];
        for (number, (method, path, body)) in (1..).zip(changes) {
            let path = format!("{at}{path}");
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let send = |revision: u64| {
                let tag = format!("\"{revision}\"");
                let headers = [("content-type", "application/json"), ("if-match", &*tag)];
                server.send(method, &path, &headers, body.clone())
            };
            for wrong in [number - 1, number + 1] {
                let detail = send(wrong).problem(412, None);
                assert!(detail.contains(&format!("revision {number}")), "{method} {path} {detail}");
            }
            assert_eq!(send(number).revision(), number + 1, "{method} {path}");
        }
    }
}
