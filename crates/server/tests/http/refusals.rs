//! What is refused of changes and reads: status, field and words, and that nothing changed.

use serde_json::{Value, json};

use crate::support::Server;

/// A method, a path, a body; and what must come of it: status, field, a part of the detail.
type Case<'a> = (&'a str, &'a str, Value, u16, Option<&'a str>, &'a str);

fn check(server: &Server, cases: &[Case<'_>]) {
    let mut wrong = Vec::new();
    for (method, path, body, status, field, says) in cases {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let headers = [("content-type", "application/json")];
        let reply = server.send(method, path, &headers, text);
        let detail = reply.body["detail"].as_str().unwrap_or_default();
        let right = reply.status == *status
            && reply.header("content-type") == Some("application/problem+json")
            && reply.body["status"] == *status
            && reply.body["field"].as_str() == *field
            && detail.contains(says);
        if !right {
            wrong.push(format!(
                "{method} {path} {body}\n  want {status} {field:?} {says:?}\n  got {reply:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(server.get("/routes").header("etag"), Some("\"1\""), "unchanged");
    assert_eq!(server.get("/namespaces").ok()["namespaces"].as_array().unwrap().len(), 1);
}

#[test]
fn a_patch_that_is_none() {
    let (route, settings) = ("/routes/billing", "/settings");
    let heavy = json!({"metadata": {"k": "x".repeat(64 << 10)}});
    let cases = [
        ("PATCH", route, heavy, 413, Some("metadata"), "64 KiB"),
        ("PATCH", route, json!({"threshold": 2}), 422, Some("threshold"), "between 0 and 1"),
        ("PATCH", route, json!({"score_threshold": "x"}), 422, Some("score_threshold"), "number"),
        ("PATCH", route, json!({"metadata": []}), 422, Some("metadata"), "map"),
        ("PATCH", route, json!({"utterances": []}), 422, Some("utterances"), "unknown field"),
        ("PATCH", route, json!({"name": "x"}), 422, Some("name"), "unknown field"),
        ("PATCH", route, json!([]), 422, None, "JSON object"),
        ("PATCH", "/routes/none", json!({}), 404, None, "\"none\""),
        ("PATCH", "/routes/none", json!({"threshold": 0.5}), 404, None, "\"none\""),
        ("PATCH", settings, json!({"margin": 3}), 422, Some("margin"), "between 0"),
        ("PATCH", settings, json!({"top_k": 0}), 422, Some("top_k"), "between 1 and 100"),
        ("PATCH", settings, json!({"topk": 1}), 422, Some("topk"), "unknown field"),
    ];
    check(&Server::start(), &cases);
}

#[test]
fn texts_that_cannot_be_added_or_removed() {
    let (own, negative) = ("/routes/cancel%20order/utterances", "/routes/billing/negatives");
    let all = json!({"utterances": ["cancel my order", "I do not want it any more"]});
    let second = json!({"utterances": ["draft a bill for parliament", "other"]});
    let other = json!({"utterance": "other"});
    let cases = [
        ("DELETE", own, all, 409, None, "no utterances left"),
        ("DELETE", own, other.clone(), 404, Some("utterance"), "\"other\""),
        ("DELETE", negative, second.clone(), 404, Some("utterances[1]"), "\"billing\""),
        ("DELETE", "/negatives", second, 404, Some("utterances[0]"), "namespace"),
        ("DELETE", "/negatives", json!({"utterances": []}), 422, Some("utterances"), "empty"),
        ("DELETE", own, json!({}), 422, Some("utterance"), "either"),
        ("DELETE", "/routes/none/utterances", other.clone(), 404, None, "\"none\""),
        ("DELETE", "/routes/none/negatives", other.clone(), 404, None, "\"none\""),
        ("POST", "/routes/none/negatives", other.clone(), 404, None, "\"none\""),
        ("POST", negative, json!({"utterances": ["x", " "]}), 422, Some("utterances[1]"), "blank"),
        ("POST", "/negatives", json!({"negatives": ["x"]}), 422, Some("negatives"), "unknown"),
        ("POST", "/routes/%20x/negatives", other, 422, Some("name"), "white space"),
    ];
    check(&Server::start(), &cases);
}

#[test]
fn a_revision_or_a_page_that_is_none() {
    let none = Value::Null;
    let revision = json!({"revision": -1});
    let cases = [
        ("GET", "/revisions/x/diff/1", none.clone(), 422, Some("from"), "\"x\""),
        ("GET", "/revisions/1/diff/-1", none.clone(), 422, Some("to"), "\"-1\""),
        ("GET", "/revisions/1/diff/+1", none.clone(), 422, Some("to"), "\"+1\""),
        ("GET", "/revisions/1/diff/7", none.clone(), 404, None, "no revision 7"),
        ("GET", "/revisions/1/diff", none.clone(), 404, None, "nothing is at"),
        ("GET", "/revisions?limit=0", none.clone(), 422, Some("limit"), "between 1"),
        ("GET", "/revisions?limit=1&limit=2", none.clone(), 422, Some("limit"), "twice"),
        ("GET", "/revisions?cursor=YmlsbGluZw", none.clone(), 422, Some("cursor"), "next"),
        ("GET", "/routes?limit=1&limit=1", none.clone(), 422, Some("limit"), "twice"),
        ("GET", "/routes?limit=1&page=1", none.clone(), 422, Some("page"), "`limit`, `cursor`"),
        ("POST", "/rollback", json!({"revision": 9}), 404, None, "no revision 9"),
        ("POST", "/rollback", revision, 422, Some("revision"), "-1"),
        ("POST", "/rollback", json!({}), 422, Some("revision"), "missing"),
        ("POST", "/rollback", none, 400, None, "JSON"),
    ];
    check(&Server::start(), &cases);
}

#[test]
fn a_namespace_or_a_path_that_is_none() {
    let none = Value::Null;
    let query = json!({"query": "x"});
    let long = format!("/namespaces/{}", "x".repeat(129));
    let cases = [
        ("POST", "/namespaces/none/route", query.clone(), 404, None, "\"none\""),
        ("GET", "/namespaces/none/routes", none.clone(), 404, None, "\"none\""),
        ("GET", "/namespaces/none/export", none.clone(), 404, None, "\"none\""),
        ("DELETE", "/namespaces/none", none.clone(), 404, None, "\"none\""),
        ("DELETE", "/namespaces/default", none.clone(), 409, None, "cannot be deleted"),
        ("PUT", "/namespaces/%20", none.clone(), 422, Some("namespace"), "white space"),
        ("PUT", "/namespaces/a%00", none.clone(), 422, Some("namespace"), "control"),
        ("PUT", &long, none.clone(), 422, Some("namespace"), "129 characters"),
        ("PUT", "/namespaces/%FF", none.clone(), 422, Some("namespace"), "UTF-8"),
        ("GET", "/namespaces/default/routes/%FF", none.clone(), 422, Some("name"), "UTF-8"),
        ("GET", "/namespaces/%FF/routes/x", none.clone(), 422, Some("namespace"), "UTF-8"),
        ("GET", "/routes/100%", none.clone(), 400, None, "%25"),
        ("GET", "/routes/%4", none.clone(), 400, None, "%25"),
        ("GET", "/routes/%zz", none.clone(), 400, None, "%25"),
        ("POST", "/namespaces/%x/route", query, 400, None, "%25"),
        ("GET", "/rou%tes", none.clone(), 400, None, "%25"),
        ("GET", "/namespaces/default", none.clone(), 405, None, "GET"),
        ("GET", "/namespaces/default/health", none.clone(), 404, None, "nothing is at"),
        ("POST", "/settings", none, 405, None, "POST"),
    ];
    check(&Server::start(), &cases);
}
