//! `POST /v1/embeddings`, as OpenAI's clients call it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::support::Server;

const PATH: &str = "/v1/embeddings";

fn floats(embedding: &Value) -> Vec<f32> {
    serde_json::from_value(embedding.clone()).unwrap()
}

#[test]
fn one_text_has_openais_shape() {
    let server = Server::start();
    let body = json!({"input": "where is my bill", "model": "bge-small-en-v1.5",
                      "encoding_format": "float", "dimensions": 384, "user": "someone"});
    let mut answer = server.post(PATH, &body).ok();
    let vector = floats(&answer["data"][0]["embedding"].take());
    assert_eq!(vector.len(), 384);
    let norm: f32 = vector.iter().map(|x| x * x).sum();
    assert!((norm - 1.0).abs() < 1e-4, "{norm}");
    let expected = json!({
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": null}],
        "model": "bge-small-en-v1.5-int8",
        "usage": {"prompt_tokens": 6, "total_tokens": 6},
    });
    assert_eq!(answer, expected);
}

#[test]
fn many_texts_are_as_each_alone_in_either_format() {
    let server = Server::start();
    let texts: Vec<String> = (0..11).map(|i| format!("number {i} of the orders")).collect();
    let many = json!({"input": texts, "encoding_format": "base64"});
    let many = server.post(PATH, &many).ok();
    for (index, text) in texts.iter().enumerate() {
        let datum = &many["data"][index];
        assert_eq!(datum["index"], index);
        let bytes = BASE64_STANDARD.decode(datum["embedding"].as_str().unwrap()).unwrap();
        let alone = json!({"input": text, "model": "bge-small-en-v1.5-int8"});
        let alone = floats(&server.post(PATH, &alone).ok()["data"][0]["embedding"]);
        let alone: Vec<u8> = alone.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(bytes, alone, "{text}");
    }
}

#[test]
fn a_text_too_long_for_the_model_says_so() {
    let server = Server::start();
    let body = json!({"input": ["short", "long ".repeat(600)]});
    let answer = server.post(PATH, &body).ok();
    assert_eq!(answer["data"][0].get("truncated"), None);
    assert_eq!(answer["data"][1]["truncated"], true);
    assert_eq!(answer["usage"]["total_tokens"], 3 + 512);
}

#[test]
fn another_model_is_not_pretended() {
    let server = Server::start();
    let body = json!({"input": "hello", "model": "text-embedding-3-small"});
    let detail = server.post(PATH, &body).problem(404, Some("model"));
    assert!(detail.contains("bge-small-en-v1.5-int8"), "{detail}");
}
