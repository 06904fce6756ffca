//! `serve`: how it begins and ends.

use std::fs;

use serde_json::Value;

use crate::support::{Service, example, program};

#[test]
fn serve_prints_its_address_answers_and_stops_when_told() {
    let service = Service::start(&[example().to_str().unwrap()]);
    assert!(service.url.starts_with("http://127.0.0.1:"), "{:?}", service.url);
    assert_eq!(service.route("I was charged twice")["intent"], "billing");
    assert_eq!(service.route("how do I bake sourdough bread")["intent"], Value::Null);
    let curl = format!("curl -s {}/route", service.url);
    let notes = service.stop();
    assert!(notes.contains("from memory"), "where changes go is not said: {notes}");
    assert!(notes.contains(&curl), "no line to try: {notes}");
}

/// What people ask is nobody's business, unless the operator says that it is.
#[test]
fn access_lines_are_json_and_say_nothing_of_queries_unless_told_to() {
    let secret = "kestrel-4711-umbrella";
    for told in [false, true] {
        let mut args = vec!["--log", "trace", "--log-format", "json"];
        args.extend(told.then_some("--log-queries"));
        let routes = example();
        args.push(routes.to_str().unwrap());
        let service = Service::start(&args);
        service.route(secret);
        service.post("/route/batch", &serde_json::json!({"queries": [secret, "hello"]}));
        service.post("/v1/embeddings", &serde_json::json!({"input": secret}));
        let said = service.stop();
        assert_eq!(said.contains(secret), told, "{said}");
        let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let access = |line: &Value| line["target"] == "synaptoroute_server::access";
        let lines: Vec<Value> = lines.filter(access).collect();
        assert_eq!(lines.len(), 3, "{said}");
        assert_eq!((&lines[0]["path"], &lines[0]["status"]), (&"/route".into(), &200.into()));
        assert_eq!(lines[0]["trace_id"].as_str().unwrap().len(), 32);
        assert!(lines[0]["request_id"].is_string(), "{said}");
    }
}

/// A log that cannot be written once ended the service, and what it had admitted with it.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_error_stops_nothing() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let routes = example();
    let args = ["--log", "debug", routes.to_str().unwrap()];
    let service = Service::saying(&args, full().into());
    assert_eq!(service.route("cancel my order")["intent"], "cancel_order");
    service.stop();

    let status = program().args(["route", "--routes", "gone", "x"]).stderr(full()).status();
    assert_eq!(status.unwrap().code(), Some(3));
}
