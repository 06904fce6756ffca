//! The contract as a document: it says what is there, and what it says is so.

use std::collections::HashSet;

use regex::Regex;
use serde_json::{Value, json};
use synaptoroute::{RouteName, Text};

use crate::support::Server;

/// Method, path and description of every call.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let calls = paths.flat_map(|(path, item)| {
        let calls = item.as_object().unwrap().iter();
        calls.map(move |(method, call)| (method.to_uppercase(), path.clone(), call))
    });
    calls.collect()
}

/// The path with values for its parameters.
fn filled(path: &str) -> String {
    let path = path.replace("{namespace}", "default").replace("{name}", "billing");
    path.replace("{from}", "0").replace("{to}", "1").replace("{number}", "1")
}

/// What a reference stands for.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
        None => schema,
    }
}

/// The example of a call's JSON body; null if it takes none.
fn example(document: &Value, call: &Value) -> Value {
    let content = &call["requestBody"]["content"]["application/json"];
    if content.is_null() {
        return Value::Null;
    }
    let schema = resolved(document, &content["schema"]);
    let example = schema.get("example").or_else(|| schema["examples"].get(0));
    example.unwrap_or_else(|| panic!("no example: {content}")).clone()
}

#[test]
fn every_call_of_the_document_is_served_and_each_has_its_name() {
    let server = Server::start();
    let document = server.get("/openapi.json").ok();
    let mut names = HashSet::new();
    for (method, path, call) in operations(&document) {
        assert!(names.insert(call["operationId"].as_str().unwrap()), "{call}");
        assert!(call["summary"].is_string() && call["tags"][0].is_string(), "{method} {path}");
        let headers = [("content-type", "application/json"), ("if-match", "\"999\"")];
        let reply = server.send(&method, &filled(&path), &headers, "");
        assert_ne!(reply.status, 405, "{method} {path}");
        let unknown = reply.body["detail"].as_str().is_some_and(|d| d.contains("nothing is at"));
        assert!(!unknown, "{method} {path}");
        // The client went on to the page by itself.
        let status = if path == "/docs" { 308 } else { reply.status }.to_string();
        assert!(call["responses"][&status].is_object(), "{method} {path}: {status}");
    }
    assert!(names.len() > 40, "{names:?}");
}

#[test]
fn every_method_that_is_served_is_in_the_document() {
    let server = Server::start();
    let document = server.get("/openapi.json").ok();
    let paths = document["paths"].as_object().unwrap();
    for (path, item) in paths {
        // A method that no path takes is answered with those that it takes.
        let reply = server.send("OPTIONS", &filled(path), &[], "");
        let allowed = reply.header("allow").unwrap().to_owned();
        reply.problem(405, None);
        let mut served: Vec<&str> = allowed.split(',').filter(|m| *m != "HEAD").collect();
        served.sort_unstable();
        let named = item.as_object().unwrap().keys().map(|method| method.to_uppercase());
        let mut named: Vec<String> = named.collect();
        named.sort_unstable();
        assert_eq!(named, served, "{path}");
    }
    // Those that the service has for its callers; a new one is to be added here and there.
    for path in [
        "/route",
        "/evaluate",
        "/fit",
        "/tune",
        "/models",
        "/routes",
        "/settings",
        "/export",
        "/ready",
        "/docs",
        "/backup",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
}

#[test]
fn every_example_of_a_body_is_accepted() {
    let server = Server::start();
    let document = server.get("/openapi.json").ok();
    let mut sent = 0;
    for (method, path, call) in operations(&document) {
        let body = example(&document, call);
        // What is to be removed must be there.
        if body.is_null() || method == "DELETE" {
            continue;
        }
        let json = [("content-type", "application/json")];
        let reply = server.send(&method, &filled(&path), &json, body.to_string());
        if path.ends_with("/tune") {
            // This server was given an encoder, and no model file to begin from.
            assert!(reply.problem(409, None).contains("model files"));
            continue;
        }
        assert_eq!(reply.status, 200, "{method} {path} {body}: {reply:?}");
        sent += 1;
    }
    assert!(sent > 15, "{sent}");
}

#[test]
fn a_decision_has_the_fields_of_its_example() {
    let server = Server::start();
    let document = server.get("/openapi.json").ok();
    let call = &document["paths"]["/route"]["post"];
    let shown = &call["responses"]["200"]["content"]["application/json"]["example"];
    let body = json!({"query": "I was charged twice", "top_k": 1});
    let answer = server.post("/route", &body).ok();
    same_fields("", shown, &answer);
}

/// Checks names and types, all the way down; of lists the first entries.
fn same_fields(at: &str, shown: &Value, found: &Value) {
    match (shown, found) {
        (Value::Object(shown), Value::Object(found)) => {
            let names = |map: &serde_json::Map<String, Value>| map.keys().cloned().collect();
            let (names, others): (Vec<_>, Vec<_>) = (names(shown), names(found));
            assert_eq!(names, others, "{at}");
            for (name, value) in shown {
                same_fields(&format!("{at}.{name}"), value, &found[name]);
            }
        }
        (Value::Array(shown), Value::Array(found)) => same_fields(at, &shown[0], &found[0]),
        _ => assert_eq!(shown.is_number(), found.is_number(), "{at}: {shown} {found}"),
    }
}

#[test]
fn a_parameter_on_a_call_that_takes_none_is_refused() {
    let server = Server::start();
    for path in ["/health", "/settings", "/routes/billing", "/namespaces/default/settings"] {
        let detail = server.get(&format!("{path}?verbose=1")).problem(422, Some("verbose"));
        assert!(detail.contains("takes none"), "{detail}");
        assert_eq!(server.get(&format!("{path}?")).status, 200, "{path}");
    }
    let body = json!({"query": "I was charged twice"});
    server.post("/route?top_k=1", &body).problem(422, Some("top_k"));
    server.get("/settings?&=x").problem(422, Some(""));
}

#[test]
fn a_whole_number_may_be_written_with_a_fraction_of_nought() {
    let server = Server::start();
    let ask = |top_k: Value| {
        server.post("/route", &json!({"query": "I was charged twice", "top_k": top_k}))
    };
    assert_eq!(ask(json!(2.0)).ok()["candidates"].as_array().unwrap().len(), 2);
    for odd in [json!(1.5), json!(-1), json!(1e30), json!("1"), json!(true)] {
        let detail = ask(odd.clone()).problem(422, Some("top_k"));
        assert!(!detail.contains("u64"), "{odd}: {detail}");
    }
}

#[test]
fn the_page_brings_all_that_it_needs() {
    let server = Server::start();
    let moved = server.connect(b"GET /docs HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let moved = crate::support::Reply::from(moved);
    assert_eq!((moved.status, moved.header("location")), (308, Some("docs/")));

    let page = server.get("/docs/");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let page = page.body.as_str().unwrap().to_owned();
    assert!(!page.contains("://"), "nothing from outside: {page}");
    let named = page
        .split(['"', '\''])
        .filter(|part| [".css", ".js", ".png"].iter().any(|end| part.ends_with(end)));
    let named: Vec<&str> = named.collect();
    assert!(named.len() >= 4, "{named:?}");
    for name in named {
        let file = server.get(&format!("/docs/{}", name.trim_start_matches("./")));
        assert_eq!(file.status, 200, "{name}");
        assert!(!file.bytes.is_empty(), "{name}");
    }
    let start = server.get("/docs/swagger-initializer.js");
    let start = start.body.as_str().unwrap();
    assert!(start.contains("../openapi.json") && !start.contains("://"), "{start}");
    for none in ["/docs/none.js", "/docs/%FF", "/docs/..%2FCargo.toml"] {
        server.get(none).problem(404, None);
    }
}

/// Dialects of patterns do not agree on what `\s` is: U+0085 is white space to some and to us,
/// U+FEFF to others. A text of U+0085 alone was sound by the document and refused as blank.
#[test]
fn what_is_blank_by_the_document_is_blank_to_the_service() {
    let server = Server::start();
    let document = server.get("/openapi.json").ok();
    let pattern = |schema: &str| {
        let schema = &document["components"]["schemas"][schema];
        Regex::new(schema["pattern"].as_str().unwrap()).unwrap()
    };
    let (text, name) = (pattern("Text"), pattern("RouteName"));
    for character in char::MIN..=char::MAX {
        let alone = character.to_string();
        assert_eq!(text.is_match(&alone), Text::try_from(&*alone).is_ok(), "{character:?}");
        assert_eq!(name.is_match(&alone), RouteName::try_from(&*alone).is_ok(), "{character:?}");
        let within = format!("a{character}b");
        assert_eq!(name.is_match(&within), RouteName::try_from(&*within).is_ok(), "{within:?}");
    }
}
