//! `POST /fit`, `GET /fits`, `POST /fits/{number}/use`, `explain`: what is learned, and why a
//! decision came out as it did.

use serde_json::{Value, json};
use synaptoroute::{FitReport, StoreOptions};
use synaptoroute_server::Config;

use crate::support::{HOLD, Server, decisions, unnumbered};

/// Enough utterances to be held out.
const ROUTES: &str = include_str!("../../../../examples/support.yaml");

const QUERIES: [&str; 4] = [
    "I was charged twice",
    "I can't remember my password",
    "how do I bake sourdough bread",
    "bill",
];

fn support() -> Server {
    let server = Server::start();
    import(&server, ROUTES);
    server
}

fn import(server: &Server, file: &str) {
    let yaml = [("content-type", "application/yaml")];
    server.send("POST", "/import?mode=replace", &yaml, file).ok();
}

/// Labelled, some of no route.
fn samples() -> Value {
    json!([
        {"text": "why was I charged twice", "intent": "billing"},
        {"text": "give me the money back", "intent": "refund"},
        {"text": "I lost my password", "intent": "password_reset"},
        {"text": "when does my parcel come", "intent": "order_status"},
        {"text": "who won the match last night"},
        {"text": "write a poem about autumn", "intent": "oos"},
    ])
}

#[test]
fn a_fit_tells_what_it_found_and_is_in_force_from_then_on() {
    let server = support();
    let before = decisions(&server, &QUERIES);
    assert_eq!(before[0]["calibrated"], false);
    let report = server.post("/fit", &json!({})).ok();
    let read: FitReport = serde_json::from_value(report.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), report, "it reads as it was written");
    assert_eq!((&report["installed"], &report["reason"]), (&json!(true), &Value::Null));
    assert_eq!((&report["routes"], &report["utterances"]), (&json!(8), &json!(45)));
    assert_eq!(report["objective"], "accuracy");
    let accuracy = |side: &str| report[side]["accuracy"]["value"].as_f64().unwrap();
    assert!(accuracy("after") >= accuracy("before"), "{report}");
    let after = decisions(&server, &QUERIES);
    assert_ne!(before, after);
    for decision in after.as_array().unwrap() {
        assert_eq!(decision["fit"], json!({"revision": 2, "stale": false}));
    }
    let intents: Vec<&Value> =
        after.as_array().unwrap().iter().map(|d| &d["intent"]).take(3).collect();
    assert_eq!(intents, [&json!("billing"), &json!("password_reset"), &Value::Null]);
    assert_eq!(server.get("/routes").header("etag"), Some("\"2\""), "the content is as it was");
    assert_eq!(server.post("/fit", &json!({})).ok()["inputs"], report["inputs"]);
    assert_eq!(decisions(&server, &QUERIES), after, "the same content gives the same bits");
}

#[test]
fn a_dry_run_changes_nothing() {
    let server = support();
    let before = decisions(&server, &QUERIES);
    let body = json!({"dry_run": true, "samples": samples(), "objective": "cost=5",
        "evidence": {"head": false}});
    let report = server.post("/fit", &body).ok();
    assert_eq!(report["installed"], false);
    assert!(report["reason"].as_str().unwrap().contains("dry run"), "{report}");
    assert_eq!(report["objective"], "cost=5");
    assert_eq!(report["allowed"], json!({"centroid": true, "head": false, "lexical": true}));
    assert_eq!(
        (&report["samples_in_scope"], &report["samples_out_of_scope"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(decisions(&server, &QUERIES), before);
    assert_eq!(server.get("/fits").ok()["fits"], json!([]));
}

#[test]
fn too_little_is_not_fitted_and_the_report_says_what_would_help() {
    let server = Server::start();
    let report = server.post("/fit", &json!({})).ok();
    assert_eq!(
        (&report["installed"], &report["unfitted"]),
        (&json!(false), &json!("few_utterances"))
    );
    assert!(report["reason"].as_str().unwrap().contains("ten utterances"), "{report}");
    assert_eq!(server.get("/fits").ok()["fits"], json!([]));
}

#[test]
fn what_a_fit_cannot_be_asked_for_is_named() {
    let server = support();
    let mut wrong = Vec::new();
    for (body, field, says) in [
        (json!({"samples": []}), "samples", "empty"),
        (
            json!({"samples": [{"text": "x", "intent": "biling"}]}),
            "samples[0].intent",
            "\"biling\"",
        ),
        (json!({"samples": [{"text": "x"}, {"text": " "}]}), "samples[1].text", "blank"),
        (json!({"objective": "best"}), "objective", "max_false_accept"),
        (json!({"objective": "keep=2"}), "objective", "0 to 1"),
        (json!({"evidence": {"magic": true}}), "evidence.magic", "unknown field"),
        (json!({"dry_run": "yes"}), "dry_run", "boolean"),
        (json!({"folds": 5}), "folds", "unknown field"),
    ] {
        let reply = server.post("/fit", &body);
        let detail = reply.body["detail"].as_str().unwrap_or_default();
        if reply.status != 422 || reply.body["field"] != field || !detail.contains(says) {
            wrong.push(format!("want {field} {says:?}, got {} {}", reply.status, reply.body));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    server.post("/namespaces/nowhere/fit", &json!({})).problem(404, None);
    server.post("/fits/7/use", &Value::Null).problem(404, None);
    server.post("/fits/+7/use", &Value::Null).problem(422, Some("number"));
    server.post("/fits/last/use", &Value::Null).problem(422, Some("number"));
    assert_eq!(server.get("/fits").ok()["fits"], json!([]));
}

#[test]
fn fits_are_kept_and_can_be_gone_back_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db");
    let server = Server::on_file(&path, StoreOptions::default(), Config::default());
    import(&server, ROUTES);
    let first = server.post("/fit", &json!({})).ok();
    let with_first = decisions(&server, &QUERIES);
    let second =
        server.post("/fit", &json!({"objective": "keep=0.5", "evidence": {"head": false}})).ok();
    assert_eq!(second["installed"], true, "{second}");
    let with_second = decisions(&server, &QUERIES);
    assert_ne!(with_first, with_second);
    let listed = server.get("/fits");
    assert_eq!(listed.header("etag"), Some("\"1\""));
    let listed = listed.ok();
    assert_eq!(listed["auto_fit_trouble"], Value::Null);
    let fits = listed["fits"].as_array().unwrap();
    assert_eq!((&fits[0]["number"], &fits[1]["number"]), (&json!(2), &json!(1)));
    assert_eq!((&fits[0]["in_force"], &fits[1]["in_force"]), (&json!(true), &json!(false)));
    assert_eq!((&fits[0]["report"], &fits[1]["report"]), (&second, &first));
    assert!(fits.iter().all(|fit| fit["automatic"] == false && fit["revision"] == 1));

    let chosen = server.post("/namespaces/default/fits/1/use", &Value::Null).ok();
    assert_eq!(chosen, json!({"status": "success", "number": 1, "revision": 1}));
    assert_eq!(decisions(&server, &QUERIES), with_first);
    drop(server);
    let again = Server::on_file(&path, StoreOptions::default(), Config::default());
    assert_eq!(decisions(&again, &QUERIES), with_first, "it is in force after a restart too");
    assert_eq!(again.get("/fits").ok()["fits"][1]["in_force"], true);
}

#[test]
fn namespaces_are_fitted_each_by_itself() {
    let server = support();
    assert_eq!(server.put("/namespaces/other").status, 201);
    let report = server.post("/namespaces/other/fit", &json!({})).ok();
    assert_eq!(report["unfitted"], "few_routes");
    server.post("/namespaces/default/fit", &json!({})).ok();
    assert_eq!(server.get("/fits").ok()["fits"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/namespaces/other/fits").ok()["fits"], json!([]));
}

/// What is exported with its fit decides elsewhere the same to the bit, also where that has its
/// content already.
#[test]
fn an_export_with_its_fit_decides_the_same_to_the_bit() {
    let from = support();
    from.post("/fit", &json!({"samples": samples(), "objective": "max_false_accept=0.05"})).ok();
    let expected = unnumbered(decisions(&from, &QUERIES));
    for kind in ["application/json", "application/yaml"] {
        let plain = from.send("GET", "/export?fit=false", &[("accept", kind)], "");
        assert_eq!(plain.bytes, from.send("GET", "/export", &[("accept", kind)], "").bytes);
        let whole = from.send("GET", "/export?fit=true", &[("accept", kind)], "");
        assert_eq!(whole.header("content-hash"), plain.header("content-hash"), "the content's");
        assert!(whole.bytes.len() > plain.bytes.len());
        for to in [Server::start(), support()] {
            let path = "/import?mode=replace";
            to.send("POST", path, &[("content-type", kind)], whole.bytes.clone()).ok();
            assert_eq!(unnumbered(decisions(&to, &QUERIES)), expected, "{kind}");
            let fits = to.get("/fits").ok();
            assert_eq!(fits["fits"][0]["report"]["reason"], "it came in a routes file");
        }
    }
    from.get("/export?fit=1").problem(422, Some("fit"));
    let mut spoilt = from.get("/export?fit=true").ok();
    spoilt["fit"]["model"] = json!("another");
    let before = from.get("/routes").header("etag").map(str::to_owned);
    let detail = from.post("/import?mode=replace", &spoilt).problem(422, None);
    assert!(detail.contains("fit") && detail.contains("model"), "{detail}");
    assert_eq!(from.get("/routes").header("etag").map(str::to_owned), before);
}

#[test]
fn an_explanation_adds_up_to_the_decision() {
    let server = support();
    for fitted in [false, true] {
        if fitted {
            server.post("/fit", &json!({})).ok();
        }
        for query in QUERIES {
            let plain = server.post("/route", &json!({"query": query, "explain": false})).ok();
            assert!(plain.get("explanation").is_none());
            let told = server.post("/route", &json!({"query": query, "explain": true})).ok();
            let explanation = &told["explanation"];
            assert!(!explanation["summary"].as_str().unwrap().is_empty());
            let first = &explanation["candidates"][0];
            let same = |told: &Value, decided: &Value| {
                (told.as_f64().unwrap() - decided.as_f64().unwrap()).abs() < 1e-6
            };
            let candidate = &told["candidates"][0];
            assert_eq!(first["route"], candidate["route"]);
            assert!(same(&first["score"], &candidate["score"]), "{told}");
            assert!(same(&first["confidence"], &told["confidence"]), "{told}");
            assert!(same(&first["threshold"], &told["threshold"]), "{told}");
            let parts = first["evidence"].as_array().unwrap();
            let sum: f64 = parts.iter().map(|part| part["contribution"].as_f64().unwrap()).sum();
            assert!(same(&json!(sum), &first["score"]), "{sum}: {first}");
            assert_eq!(first["refused"].is_null(), told["intent"] == first["route"], "{told}");
            for key in ["intent", "outcome", "reason", "confidence", "candidates"] {
                assert_eq!(told[key], plain[key], "{key}");
            }
            let batch = json!({"queries": [query], "explain": true});
            let batch = server.post("/route/batch", &batch).ok();
            assert_eq!(&batch["decisions"][0]["explanation"], explanation);
        }
    }
    server.post("/route", &json!({"query": "x", "explain": 1})).problem(422, Some("explain"));
}

#[test]
fn settings_say_what_is_fitted_and_for_what() {
    let server = support();
    let settings = server.get("/settings").ok();
    assert_eq!(settings["auto_fit"], true);
    assert_eq!(settings["objective"], "accuracy");
    assert_eq!(settings["evidence"], json!({"centroid": true, "head": true, "lexical": true}));
    let patch = json!({"auto_fit": false, "objective": "keep=0.9", "evidence": {"lexical": false}});
    server.patch("/settings", &patch).revision();
    let report = server.post("/fit", &json!({})).ok();
    assert_eq!(report["objective"], "keep=0.9");
    assert_eq!(report["allowed"]["lexical"], false);
    let settings = server.get("/settings").ok();
    assert_eq!(
        (&settings["auto_fit"], &settings["objective"]),
        (&json!(false), &json!("keep=0.9"))
    );
    server.patch("/settings", &json!({"objective": "best"})).problem(422, Some("objective"));
    server.patch("/settings", &json!({"objective": null, "evidence": null})).revision();
    let settings = server.get("/settings").ok();
    assert_eq!(
        (&settings["objective"], &settings["evidence"]["lexical"]),
        (&json!("accuracy"), &json!(true))
    );
}

/// While one fit waits for its samples, queries are answered, and another fit waits its turn.
#[test]
fn one_fit_is_made_at_a_time_and_queries_go_on() {
    let server = support();
    let held = json!({"samples": [{"text": HOLD}], "dry_run": true});
    std::thread::scope(|scope| {
        let first = scope.spawn(|| server.post("/fit", &held));
        server.stage.wait_until_held();
        let second = scope.spawn(|| server.post("/fit", &json!({"dry_run": true})));
        assert_eq!(
            server.post("/route", &json!({"query": "where is my bill"})).ok()["intent"],
            "billing"
        );
        assert!(!second.is_finished());
        server.stage.release();
        assert_eq!(first.join().unwrap().ok()["samples_out_of_scope"], 1);
        assert_eq!(second.join().unwrap().ok()["installed"], false);
    });
}
