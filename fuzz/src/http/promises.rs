//! What holds of every answer, and of what it leaves behind.

use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use synaptoroute::{FitReport, Report};

use super::call::Call;
use super::world::{Answer, World};
use crate::hashed::WIDTH;

/// Sends it, and panics where something does not hold.
pub(super) fn check(world: &World, call: &Call) {
    let before = world.state();
    let answer = world.send(call);
    assert!(!answer.header("x-request-id").is_empty(), "{call:?}: {answer:?}");
    if !answer.status.is_success() {
        if !answer.status.is_redirection() {
            check_refusal(call, &answer);
        }
        assert_eq!(world.state(), before, "refused, and yet: {call:?}: {answer:?}");
        return;
    }
    match (call.method.as_str(), call.call()) {
        ("POST", "/route") => check_decision(&sent(call), &answer.json()),
        ("POST", "/fit") => check_fit(&answer.json()),
        // It changes by what is decided, not what there is.
        ("POST", path) if path.starts_with("/fits/") => {}
        ("POST", "/evaluate") => check_report(world, call, &answer.json()),
        ("POST", "/route/batch") => check_batch(world, call, &answer.json()),
        ("POST", _) if call.uri.path() == "/v1/embeddings" => {
            check_embeddings(call, &answer.json())
        }
        ("GET", "/lint") => check_findings(&answer),
        ("POST" | "PUT" | "PATCH" | "DELETE", _) => {
            check_change(world, call, &answer);
            return;
        }
        _ => {}
    }
    assert_eq!(world.state(), before, "only read, and yet: {call:?}: {answer:?}");
}

/// A problem document that says what to do; the field, where one is to blame.
fn check_refusal(call: &Call, answer: &Answer) {
    let status = answer.status;
    let allowed = !status.is_server_error()
        || status == StatusCode::SERVICE_UNAVAILABLE && call.has_deadline();
    assert!(allowed, "{call:?}: {answer:?}");
    assert_eq!(answer.kind(), "application/problem+json", "{call:?}: {answer:?}");
    if call.method == Method::HEAD {
        return;
    }
    let problem = answer.json();
    let says = |key: &str| problem[key].as_str().is_some_and(|text| !text.is_empty());
    let whole = ["type", "title", "detail", "request_id"].into_iter().all(says)
        && problem["status"] == status.as_u16();
    assert!(whole, "{call:?}: {problem}");
    if status == StatusCode::UNPROCESSABLE_ENTITY {
        // A file as a whole may be none of ours; in YAML, the line stands for the field.
        let of_the_whole = call.call() == "/import"
            || problem["detail"].as_str().is_some_and(|text| text.contains("not a JSON object"));
        // A field may have the empty name.
        assert!(problem["field"].is_string() || of_the_whole, "no field in {problem} for {call:?}");
    }
    // What it quotes of the request is escaped at worst, each character to some ten.
    let sent = call.uri.to_string().len() + call.body.len();
    assert!(answer.body.len() < 2000 + 32 * sent, "{} bytes of problem", answer.body.len());
}

fn sent(call: &Call) -> Value {
    serde_json::from_slice(&call.body).expect("a body that was taken is JSON")
}

fn check_decision(asked: &Value, decision: &Value) {
    let candidates = decision["candidates"].as_array().expect("a list of candidates");
    let most = asked["top_k"].as_f64().unwrap_or(3.0).max(2.0);
    assert!(candidates.len() as f64 <= most, "{decision}");
    assert_eq!(decision["intent"], decision["route"], "one value under two names");
    let matched = decision["outcome"] == "matched";
    assert_eq!(matched, !decision["intent"].is_null(), "{decision}");
    if matched {
        assert_eq!(decision["intent"], candidates[0]["route"], "{decision}");
    }
    let confidence = decision["confidence"].as_f64().unwrap_or(0.0);
    assert!((0.0..=1.0).contains(&confidence), "{decision}");
}

/// A batch answers as its queries one by one.
fn check_batch(world: &World, call: &Call, answer: &Value) {
    let body = sent(call);
    let queries = body["queries"].as_array().expect("a list that was taken");
    let decisions = answer["decisions"].as_array().expect("a list of decisions");
    assert_eq!(queries.len(), decisions.len(), "{call:?}");
    for (query, decision) in queries.iter().zip(decisions).take(8) {
        let single = json!({"query": query, "top_k": body["top_k"], "explain": body["explain"]});
        let path = format!("{}/route", call.scope());
        let alone = world.send(&Call::json(Method::POST, &path, &single));
        let untimed = |decision: &Value| {
            let mut decision = decision.as_object().cloned().unwrap_or_default();
            decision.remove("timing");
            decision
        };
        assert_eq!(untimed(&alone.json()), untimed(decision), "{call:?}");
    }
}

/// Each sample is in it once, as a query of its text would come out.
fn check_report(world: &World, call: &Call, report: &Value) {
    let body = sent(call);
    let samples = body["samples"].as_array().expect("a list that was taken");
    let judged = report["samples"].as_array().expect("a list of samples");
    let repeats = report["counts"]["duplicates"].as_u64().unwrap_or(u64::MAX);
    assert_eq!(judged.len() as u64 + repeats, samples.len() as u64, "{call:?}: {report}");
    let reads = serde_json::from_value::<Report>(report.clone());
    assert!(reads.is_ok(), "{reads:?} of {report}");
    for sample in judged.iter().take(8) {
        let single = json!({"query": sample["text"]});
        let path = format!("{}/route", call.scope());
        let alone = world.send(&Call::json(Method::POST, &path, &single)).json();
        let same = ["outcome", "reason", "confidence"].iter().all(|key| alone[key] == sample[key]);
        assert!(same && alone["intent"] == sample["got"], "{call:?}: {alone}, but {sample}");
        assert_eq!(sample["right"], json!(sample["expected"] == sample["got"]), "{sample}");
    }
}

/// Each finding says of what it is one and what to do, in numbers that go together.
fn check_findings(answer: &Answer) {
    let report = answer.json();
    assert_eq!(answer.header("etag"), format!("\"{}\"", report["revision"]), "{report}");
    let checked = |what: &str| report["checked"][what].as_u64();
    assert!(checked("held_out") <= checked("utterances"), "{report}");
    for finding in report["findings"].as_array().expect("a list of findings") {
        let says = |key: &str| finding[key].as_str().is_some_and(|text| !text.is_empty());
        assert!(["kind", "severity", "message", "advice"].into_iter().all(says), "{finding}");
        assert!(finding["routes"].as_array().is_some_and(|names| !names.is_empty()), "{finding}");
        assert!(finding["count"].as_u64() <= finding["of"].as_u64(), "{finding}");
        assert!(finding["examples"].as_array().is_some_and(|texts| texts.len() <= 20), "{finding}");
    }
}

/// It reads as it was written, and is in force or says why not.
fn check_fit(report: &Value) {
    let reads = serde_json::from_value::<FitReport>(report.clone());
    assert!(reads.is_ok(), "{reads:?} of {report}");
    assert_eq!(report["installed"] == true, report["reason"].is_null(), "{report}");
    assert!(report["unfitted"].is_null() || report["after"].is_null(), "{report}");
}

fn check_embeddings(call: &Call, answer: &Value) {
    let body = sent(call);
    let data = answer["data"].as_array().expect("a list of embeddings");
    assert_eq!(data.len(), body["input"].as_array().map_or(1, Vec::len), "{call:?}");
    for (index, datum) in data.iter().enumerate() {
        assert_eq!(datum["index"], index, "{call:?}");
        if let Some(vector) = datum["embedding"].as_array() {
            assert_eq!(vector.len(), WIDTH, "{call:?}");
        }
    }
}

/// What was changed is there, is written again as it is, and the same change once more is none.
fn check_change(world: &World, call: &Call, answer: &Answer) {
    let path = call.uri.path();
    if path.starts_with("/namespaces/") && call.scope().is_empty() {
        let there =
            world.state().iter().any(|space| json!(space.name) == answer.json()["namespace"]);
        assert_eq!(there, call.method == Method::PUT, "{call:?}: {answer:?}");
        return;
    }
    let revision = answer.json()["revision"].clone();
    let content = read(world, call, "/export", "application/json").json();
    check_findings(&read(world, call, "/lint", "application/json"));
    check_content(call, &answer.json(), &content);
    if call.method != Method::DELETE && !call.is_conditional() {
        let again = world.send(call);
        let unchanged = again.status.is_success() && again.json()["revision"] == revision;
        assert!(unchanged, "the same once more: {call:?}: {answer:?}, then {again:?}");
    }
    for kind in ["application/json", "application/yaml"] {
        let export = read(world, call, "/export", kind);
        assert_eq!(export.header("etag"), format!("\"{revision}\""), "{call:?}: {answer:?}");
        let import = format!("{}/import?mode=replace", call.scope());
        let again = world.send(&Call::new(Method::POST, &import, kind, export.text()));
        assert!(again.status.is_success(), "{again:?} to the export {}", export.text());
        let same = again.json();
        assert_eq!(same["revision"], revision, "an import of {}", export.text());
        assert_eq!(same["content_hash"], export.header("content-hash"), "{}", export.text());
    }
}

fn read(world: &World, call: &Call, what: &str, kind: &'static str) -> Answer {
    let path = format!("{}{what}", call.scope());
    let mut read = Call::new(Method::GET, &path, "", String::new());
    read.headers.clear();
    read.headers.insert("accept", axum::http::HeaderValue::from_static(kind));
    let answer = world.send(&read);
    assert_eq!(answer.status, StatusCode::OK, "after {call:?}: {answer:?}");
    answer
}

/// What the body asked for is in the content.
fn check_content(call: &Call, answer: &Value, content: &Value) {
    let none = Vec::new();
    let routes = content["routes"].as_array().unwrap_or(&none);
    let route = routes.iter().find(|route| route["name"] == answer["route"]);
    if call.call() == "/routes" {
        let (body, route) = (sent(call), route.expect("a route that was taken"));
        for key in ["name", "threshold", "score_threshold", "description"] {
            let (asked, has) = (&body[key], route.get(key).unwrap_or(&Value::Null));
            let equal = asked == has || asked.as_f64().is_some() && asked.as_f64() == has.as_f64();
            assert!(equal, "{key}: {route} for {call:?}");
        }
        assert_eq!(&distinct(&body["utterances"]), texts(route, "utterances"), "{call:?}");
        assert_eq!(&distinct(&body["negatives"]), texts(route, "negatives"), "{call:?}");
        let metadata = route["metadata"].as_object().cloned().unwrap_or_else(Map::new);
        assert_eq!(body["metadata"].as_object().unwrap_or(&Map::new()), &metadata, "{call:?}");
        return;
    }
    let list = call.call().rsplit('/').next().unwrap_or_default();
    if !matches!(list, "utterances" | "negatives") {
        return;
    }
    let has = texts(route.unwrap_or(content), list);
    let body = sent(call);
    let one = std::slice::from_ref(&body["utterance"]);
    let asked = body["utterances"].as_array().map_or(one, Vec::as_slice);
    let there = call.method == Method::POST;
    assert!(asked.iter().all(|text| has.contains(text) == there), "{content} after {call:?}");
}

fn texts<'a>(from: &'a Value, list: &str) -> &'a Vec<Value> {
    static NONE: Vec<Value> = Vec::new();
    from[list].as_array().unwrap_or(&NONE)
}

fn distinct(texts: &Value) -> Vec<Value> {
    let mut distinct = Vec::new();
    for text in texts.as_array().into_iter().flatten() {
        if !distinct.contains(text) {
            distinct.push(text.clone());
        }
    }
    distinct
}
