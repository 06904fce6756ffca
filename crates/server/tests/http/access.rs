//! Who may ask what: every call with every kind of key, and what cannot be got round.

use serde_json::{Value, json};
use synaptoroute_server::{Access, ApiKey, Config, Keys};

use crate::support::{Reply, Server};

/// A server that knows some keys.
struct Guarded {
    server: Server,
    access: Access,
    keys: Vec<(&'static str, ApiKey)>,
}

/// Names, and what stands behind the name and the hash.
const KEYS: [(&str, &str); 6] = [
    ("reader", "role: read"),
    ("writer", "role: write"),
    ("admin", "role: admin"),
    ("shop", "role: admin, namespaces: [shop]"),
    ("root", "role: admin, namespaces: [default]"),
    ("nowhere", "role: read, namespaces: []"),
];

impl Guarded {
    fn start() -> Self {
        let keys: Vec<_> =
            KEYS.iter().map(|(name, _)| (*name, ApiKey::generate().unwrap())).collect();
        let access = Access::new(list(&keys));
        let config = Config { workers: 2, access: Some(access.clone()), ..Config::default() };
        let guarded = Self { server: Server::with(config), access, keys };
        for namespace in ["shop", "bank", "größe/maß"] {
            let path = format!(
                "/namespaces/{}",
                namespace.replace('/', "%2F").replace('ö', "%C3%B6").replace('ß', "%C3%9F")
            );
            assert_eq!(guarded.ask("admin", "PUT", &path).status, 201);
        }
        guarded
    }

    fn key(&self, name: &str) -> &str {
        self.keys.iter().find(|(known, _)| *known == name).unwrap().1.reveal()
    }

    fn ask(&self, name: &str, method: &str, path: &str) -> Reply {
        let bearer = format!("Bearer {}", self.key(name));
        self.server.send(method, path, &[("authorization", &bearer)], "")
    }

    fn post(&self, name: &str, path: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {}", self.key(name));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.server.send("POST", path, &headers, body.to_string())
    }
}

fn list(keys: &[(&str, ApiKey)]) -> Keys {
    let terms = |name: &str| KEYS.iter().find(|(known, _)| *known == name).unwrap().1;
    let entries = keys.iter().map(|(name, key)| {
        format!("- {{name: {name}, hash: \"{}\", {}}}\n", key.hash(), terms(name))
    });
    Keys::parse(&entries.collect::<String>()).unwrap()
}

/// The paths of `app`, as it writes them, those of a namespace's content also below one.
fn paths() -> Vec<String> {
    let source = include_str!("../../src/app.rs");
    let mut paths: Vec<String> = Vec::new();
    let (whole, content) = source.split_once("fn content()").unwrap();
    for (part, within) in [(whole, false), (content, true)] {
        for rest in part.split(".route(").skip(1) {
            let path = rest.trim_start().trim_start_matches('"').split('"').next().unwrap();
            assert!(path.starts_with('/'), "{path}");
            paths.push(path.to_owned());
            if within {
                paths.push(format!("/namespaces/{{namespace}}{path}"));
            }
        }
    }
    assert!(paths.len() > 30, "{paths:?}");
    let real = |path: String| {
        let path = path.replace("{namespace}", "default").replace("{name}", "billing");
        path.replace("{from}", "1").replace("{to}", "1").replace("{number}", "1")
    };
    paths.into_iter().map(real).collect()
}

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A call that the service has and the table has not would be a 403 or a 405 for everybody; the
/// other way round the table says what is not true.
#[test]
fn the_table_knows_the_calls_that_there_are() {
    let (open, guarded) = (Server::start(), Guarded::start());
    let mut wrong = Vec::new();
    for path in paths() {
        for method in METHODS {
            // That these end what the others ask for is no matter: so they do on both.
            let (a, b) = (open.send(method, &path, &[], ""), guarded.ask("admin", method, &path));
            if (a.status == 405) != (b.status == 405) || matches!(b.status, 401 | 403) {
                wrong
                    .push(format!("{method} {path}: {} without keys, {} with", a.status, b.status));
            }
            if a.status == 405 {
                let sorted = |reply: &Reply| {
                    let mut allowed: Vec<_> =
                        reply.header("allow").unwrap().split(',').map(str::to_owned).collect();
                    allowed.sort();
                    allowed
                };
                assert_eq!(sorted(&a), sorted(&b), "{method} {path}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A method, a path, and the names of the keys it is open to.
type Case = (&'static str, &'static str, &'static [&'static str]);

const ANY: &[&str] = &["reader", "writer", "admin", "shop", "root", "nowhere"];
const ROOT_READ: &[&str] = &["reader", "writer", "admin", "root"];
const ROOT_WRITE: &[&str] = &["writer", "admin", "root"];

#[test]
fn each_role_opens_its_calls_and_no_others() {
    let cases: &[Case] = &[
        ("POST", "/route", ROOT_READ),
        ("POST", "/route/batch", ROOT_READ),
        ("POST", "/evaluate", ROOT_READ),
        ("POST", "/fit", ROOT_WRITE),
        ("GET", "/fits", ROOT_READ),
        ("POST", "/fits/1/use", ROOT_WRITE),
        ("POST", "/tune", &["admin", "root"]),
        ("GET", "/tune", ROOT_READ),
        ("DELETE", "/tune", &["admin", "root"]),
        ("GET", "/namespaces/shop/tune", &["reader", "writer", "admin", "shop"]),
        ("POST", "/namespaces/shop/tune", &["admin", "shop"]),
        ("GET", "/routes", ROOT_READ),
        ("HEAD", "/routes", ROOT_READ),
        ("POST", "/routes", ROOT_WRITE),
        ("GET", "/routes/x", ROOT_READ),
        ("PATCH", "/routes/x", ROOT_WRITE),
        ("DELETE", "/routes/x", ROOT_WRITE),
        ("POST", "/routes/x/utterances", ROOT_WRITE),
        ("DELETE", "/routes/x/utterances", ROOT_WRITE),
        ("POST", "/routes/x/negatives", ROOT_WRITE),
        ("DELETE", "/routes/x/negatives", ROOT_WRITE),
        ("GET", "/negatives", ROOT_READ),
        ("POST", "/negatives", ROOT_WRITE),
        ("DELETE", "/negatives", ROOT_WRITE),
        ("GET", "/settings", ROOT_READ),
        ("PATCH", "/settings", ROOT_WRITE),
        ("GET", "/export", ROOT_READ),
        ("GET", "/lint", ROOT_READ),
        ("POST", "/import", ROOT_WRITE),
        ("GET", "/revisions", ROOT_READ),
        ("GET", "/revisions/1/diff/1", ROOT_READ),
        ("POST", "/rollback", ROOT_WRITE),
        ("GET", "/namespaces/shop/routes", &["reader", "writer", "admin", "shop"]),
        ("POST", "/namespaces/shop/routes", &["writer", "admin", "shop"]),
        ("GET", "/namespaces/bank/routes", &["reader", "writer", "admin"]),
        ("GET", "/namespaces/default/routes", ROOT_READ),
        ("GET", "/namespaces/none-such/routes", &["reader", "writer", "admin"]),
        ("POST", "/v1/embeddings", ANY),
        ("GET", "/namespaces", ANY),
        ("PUT", "/namespaces/bank", &["admin"]),
        ("PUT", "/namespaces/shop", &["admin", "shop"]),
        ("DELETE", "/namespaces/none-such", &["admin"]),
        ("DELETE", "/namespaces/default", &["admin", "root"]),
        ("GET", "/models", &["reader", "writer", "admin"]),
        ("POST", "/models/7/use", &["admin"]),
        ("DELETE", "/models/7", &["admin"]),
        ("GET", "/backup", &["admin"]),
        ("GET", "/nowhere", ANY),
    ];
    let guarded = Guarded::start();
    let mut wrong = Vec::new();
    for (method, path, allowed) in cases {
        for (name, _) in KEYS {
            let status = guarded.ask(name, method, path).status;
            if (status == 403) == allowed.contains(&name) || status == 401 {
                wrong.push(format!("{method} {path} with {name}: {status}"));
            }
        }
        let reply = guarded.server.send(method, path, &[], "");
        if reply.status != 401 || reply.header("www-authenticate") != Some("Bearer") {
            wrong.push(format!("{method} {path} without a key: {reply:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for path in ["/health", "/ready"] {
        assert_eq!(guarded.server.get(path).status, 200, "{path}");
    }
}

#[test]
fn a_key_is_shown_in_one_way_and_is_a_secret() {
    let guarded = Guarded::start();
    let key = guarded.key("reader");
    let with = |headers: &[(&str, &str)]| guarded.server.send("GET", "/routes", headers, "");
    for (name, value) in [
        ("authorization", format!("Bearer {key}")),
        ("authorization", format!("bearer  {key} ")),
        ("x-api-key", key.to_owned()),
    ] {
        assert_eq!(with(&[(name, &value)]).status, 200, "{name}: {value}");
    }
    let bearer = format!("Bearer {key}");
    let near = format!("Bearer {}x", &key[..key.len() - 1]);
    let hash = format!("Bearer {}", guarded.keys[0].1.hash());
    let refused: [&[(&str, &str)]; 9] = [
        &[],
        &[("authorization", &near)],
        &[("authorization", &hash)],
        &[("authorization", key)],
        &[("authorization", "Bearer ")],
        &[("authorization", "Basic eDp5")],
        &[("authorization", &bearer), ("x-api-key", key)],
        &[("x-api-key", key), ("x-api-key", key)],
        &[("authorization", &bearer), ("authorization", &bearer)],
    ];
    for headers in refused {
        let detail = with(headers).problem(401, None);
        assert!(
            detail.contains("Authorization: Bearer KEY") || detail.contains("once"),
            "{detail}"
        );
        assert!(!detail.contains(key), "{detail}");
    }
    let detail = guarded.ask("reader", "POST", "/rollback").problem(403, None);
    assert!(detail.contains("\"reader\"") && detail.contains("write"), "{detail}");
}

#[test]
fn a_limit_to_namespaces_is_not_got_round() {
    let guarded = Guarded::start();
    // However it is written, it is the same name; and another stays another.
    for (path, status) in [
        ("/namespaces/%73hop/routes", 200),
        ("/namespaces/b%61nk/routes", 403),
        ("/namespaces/shop%2F..%2Fbank/routes", 403),
        ("/namespaces/shop/../bank/routes", 404),
        ("/namespaces//bank/routes", 404),
        ("//namespaces/bank/routes", 404),
        ("/namespaces/SHOP/routes", 403),
        ("/namespaces/shop%00/routes", 422),
        ("/namespaces/%ff/routes", 422),
        ("/namespaces/bank%/routes", 403),
        ("/routes?namespace=shop", 403),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: {}\r\n\r\n",
            guarded.key("shop")
        );
        let reply = Reply::from(guarded.server.connect(request.as_bytes()));
        assert_eq!(reply.status, status, "{path}: {reply:?}");
    }
    let body = json!({"query": "hello", "namespace": "bank"});
    guarded.post("shop", "/namespaces/shop/route", &body).problem(422, Some("namespace"));
    let file = json!({"version": 1, "namespace": "bank", "routes": []});
    assert_eq!(guarded.post("shop", "/namespaces/shop/import", &file).status, 422);

    let names = |key: &str| -> Vec<String> {
        let listed = guarded.ask(key, "GET", "/namespaces").ok();
        let name = |entry: &Value| entry["name"].as_str().unwrap().to_owned();
        listed["namespaces"].as_array().unwrap().iter().map(name).collect()
    };
    assert_eq!(names("reader"), ["bank", "default", "größe/maß", "shop"]);
    assert_eq!(names("shop"), ["shop"]);
    assert_eq!(names("nowhere"), [""; 0]);
    // What is refused is refused whether or not it is there.
    let told = |path| guarded.ask("shop", "GET", path).problem(403, None);
    assert_eq!(
        told("/namespaces/bank/routes"),
        told("/namespaces/none/routes").replace("none", "bank")
    );
}

/// The refusal comes before the body, which may be large.
#[test]
fn nobody_sends_a_body_in_vain() {
    let guarded = Guarded::start();
    let head = "POST /import HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                content-length: 60000000\r\nexpect: 100-continue\r\n\r\n";
    Reply::from(guarded.server.connect(head.as_bytes())).problem(401, None);
}

#[test]
fn other_keys_count_from_the_next_request_on() {
    let guarded = Guarded::start();
    assert_eq!(guarded.ask("reader", "GET", "/routes").status, 200);
    guarded.access.replace(list(&guarded.keys[1..]));
    guarded.ask("reader", "GET", "/routes").problem(401, None);
    assert_eq!(guarded.ask("writer", "GET", "/routes").status, 200);
}
