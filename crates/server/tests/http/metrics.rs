//! `GET /metrics`: the numbers are those of what was asked.

use std::io::{Read, Write};
use std::thread;

use serde_json::json;
use synaptoroute::StoreOptions;
use synaptoroute_server::{Config, Limits};

use crate::support::{HOLD, PANIC, Reply, Scrape, Server};

const REQUESTS: &str = "synaptoroute_http_requests_total";
const DECISIONS: &str = "synaptoroute_decisions_total";

#[track_caller]
fn scrape(server: &Server) -> Scrape {
    let reply = server.get("/metrics");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    Scrape::parse(std::str::from_utf8(&reply.bytes).unwrap())
}

#[test]
fn requests_are_counted_by_what_came_of_them() {
    let server = Server::start();
    for _ in 0..3 {
        assert_eq!(server.post("/route", &json!({"query": "where is my bill"})).status, 200);
    }
    assert_eq!(server.post("/route", &json!({"query": " "})).status, 422);
    assert_eq!(server.post("/namespaces/gone/route", &json!({"query": "hello"})).status, 404);
    assert_eq!(server.get("/routes/billing").status, 200);
    assert_eq!(server.get("/routes/gone").status, 404);
    assert_eq!(server.put("/route").status, 405);
    let unknown = b"BREW /route HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(Reply::from(server.connect(unknown)).status, 405);
    let found = scrape(&server);
    let expected = [
        ("method=POST,path=/route,status=200", 3.0),
        ("method=POST,path=/route,status=422", 1.0),
        ("method=POST,path=/namespaces/{namespace}/route,status=404", 1.0),
        ("method=GET,path=/routes/{name},status=200", 1.0),
        ("method=GET,path=/routes/{name},status=404", 1.0),
        ("method=PUT,path=/route,status=405", 1.0),
        ("method=other,path=/route,status=405", 1.0),
    ];
    assert_eq!(found.of(REQUESTS), expected.into_iter().collect());
    let durations = "synaptoroute_http_request_duration_seconds";
    assert_eq!(found.histogram(durations, "path=/route"), 6.0);
    assert_eq!(found.get("synaptoroute_http_requests_in_flight", ""), 1.0, "the scrape itself");
    let again = scrape(&server);
    assert_eq!(again.get(REQUESTS, "method=GET,path=/metrics,status=200"), 1.0);
}

#[test]
fn a_thousand_unknown_paths_are_one_series() {
    let server = Server::start();
    let before = scrape(&server).of(REQUESTS).len();
    for number in 0..1000 {
        assert_eq!(server.get(&format!("/made-up/{number}")).status, 404);
    }
    let found = scrape(&server);
    assert_eq!(found.get(REQUESTS, "method=GET,path=unknown,status=404"), 1000.0);
    // With the scrape before.
    assert_eq!(found.of(REQUESTS).len(), before + 2);
}

#[test]
fn each_stage_of_each_decision_is_timed() {
    let server = Server::start();
    server.post("/route", &json!({"query": "where is my bill"})).ok();
    let queries: Vec<String> = (0..20).map(|number| format!("question {number}")).collect();
    server.post("/route/batch", &json!({"queries": queries})).ok();
    let found = scrape(&server);
    for stage in ["queue", "tokenise", "encode", "search", "decide"] {
        let count =
            found.get("synaptoroute_stage_duration_seconds_count", &format!("stage={stage}"));
        assert_eq!(count, 21.0, "{stage}");
    }
    let stages = "synaptoroute_stage_duration_seconds";
    assert_eq!(found.histogram(stages, "stage=encode"), 21.0);
    assert_eq!(found.of(DECISIONS).values().sum::<f64>(), 21.0);
}

#[test]
fn refusals_and_panics_are_counted_and_the_queue_is_seen() {
    let server = Server::with(Config { workers: 1, max_queue: 1, ..Config::default() });
    server.post("/route", &json!({"query": PANIC})).problem(500, None);
    thread::scope(|scope| {
        let held = scope.spawn(|| server.post("/route", &json!({"query": HOLD})));
        server.stage.wait_until_held();
        let waits = scope.spawn(|| server.post("/route", &json!({"query": "hello"})));
        while scrape(&server).get("synaptoroute_queue_depth", "") < 1.0 {
            thread::yield_now();
        }
        for _ in 0..5 {
            server.post("/route", &json!({"query": "hello"})).problem(429, None);
        }
        let found = scrape(&server);
        let rejections = "synaptoroute_rejections_total";
        assert_eq!(found.get(rejections, "reason=queue_full"), 5.0);
        assert_eq!(found.get(rejections, "reason=stopping"), 0.0);
        assert_eq!(found.get(REQUESTS, "method=POST,path=/route,status=429"), 5.0);
        assert_eq!(found.get("synaptoroute_http_requests_in_flight", ""), 3.0);
        assert_eq!(found.get("synaptoroute_panics_total", ""), 1.0);
        server.stage.release();
        assert_eq!(held.join().unwrap().status, 200);
        assert_eq!(waits.join().unwrap().status, 200);
    });
    let found = scrape(&server);
    assert_eq!(found.get("synaptoroute_queue_depth", ""), 0.0);
    assert_eq!(found.get("synaptoroute_http_requests_in_flight", ""), 1.0);
}

/// Routes are the user's, and may be many; each that matches would be a series.
#[test]
fn a_thousand_routes_are_a_bounded_number_of_series_and_no_decision_is_lost() {
    let server = Server::start();
    let name = |number: usize| format!("made up {number}");
    let routes: Vec<_> = (0..1000)
        .map(|number| json!({"name": name(number), "utterances": [format!("item {number}")]}))
        .collect();
    let file = json!({"version": 1, "routes": routes});
    server.post("/import?mode=replace", &file).ok();
    let queries: Vec<String> = (0..1000).map(|number| format!("item {number}")).collect();
    server.post("/route/batch", &json!({"queries": queries})).ok();

    let found = scrape(&server);
    let decisions = found.of(DECISIONS);
    assert_eq!(decisions.values().sum::<f64>(), 1000.0);
    let matched = |of: &str| of.contains("outcome=matched");
    assert_eq!(decisions.keys().filter(|labels| matched(labels)).count(), 201);
    let other = "namespace=default,outcome=matched,route=_other";
    assert!(decisions[other] >= 700.0, "{}", decisions[other]);

    // Those that are gone make room, and what they counted stays in the sum.
    let file = json!({"version": 1, "routes": [{"name": "new", "utterances": ["quite new"]}]});
    server.post("/import?mode=replace", &file).ok();
    scrape(&server);
    assert_eq!(server.post("/route", &json!({"query": "quite new"})).ok()["intent"], "new");
    let found = scrape(&server);
    let decisions = found.of(DECISIONS);
    assert_eq!(decisions.values().sum::<f64>(), 1001.0);
    assert_eq!(decisions["namespace=default,outcome=matched,route=new"], 1.0);
    assert_eq!(decisions.keys().filter(|labels| matched(labels)).count(), 2, "{decisions:?}");
}

#[test]
fn many_namespaces_are_bounded_too() {
    let server = Server::start();
    for number in 0..60 {
        assert_eq!(server.put(&format!("/namespaces/space-{number:02}")).status, 201);
        let path = format!("/namespaces/space-{number:02}/route");
        assert_eq!(server.post(&path, &json!({"query": "hello"})).ok()["outcome"], "none");
    }
    let found = scrape(&server);
    assert_eq!(found.get("synaptoroute_namespaces", ""), 61.0);
    assert_eq!(found.of("synaptoroute_routes").len(), 51);
    assert_eq!(found.get("synaptoroute_routes", "namespace=_other"), 0.0);
    assert_eq!(found.get(DECISIONS, "namespace=_other,outcome=none"), 10.0);

    for number in 0..60 {
        let path = format!("/namespaces/space-{number:02}");
        assert_eq!(server.delete(&path, &json!(null)).status, 200);
    }
    let found = scrape(&server);
    assert_eq!(found.get(DECISIONS, "namespace=_other,outcome=none"), 60.0);
    assert_eq!(found.find(DECISIONS, "namespace=space-00,outcome=none"), None);
    assert_eq!(found.of("synaptoroute_routes").len(), 1);
}

#[test]
fn names_that_need_escaping_come_through() {
    let server = Server::start();
    let name = r#"a "quoted\ one, {x}=1"#;
    let route = json!({"name": name, "utterances": ["a text of its own"]});
    server.post("/routes", &route).ok();
    let asked = server.post("/route", &json!({"query": "a text of its own"})).ok();
    assert_eq!(asked["intent"], name);
    let labels = format!("namespace=default,outcome=matched,route={name}");
    assert_eq!(scrape(&server).get(DECISIONS, &labels), 1.0);
}

#[test]
fn content_commits_and_the_process_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let server = Server::on_file(&path, StoreOptions::default(), Config::default());
    let before = scrape(&server).get("synaptoroute_commit_duration_seconds_count", "");
    for number in 0..3 {
        let route = json!({"name": format!("r{number}"), "utterances": ["one", "two"]});
        server.post("/routes", &route).ok();
    }
    let found = scrape(&server);
    for (name, value) in
        [("synaptoroute_revision", 3.0), ("synaptoroute_routes", 3.0), ("synaptoroute_texts", 6.0)]
    {
        assert_eq!(found.get(name, "namespace=default"), value, "{name}");
    }
    assert!(found.get("synaptoroute_segments", "namespace=default") >= 1.0);
    assert!(found.get("synaptoroute_snapshot_bytes", "namespace=default") > 6.0 * 384.0);
    assert_eq!(found.histogram("synaptoroute_commit_duration_seconds", ""), before + 3.0);

    let build = found.of("synaptoroute_build_info");
    let (labels, value) = build.first_key_value().unwrap();
    assert_eq!((build.len(), *value), (1, 1.0));
    assert!(labels.contains("model=bge-small-en-v1.5-int8"), "{labels}");
    if cfg!(target_os = "linux") {
        assert!(found.get("process_resident_memory_bytes", "") > 1e6);
        assert!(found.get("process_open_fds", "") >= 4.0, "it has a listener and a database");
        assert!(found.get("process_cpu_seconds_total", "") > 0.0);
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
        let began = found.get("process_start_time_seconds", "");
        assert!(began > 1e9 && began <= now + 5.0, "{began} and {now}");
    }
}

#[test]
fn connections_are_counted_and_so_are_those_too_many() {
    let limits = Limits { max_connections: 2, ..Limits::default() };
    let server = Server::with(Config { limits, ..Config::default() });
    let health = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let [mut stays, leaves] = [(); 2].map(|()| {
        let mut stream = server.connect(health);
        stream.read_exact(&mut [0; 12]).unwrap();
        stream
    });
    for _ in 0..3 {
        assert_eq!(Reply::from(server.connect(health)).status, 503);
    }
    drop(leaves);
    // On the one that is in, since a new one may come before that place is free.
    let ask = b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stays.write_all(ask).unwrap();
    let mut answers = String::new();
    stays.read_to_string(&mut answers).unwrap();
    for (name, expected) in [("total", 2), ("refused_total", 3)] {
        let line = format!("\nsynaptoroute_connections_{name} {expected}\n");
        assert!(answers.contains(&line), "{line} in {answers}");
    }
    assert!(answers.contains("\nsynaptoroute_connections_open "), "{answers}");
}
