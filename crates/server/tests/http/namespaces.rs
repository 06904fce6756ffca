//! Namespaces: made, listed, removed, and nothing of one seen from another.

use serde_json::{Value, json};

use crate::support::{Reply, Server};

#[test]
fn namespaces_are_made_listed_and_removed() {
    let server = Server::start();
    let made = server.put("/namespaces/shop%20%C3%BC");
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(made.body, json!({"status": "success", "namespace": "shop ü"}));
    assert_eq!(server.put("/namespaces/shop%20%C3%BC").ok(), made.body, "it stays");
    let expected = json!({"namespaces": [
        {"name": "default", "route_count": 3, "text_count": 8, "revision": 1},
        {"name": "shop ü", "route_count": 0, "text_count": 0, "revision": 0},
    ]});
    assert_eq!(server.get("/namespaces").ok(), expected);
    assert_eq!(server.delete("/namespaces/shop%20%C3%BC", &Value::Null).ok(), made.body);
    server.delete("/namespaces/shop%20%C3%BC", &Value::Null).problem(404, None);
    assert_eq!(server.get("/namespaces").ok()["namespaces"].as_array().unwrap().len(), 1);
}

#[test]
fn namespaces_see_nothing_of_each_other() {
    let server = Server::start();
    for name in ["a", "b"] {
        assert_eq!(server.put(&format!("/namespaces/{name}")).status, 201);
        let route = json!({"name": format!("only in {name}"), "utterances": ["where is my bill"]});
        assert_eq!(server.post(&format!("/namespaces/{name}/routes"), &route).revision(), 1);
    }
    server.post("/namespaces/a/negatives", &json!({"utterance": "hello there"})).revision();
    server.patch("/namespaces/a/settings", &json!({"margin": 1.0})).revision();
    let query = json!({"query": "where is my bill"});
    for (at, intent, revision) in [
        ("", "billing", 1),
        ("/namespaces/default", "billing", 1),
        ("/namespaces/a", "only in a", 3),
        ("/namespaces/b", "only in b", 1),
    ] {
        let decision = server.post(&format!("{at}/route"), &query).ok();
        assert_eq!(
            (&decision["intent"], &decision["revision"]),
            (&json!(intent), &json!(revision))
        );
        let batch = json!({"queries": ["where is my bill"]});
        let batch = server.post(&format!("{at}/route/batch"), &batch).ok();
        assert_eq!(batch["decisions"][0]["intent"], intent, "{at}");
        let tag = format!("\"{revision}\"");
        assert_eq!(server.get(&format!("{at}/routes")).header("etag"), Some(&*tag), "{at}");
        let kept = server.get(&format!("{at}/revisions")).ok();
        assert_eq!(kept["revisions"].as_array().unwrap().len(), revision, "{at}");
    }
    let in_b = "/namespaces/b";
    assert_eq!(server.get(&format!("{in_b}/negatives")).ok()["negatives"], json!([]));
    assert_eq!(server.get(&format!("{in_b}/settings")).ok()["margin"], 0.0);
    server.get(&format!("{in_b}/routes/billing")).problem(404, None);

    server.delete("/namespaces/a", &Value::Null).ok();
    let detail = server.post("/namespaces/a/route", &query).problem(404, None);
    assert!(detail.contains("\"a\""), "{detail}");
    assert_eq!(server.put("/namespaces/a").status, 201);
    let anew = server.get("/namespaces/a/routes");
    assert_eq!(anew.header("etag"), Some("\"0\""));
    assert_eq!(anew.ok()["routes"], json!([]), "what was deleted does not come back");
    assert_eq!(server.post("/namespaces/b/route", &query).ok()["intent"], "only in b");
}

#[test]
fn default_cannot_be_removed() {
    let server = Server::start();
    let detail = server.delete("/namespaces/default", &Value::Null).problem(409, None);
    assert!(detail.contains("default"), "{detail}");
    assert_eq!(server.get("/routes").ok()["routes"].as_array().unwrap().len(), 3);
}

#[test]
fn a_namespace_is_made_or_removed_at_the_revision_that_is_expected() {
    let server = Server::start();
    let send =
        |method: &str, tag: &str| server.send(method, "/namespaces/a", &[("if-match", tag)], "");
    for tag in ["\"0\"", "\"1\"", "*"] {
        let detail = send("PUT", tag).problem(412, None);
        assert!(detail.contains("no namespace \"a\""), "{detail}");
        assert_eq!(server.get("/namespaces/a/routes").status, 404, "nothing is made with {tag}");
    }
    send("DELETE", "\"1\"").problem(404, None);
    server.put("/namespaces/a");
    let route = json!({"name": "greeting", "utterances": ["hello"]});
    server.post("/namespaces/a/routes", &route).revision();
    send("PUT", "\"0\"").problem(412, None);
    assert_eq!(send("PUT", "\"1\"").status, 200);
    assert_eq!(send("PUT", "*").status, 200);
    let detail = send("DELETE", "\"0\"").problem(412, None);
    assert!(detail.contains("revision 1"), "{detail}");
    assert_eq!(server.get("/namespaces/a/routes/greeting").status, 200);
    assert_eq!(send("DELETE", "\"1\"").status, 200);
}

/// Most clients would never send such a path; see `request/path.rs`.
#[test]
fn names_that_look_like_steps_are_names_to_the_server() {
    let server = Server::start();
    for name in [".", "..", "%2e%2E"] {
        let plain = name.replace("%2e", ".").replace("%2E", ".");
        let route = json!({"name": plain, "utterances": ["up one step"]});
        server.post("/routes", &route).revision();
        let request =
            format!("GET /routes/{name} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let read = Reply::from(server.connect(request.as_bytes())).ok();
        assert_eq!(read["name"], plain);
    }
}
