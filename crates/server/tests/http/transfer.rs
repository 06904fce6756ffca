//! `GET /export` and `POST /import`.

use serde_json::{Value, json};
use synaptoroute::{FileFormat, RoutesFile};

use crate::support::{FAIL, FIXTURE, Reply, Server};

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

fn import(server: &Server, query: &str, kind: &str, file: impl Into<Vec<u8>>) -> Reply {
    server.send("POST", &format!("/import{query}"), &[("content-type", kind)], file)
}

fn text(reply: &Reply) -> &str {
    std::str::from_utf8(&reply.bytes).unwrap()
}

#[test]
fn an_export_is_json_or_yaml_as_asked_for() {
    let server = Server::start();
    let expected = RoutesFile::parse(FIXTURE, FileFormat::Json).unwrap();
    let hash = expected.content_hash().to_string();
    let both = "application/json;q=0.5, text/yaml;q=0.6";
    for (accept, kind) in [
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/yaml", YAML),
        ("text/yaml", YAML),
        ("text/html, Application/X-YAML ; q=0.9, */*;q=0.8", YAML),
        (both, YAML),
        ("application/json, application/yaml;q=0.9", JSON),
        ("application/yaml;q=0", JSON),
    ] {
        let accepts = [("accept", accept)];
        let headers = if accept.is_empty() { &[][..] } else { &accepts };
        let reply = server.send("GET", "/export", headers, "");
        assert_eq!(reply.header("content-type"), Some(kind), "{accept}");
        assert_eq!(reply.header("etag"), Some("\"1\""));
        assert_eq!(reply.header("content-hash"), Some(&*hash));
        assert_eq!(reply.header("vary"), Some("accept"));
        let format = if kind == JSON { FileFormat::Json } else { FileFormat::Yaml };
        assert_eq!(RoutesFile::parse(text(&reply), format).unwrap(), expected, "{accept}");
    }
}

#[test]
fn what_was_exported_imports_as_the_same_content() {
    let from = Server::start();
    from.patch("/settings", &json!({"margin": 0.25})).revision();
    from.post("/negatives", &json!({"utterances": ["- odd: text", "null", "1.0"]})).revision();
    let accepts = |kind: &'static str| from.send("GET", "/export", &[("accept", kind)], "");
    for kind in [JSON, YAML] {
        let exported = accepts(kind);
        for mode in ["", "?mode=merge", "?mode=replace"] {
            let to = Server::start();
            to.post("/routes/billing/utterances", &json!({"utterance": "not exported"})).ok();
            let answer = import(&to, mode, kind, exported.bytes.clone()).ok();
            assert_eq!(answer["status"], "success");
            assert_eq!((&answer["revision"], &answer["notes"]), (&json!(3), &json!([])));
            assert_eq!(answer["content_hash"].as_str(), exported.header("content-hash"), "{mode}");
            let back = to.send("GET", "/export", &[("accept", kind)], "");
            assert_eq!(text(&back), text(&exported), "{kind} {mode}");
            assert_eq!(import(&to, mode, kind, exported.bytes.clone()).ok(), answer, "a repeat");
        }
    }
}

#[test]
fn a_merge_keeps_what_the_file_does_not_name_and_a_replacement_does_not() {
    let file = "version: 1\nroutes: [{name: billing, utterances: [pay me]}]";
    for (mode, names) in [
        ("?mode=merge", &["billing", "cancel order", "größe/maß"][..]),
        ("?mode=replace", &["billing"]),
    ] {
        let server = Server::start();
        let answer = import(&server, mode, YAML, file).ok();
        let listed = server.get("/routes").ok();
        let listed: Vec<&str> = listed["routes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["name"].as_str().unwrap())
            .collect();
        assert_eq!(listed, names, "{mode}");
        assert_eq!(server.get("/routes/billing").ok()["utterances"], json!(["pay me"]), "{mode}");
        let hash = server.get("/export").header("content-hash").map(str::to_owned);
        assert_eq!(answer["content_hash"].as_str(), hash.as_deref(), "{mode}");
    }
}

#[test]
fn a_foreign_file_is_imported_with_notes() {
    let server = Server::start();
    let file = json!({"encoder_type": "openai", "encoder_name": "text-embedding-3-small",
        "routes": [{"name": "chitchat", "utterances": ["nice weather"], "score_threshold": 0.3}]});
    let answer = import(&server, "", JSON, file.to_string()).ok();
    assert_eq!(answer["revision"], 2);
    let notes = answer["notes"].to_string();
    assert!(notes.contains("score_threshold") && notes.contains("encoder_name"), "{notes}");
    assert_eq!(server.get("/routes/chitchat").ok()["score_threshold"], 0.3);
}

#[test]
fn one_bad_text_in_a_thousand_changes_nothing_and_is_named() {
    let server = Server::start();
    let before = server.get("/export");
    let with = |bad: &str| {
        let mut texts: Vec<String> = (0..1000).map(|i| format!("text {i}")).collect();
        texts[500] = bad.to_owned();
        let routes: Vec<Value> = texts
            .chunks(100)
            .enumerate()
            .map(|(i, texts)| json!({"name": format!("route {i}"), "utterances": texts}))
            .collect();
        json!({"version": 1, "routes": routes})
    };
    for bad in [" ", FAIL] {
        for query in ["?mode=merge", "?mode=replace"] {
            let reply = import(&server, query, JSON, with(bad).to_string());
            reply.problem(422, Some("routes[5].utterances[0]"));
        }
        let mut route = with(bad)["routes"][5].take();
        // A repeat before it does not move its place.
        route["utterances"][4] = "text 503".into();
        route["utterances"][5] = bad.into();
        route["utterances"][0] = "text 503".into();
        server.post("/routes", &route).problem(422, Some("utterances[5]"));
        let texts = json!({"utterances": ["a", "a", "b", bad]});
        for path in ["/routes/billing/utterances", "/routes/billing/negatives", "/negatives"] {
            server.post(path, &texts).problem(422, Some("utterances[3]"));
            server.post(path, &json!({"utterance": bad})).problem(422, Some("utterance"));
        }
    }
    let after = server.get("/export");
    assert_eq!(after.header("etag"), Some("\"1\""));
    assert_eq!(text(&after), text(&before));
}

#[test]
fn a_file_that_is_none() {
    let server = Server::start();
    let twice = r#"{"version": 1, "routes": [{"name": "a", "utterances": ["x"]},
                    {"name": "a", "utterances": ["y"]}]}"#;
    let heavy = json!({"version": 1, "routes": [{"name": "heavy", "utterances": ["x"],
        "metadata": {"k": "x".repeat(64 << 10)}}]});
    let heavy = &*heavy.to_string();
    let mut wrong = Vec::new();
    for (kind, file, status, field, says) in [
        (JSON, "{", 400, None, "line 1"),
        (JSON, "", 400, None, "line 1"),
        (JSON, "{} {}", 400, None, "trailing"),
        (JSON, "{}", 422, None, "version: 1"),
        (YAML, "routes: [", 400, None, "line"),
        (YAML, "a: b: c", 400, None, "line 1"),
        (YAML, "\u{1}", 400, None, "line 1"),
        (YAML, "version: 2\nroutes: []", 422, None, "version 2"),
        (YAML, "version: 1\nroutes: [{name: a}]", 422, None, "utterances"),
        (YAML, "- a", 422, None, "map"),
        (JSON, "[]", 422, None, "map"),
        (JSON, r#"{"version": 1, "routes": [{"name": ""}]}"#, 422, Some("routes[0].name"), "empty"),
        (JSON, heavy, 422, Some("routes[0]"), "\"heavy\""),
        (JSON, twice, 422, Some("routes[1]"), "\"a\""),
        (JSON, r#"{"version": 1, "routes": [], "route": 1}"#, 422, Some("route"), "unknown"),
        (JSON, r#"{"routers": []}"#, 422, None, "several"),
        ("text/plain", "version: 1", 415, None, "application/yaml"),
        ("", "version: 1", 415, None, "missing"),
    ] {
        let types = [("content-type", kind)];
        let headers = if kind.is_empty() { &[][..] } else { &types };
        let reply = server.send("POST", "/import", headers, file);
        let detail = reply.body["detail"].as_str().unwrap_or_default();
        let found = (reply.status, reply.body["field"].as_str());
        if found != (status, field) || !detail.contains(says) {
            wrong.push(format!(
                "{kind} {file}\n  want {status} {field:?} {says:?}\n  got {reply:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let not_utf8 = import(&server, "", YAML, &b"version: 1\nroutes: [\xff]"[..]);
    assert!(not_utf8.problem(400, None).contains("line 2"));
    let fine = "version: 1\nroutes: []";
    for (query, field) in
        [("?mode=both", "mode"), ("?mode=merge&mode=merge", "mode"), ("?merge=1", "merge")]
    {
        import(&server, query, YAML, fine).problem(422, Some(field));
    }
    assert_eq!(server.get("/routes").header("etag"), Some("\"1\""), "unchanged");
}

#[test]
fn a_file_may_be_larger_than_another_body() {
    let server = Server::start();
    let padding = " ".repeat((16 << 20) + 1);
    let answer = import(&server, "", JSON, format!("{FIXTURE}{padding}"));
    assert_eq!(answer.revision(), 1, "as it was");
    for (path, length, limit) in
        [("/import", (64 << 20) + 1, "64 MiB"), ("/route", (16 << 20) + 1, "16 MiB")]
    {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        let detail = Reply::from(server.connect(head.as_bytes())).problem(413, None);
        assert!(detail.contains(limit), "{detail}");
    }
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(1 << 20)).repeat(64);
    let undeclared = format!(
        "POST /import HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{chunk}1\r\n "
    );
    Reply::from(server.connect(undeclared.as_bytes())).problem(413, None);
}
