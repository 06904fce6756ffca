//! What is refused, with which status, and what the answer says about it.

use serde_json::{Value, json};

use crate::support::{Reply, Server};

/// A name, a path, a body; and what must come of it: status, field, a part of the detail.
type Case<'a> = (&'a str, &'a str, Vec<u8>, u16, Option<&'a str>, &'a str);

fn case<'a>(
    path: &'a str,
    body: Value,
    status: u16,
    field: impl Into<Option<&'a str>>,
    says: &'a str,
) -> Case<'a> {
    let name = "JSON";
    (name, path, body.to_string().into(), status, field.into(), says)
}

fn text<'a>(name: &'a str, body: impl Into<Vec<u8>>, status: u16, says: &'a str) -> Case<'a> {
    (name, "/route", body.into(), status, None, says)
}

/// Sends them all before it complains.
fn check(server: &Server, cases: Vec<Case<'_>>) {
    let json = [("content-type", "application/json")];
    let mut wrong = Vec::new();
    for (name, path, body, status, field, says) in cases {
        let shown: String = String::from_utf8_lossy(&body).chars().take(80).collect();
        let reply = server.send("POST", path, &json, body);
        let detail = reply.body["detail"].as_str().unwrap_or_default();
        let right = reply.status == status
            && reply.header("content-type") == Some("application/problem+json")
            && reply.body["status"] == status
            && reply.body["field"].as_str() == field
            && detail.contains(says);
        if !right {
            wrong.push(format!(
                "{name} {path} {shown}\n  want {status} {field:?} {says:?}\n  got {reply:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(server.get("/routes").header("etag"), Some("\"1\""), "unchanged");
}

#[test]
fn a_query_that_is_none() {
    let (one, batch) = ("/route", "/route/batch");
    let long = "x".repeat((64 << 10) + 1);
    let cases = vec![
        case(one, json!({}), 422, "query", "missing field"),
        case(one, json!({"query": null}), 422, "query", "null"),
        case(one, json!({"query": 5}), 422, "query", "expected a string"),
        case(one, json!({"query": ""}), 422, "query", "blank"),
        case(one, json!({"query": " \t\n"}), 422, "query", "blank"),
        case(one, json!({"query": "x", "qury": 1}), 422, "qury", "unknown field"),
        case(one, json!({"query": "x", "": 1}), 422, "", r#""": unknown field"#),
        case(one, json!({"query": "x", "top_k": 0}), 422, "top_k", "between 1 and 100"),
        case(one, json!({"query": "x", "top_k": -1}), 422, "top_k", "-1"),
        case(one, json!({"query": "x", "top_k": 1.5}), 422, "top_k", "1.5"),
        case(one, json!({"query": long}), 413, "query", "64 KiB"),
        case(one, json!({"query": "x".repeat(1 << 20)}), 413, "query", "1048576 bytes"),
        case(one, json!(["where is my bill"]), 422, None, "JSON object"),
        case(one, json!("where is my bill"), 422, None, "JSON object"),
        case(batch, json!({}), 422, "queries", "missing field"),
        case(batch, json!({"queries": "x"}), 422, "queries", "expected a sequence"),
        case(batch, json!({"queries": []}), 422, "queries", "empty"),
        case(batch, json!({"queries": ["x", 5]}), 422, "queries[1]", "expected a string"),
        case(batch, json!({"queries": ["x", "y", " "]}), 422, "queries[2]", "blank"),
        case(batch, json!({"queries": ["x", long]}), 413, "queries[1]", "64 KiB"),
        case(batch, json!({"queries": vec!["x"; 10_001]}), 422, "queries", "10000"),
    ];
    check(&Server::start(), cases);
}

#[test]
fn a_body_that_is_none() {
    let deep = |before: &str, after: &str| {
        let (open, close) = ("[".repeat(100_000), "]".repeat(100_000));
        format!("{before}{open}{close}{after}")
    };
    let deep_query = deep(r#"{"query": "#, "}");
    let deep_metadata = deep(r#"{"name": "x", "utterances": ["x"], "metadata": {"x": "#, "}}");
    let cases = vec![
        text("cut short", r#"{"query": "x""#, 400, "line 1 column 13"),
        text("second line", "{\n  query: 1}", 400, "line 2 column 3"),
        text("two values", r#"{"query": "x"} {}"#, 400, "trailing"),
        text("blank", " ", 400, "EOF"),
        text("no JSON", "query=x", 400, "line 1 column 1"),
        text("no UTF-8", b"{\"query\": \"\xff\"}", 400, "byte 11"),
        text("half a pair", r#"{"query": "\ud800"}"#, 400, "hex escape"),
        text("raw control", "{\"query\": \"a\u{1}b\"}", 400, "control"),
        text("too deep", deep("", ""), 422, "JSON object"),
        ("too deep", "/route", deep_query.into(), 422, Some("query"), "string"),
        ("too deep", "/routes", deep_metadata.into(), 400, None, "recursion limit"),
    ];
    check(&Server::start(), cases);
}

#[test]
fn a_route_that_is_none() {
    let path = "/routes";
    let with = |key: &str, value: Value| {
        let mut route = json!({"name": "greeting", "utterances": ["hello"]});
        route[key] = value;
        route
    };
    let long = "x".repeat((64 << 10) + 1);
    let cases = vec![
        case(path, json!({"name": "x"}), 422, "utterances", "missing field"),
        case(path, json!({"utterances": ["x"]}), 422, "name", "missing field"),
        case(path, with("name", json!("")), 422, "name", "empty"),
        case(path, with("name", json!(" x")), 422, "name", "white space"),
        case(path, with("name", json!("a\u{0}b")), 422, "name", "control character"),
        case(path, with("name", json!("ä".repeat(129))), 422, "name", "at most 128"),
        case(path, with("utterances", json!([])), 422, "utterances", "no utterances"),
        case(path, with("utterances", json!(["x", ""])), 422, "utterances[1]", "blank"),
        case(path, with("utterances", json!(["x", long])), 413, "utterances[1]", "64 KiB"),
        case(path, with("negatives", json!([1])), 422, "negatives[0]", "string"),
        case(path, with("negatives", json!([" "])), 422, "negatives[0]", "blank"),
        case(path, with("threshold", json!(1.01)), 422, "threshold", "between 0 and 1"),
        case(path, with("threshold", json!("0.5")), 422, "threshold", "a number"),
        case(path, with("score_threshold", json!(-1.5)), 422, "score_threshold", "-1 and 1"),
        case(path, with("description", json!(1)), 422, "description", "string"),
        case(path, with("metadata", json!([])), 422, "metadata", "map"),
        case(path, with("metadata", json!({"k": long})), 413, "metadata", "\"greeting\""),
        case(path, with("thresold", json!(1)), 422, "thresold", "unknown field"),
    ];
    check(&Server::start(), cases);
}

#[test]
fn utterances_that_are_none() {
    let path = "/routes/billing/utterances";
    let both = json!({"utterance": "x", "utterances": ["x"]});
    let one = json!({"utterance": "x"});
    let cases = vec![
        case(path, json!({}), 422, "utterance", "either"),
        case(path, both, 422, "utterances", "either"),
        case(path, json!({"utterance": " "}), 422, "utterance", "blank"),
        case(path, json!({"utterances": []}), 422, "utterances", "empty"),
        case(path, json!({"utterances": ["x", ""]}), 422, "utterances[1]", "blank"),
        case("/routes/none/utterances", one.clone(), 404, None, "\"none\""),
        case("/routes/%20x/utterances", one.clone(), 422, "name", "white space"),
        case("/routes/a%0Ab/utterances", one.clone(), 422, "name", "control"),
        case("/routes/%FF/utterances", one, 422, "name", "UTF-8"),
    ];
    check(&Server::start(), cases);
}

#[test]
fn an_input_that_is_none() {
    let path = "/v1/embeddings";
    let with = |key: &str, value: Value| {
        let mut body = json!({"input": "hello"});
        body[key] = value;
        body
    };
    let cases = vec![
        case(path, json!({}), 422, "input", "missing field"),
        case(path, with("input", json!(5)), 422, "input", "a string or a list of strings"),
        case(path, with("input", json!("")), 422, "input", "blank"),
        case(path, with("input", json!([])), 422, "input", "empty"),
        case(path, with("input", json!(["x", ""])), 422, "input[1]", "blank"),
        case(path, with("input", json!(["x", [1, 2]])), 422, "input[1]", "string"),
        case(path, with("input", json!(vec!["x"; 2049])), 422, "input", "2048"),
        case(path, with("dimensions", json!(256)), 422, "dimensions", "384"),
        case(path, with("encoding_format", json!("hex")), 422, "encoding_format", "base64"),
        case(path, with("inputs", json!("x")), 422, "inputs", "unknown field"),
    ];
    check(&Server::start(), cases);
}

#[test]
fn a_path_a_method_a_type_or_a_page_that_is_none() {
    let server = Server::start();
    let detail = server.get("/rout").problem(404, None);
    assert!(detail.contains("/rout"), "{detail}");
    server.get("/routes/").problem(404, None);
    let detail = server.get("/routes/none").problem(404, None);
    assert!(detail.contains("none"), "{detail}");
    let too_long = format!("/routes/{}", "x".repeat(129));
    server.get(&too_long).problem(422, Some("name"));

    for (method, path, allow) in [
        ("GET", "/route", "POST"),
        ("POST", "/health", "GET,HEAD"),
        ("PUT", "/routes", "GET,HEAD,POST"),
    ] {
        let reply = server.send(method, path, &[], "");
        assert_eq!(reply.header("allow"), Some(allow), "{method} {path}");
        let detail = reply.problem(405, None);
        assert!(detail.contains(method), "{detail}");
    }

    for found in [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/x")]]
    {
        let reply = server.send("POST", "/route", found, r#"{"query": "x"}"#);
        let detail = reply.problem(415, None);
        assert!(detail.contains("Content-Type: application/json"), "{detail}");
    }
    let charset = [("content-type", "Application/JSON; charset=utf-8")];
    assert_eq!(server.send("POST", "/route", &charset, r#"{"query": "x"}"#).status, 200);

    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=ten", "limit"),
        ("cursor=%21", "cursor"),
        ("page=2", "page"),
    ] {
        server.get(&format!("/routes?{query}")).problem(422, Some(field));
    }
}

#[test]
fn a_body_larger_than_allowed_is_refused_before_it_comes() {
    let server = Server::start();
    let declared = server.connect(
        b"POST /route HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
          content-type: application/json\r\ncontent-length: 16777217\r\n\r\n",
    );
    let detail = Reply::from(declared).problem(413, None);
    assert!(detail.contains("16 MiB"), "{detail}");

    let chunk = format!("100000\r\n{}\r\n", " ".repeat(1 << 20)).repeat(16);
    let undeclared = format!(
        "POST /route HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{chunk}1\r\n "
    );
    let undeclared = server.connect(undeclared.as_bytes());
    Reply::from(undeclared).problem(413, None);
}
