//! What neither a log nor a trace ever holds: keys, and what people asked.

use serde_json::{Value, json};

use crate::collector::{Collector, Manner};
use crate::support::{Folder, example, printed};

/// In every text that is sent.
const ASKED: &str = "xyzzy";

/// Everything the service can be asked, with texts that are taken, refused and broken, by who
/// may and who may not; and nothing of it is found in the most talkative log or at a collector.
#[test]
fn neither_keys_nor_texts_are_told_whatever_is_asked_and_answered() {
    let folder = Folder::new();
    let key =
        printed(&folder.run(&["key", "--name", "all", "--role", "admin", "--append", "keys.yaml"]));
    let key = key.trim_end();
    let routes = example();
    let args = [routes.to_str().unwrap(), "--keys", "keys.yaml", "--log", "trace"];
    let collector = Collector::new(Manner::Answers(200));
    let to = ["--log-format", "json", "--otlp-endpoint", &collector.url];
    let service = folder.serve(&[&args[..], &to].concat());
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .build()
        .new_agent();
    let send = |method: &str, path: &str, key: (&str, String), body: &str| {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", service.url))
            .header(key.0, key.1)
            .header("content-type", "application/json")
            .body(body.to_owned())
            .unwrap();
        agent.run(request).unwrap().status().as_u16()
    };
    let shown = || ("authorization", format!("Bearer {key}"));
    let bodies = [
        json!({"query": ASKED}).to_string(),
        json!({"queries": [ASKED, " "]}).to_string(),
        json!({"name": "secrets", "utterances": [ASKED], "description": ASKED}).to_string(),
        json!({"utterances": [ASKED], "metadata": {ASKED: ASKED}}).to_string(),
        json!({"input": ASKED, "model": ASKED}).to_string(),
        json!({"query": {ASKED: 1}, "utterance": 7, "threshold": ASKED}).to_string(),
        format!("{{\"query\": \"{ASKED}"),
        format!("\"{ASKED}\""),
        json!({"query": ASKED.repeat(20_000)}).to_string(),
    ];
    let document = agent.get(format!("{}/openapi.json", service.url)).call().unwrap();
    let document: Value = document.into_body().read_json().unwrap();
    let mut statuses = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{namespace}", "default")
            .replace("{name}", "billing")
            .replace("{file}", "index.html")
            .replace("{from}", "0")
            .replace("{to}", "1");
        for method in operations.as_object().unwrap().keys().map(|name| name.to_uppercase()) {
            if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                continue;
            }
            for body in &bodies {
                statuses.push(send(&method, &path, shown(), body));
            }
        }
    }
    let guesses = [
        ("authorization", format!("Bearer {key}x")),
        ("authorization", format!("Basic {key}")),
        ("authorization", key.to_owned()),
        ("x-api-key", format!("{key} {key}")),
        ("cookie", key.to_owned()),
        ("x-request-id", format!("{key} is no id")),
    ];
    for guess in guesses {
        statuses.push(send("POST", "/route", guess, &bodies[0]));
    }
    for expected in [200, 400, 401, 404, 413, 422] {
        assert!(statuses.contains(&expected), "{expected} is not among {statuses:?}");
    }
    let said = service.stop();
    assert!(said.contains("\"status\":200") && said.contains("\"status\":422"), "{said}");
    let traced: Vec<u8> = collector.sent().into_iter().flat_map(|sent| sent.body).collect();
    let traced = String::from_utf8_lossy(&traced);
    assert!(traced.contains("http.route"), "{traced}");
    for secret in [ASKED, key.strip_prefix("sr_").unwrap()] {
        let told = said.lines().find(|line| line.contains(secret));
        assert_eq!(told, None, "{secret}");
        assert!(!traced.contains(secret), "{secret}: {traced}");
    }
}
