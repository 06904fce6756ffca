//! A small request can ask for a large answer, and gets none of any size.

use std::io::Read;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use synaptoroute_server::Config;

use crate::support::Server;

/// Three utterances that are long, and six times as long in JSON: each decision for them has
/// more than a megabyte. To the model they are short.
fn heavy(config: Config) -> Server {
    let server = Server::with(config);
    let utterance = |word: &str| format!("my parrot {word}{}", "\u{1}".repeat(65_000));
    let utterances = ["sings", "speaks", "flies"].map(utterance);
    let route = json!({"name": "parrot", "utterances": utterances, "metadata": {"bird": true}});
    server.post("/routes", &route).revision();
    server
}

fn batch(queries: usize) -> Value {
    json!({"queries": vec!["my parrot sings"; queries], "top_k": 1})
}

/// Bytes that count, once they are as they should be; for a while they may not be.
fn bytes_become(server: &Server, right: impl Fn(u64) -> bool) -> u64 {
    for _ in 0..3000 {
        let bytes = server.get("/health").ok()["queue"]["bytes"].as_u64().unwrap();
        if right(bytes) {
            return bytes;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("the bytes inside do not become what they should");
}

#[test]
fn a_long_answer_is_whole() {
    let server = heavy(Config { workers: 2, ..Config::default() });
    let single = server.post("/route", &json!({"query": "my parrot sings", "top_k": 1}));
    assert!(single.bytes.len() > 1_000_000, "{}", single.bytes.len());
    assert_eq!(single.header("content-length"), Some(&*single.bytes.len().to_string()));
    let mut single = single.ok();
    let mut answer = server.post("/route/batch", &batch(10)).ok();
    let decisions = answer["decisions"].as_array_mut().unwrap();
    assert_eq!(decisions.len(), 10);
    single["timing"].take();
    for decision in decisions {
        decision["timing"].take();
        assert_eq!(*decision, single);
    }
    assert_eq!(server.post("/route/batch", &json!({"queries": ["x"]})).status, 200);
    bytes_become(&server, |bytes| bytes == 0);
}

#[test]
fn an_answer_over_its_limit_is_refused() {
    let server = heavy(Config { workers: 2, ..Config::default() });
    let detail = server.post("/route/batch", &batch(70)).problem(413, None);
    for part in ["64 MiB", "fewer", "top_k"] {
        assert!(detail.contains(part), "no {part} in {detail}");
    }
    bytes_become(&server, |bytes| bytes == 0);
}

#[test]
fn answers_count_as_what_is_inside_does() {
    let server = heavy(Config { workers: 2, max_queue_bytes: 4 << 20, ..Config::default() });
    let refused = server.post("/route/batch", &batch(10));
    assert_eq!(refused.header("retry-after"), Some("1"), "{}", refused.status);
    refused.problem(429, None);
    assert_eq!(server.post("/route/batch", &batch(2)).status, 200);
    bytes_become(&server, |bytes| bytes == 0);
}

#[test]
fn an_answer_counts_until_it_is_read_or_given_up() {
    let server = heavy(Config { workers: 2, ..Config::default() });
    let body = batch(40).to_string();
    let head = format!(
        "POST /route/batch HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // What the system holds on both sides is far less than 40 MB.
    let mut reads = server.connect(head.as_bytes());
    reads.read_exact(&mut [0; 12]).unwrap();
    let unread = bytes_become(&server, |bytes| bytes > 10_000_000);
    let mut all = Vec::new();
    reads.read_to_end(&mut all).unwrap();
    assert!(all.len() as u64 > unread, "{} {unread}", all.len());
    bytes_become(&server, |bytes| bytes == 0);

    let mut leaves = server.connect(head.as_bytes());
    leaves.read_exact(&mut [0; 12]).unwrap();
    bytes_become(&server, |bytes| bytes > 10_000_000);
    drop(leaves);
    bytes_become(&server, |bytes| bytes == 0);
}
