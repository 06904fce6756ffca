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
