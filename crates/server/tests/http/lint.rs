//! What is doubtful about the routes, over HTTP.

use serde_json::{Value, json};

use crate::support::Server;

/// Severity, kind and routes of each finding.
fn brief(report: &Value) -> Vec<(&str, &str, &Value)> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|f| (f["severity"].as_str().unwrap(), f["kind"].as_str().unwrap(), &f["routes"]))
        .collect()
}

#[test]
fn findings_name_the_content_they_are_about() {
    let server = Server::start();
    let reply = server.get("/lint");
    assert_eq!(reply.header("etag"), Some("\"1\""));
    let report = reply.ok();
    assert_eq!(report["revision"], 1);
    assert_eq!(report["checked"], json!({"routes": 3, "utterances": 7, "held_out": 7}));
    let thin = brief(&report).into_iter().filter(|(severity, kind, _)| {
        assert_eq!(*severity, "advice", "{report}");
        *kind == "thin_route"
    });
    let thin: Vec<&Value> = thin.map(|(.., routes)| &routes[0]).collect();
    // Of one kind what concerns the most texts comes first, then they go by name.
    assert_eq!(thin, ["billing", "cancel order", "größe/maß"]);

    // A change is seen at once, and what it made doubtful comes first.
    let twin = json!({"utterance": "which size fits me"});
    assert_eq!(server.post("/routes/billing/utterances", &twin).revision(), 2);
    let reply = server.get("/lint");
    assert_eq!(reply.header("etag"), Some("\"2\""));
    let report = reply.ok();
    let both = json!(["billing", "größe/maß"]);
    assert_eq!(brief(&report)[0], ("error", "same_text", &both));
    let finding = &report["findings"][0];
    assert_eq!((&finding["count"], &finding["of"]), (&json!(1), &json!(6)));
    assert_eq!(finding["examples"][0]["text"], "which size fits me");
    assert_eq!(finding["examples"][0]["route"], "billing");
    assert_eq!(finding["examples"][0]["nearest"]["route"], "größe/maß");
    for words in ["message", "advice"] {
        assert!(finding[words].as_str().is_some_and(|text| text.len() > 20), "{finding}");
    }

    let cut = json!({"threshold": 1.0});
    server.patch("/routes/billing", &cut).revision();
    let report = server.get("/lint").ok();
    let unreachable = &report["findings"][1]["unreachable"];
    assert_eq!((&unreachable["field"], &unreachable["cut"]), (&json!("threshold"), &json!(1.0)));
    assert!(unreachable["reached"].as_f64().unwrap() < 1.0, "{unreachable}");
}

#[test]
fn a_namespace_has_findings_of_its_own() {
    let server = Server::start();
    assert_eq!(server.put("/namespaces/shop").status, 201);
    let empty = server.get("/namespaces/shop/lint").ok();
    assert_eq!((&empty["revision"], &empty["findings"]), (&json!(0), &json!([])));
    let route = json!({"name": "only", "utterances": ["hello there"]});
    server.post("/namespaces/shop/routes", &route).revision();
    let report = server.get("/namespaces/shop/lint").ok();
    assert_eq!(brief(&report), [("warning", "thin_route", &json!(["only"]))]);
    let whole = server.get("/namespaces/default/lint").ok();
    assert_eq!(whole, server.get("/lint").ok());
    server.get("/namespaces/none/lint").problem(404, None);
    server.get("/lint?strict=true").problem(422, Some("strict"));
}
