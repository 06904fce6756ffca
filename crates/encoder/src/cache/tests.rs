use std::sync::Mutex;

use synaptoroute_kernels::Isa;

use super::*;
use crate::fingerprint::Fingerprint;

/// Writes down what it is asked, and refuses one word.
struct Counting {
    info: ModelInfo,
    asked: Mutex<Vec<String>>,
}

impl Counting {
    fn new() -> Self {
        let fingerprint = Fingerprint::of(b"counting");
        let info = ModelInfo::new("counting".to_owned(), fingerprint, 4, 512, Isa::Scalar);
        Self { info, asked: Mutex::default() }
    }
}

impl Encoder for Counting {
    fn model(&self) -> &ModelInfo {
        &self.info
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>, EncodeError> {
        if let Some(index) = texts.iter().position(|text| *text == "refused") {
            return Err(EncodeError::Tokenizer { index, message: "it is refused".to_owned() });
        }
        self.asked.lock().unwrap().extend(texts.iter().map(|text| (*text).to_owned()));
        let embed = |text: &&str| Embedding {
            vector: vec![text.len() as f32; 4],
            tokens: text.len(),
            truncated: false,
        };
        Ok(texts.iter().map(embed).collect())
    }
}

#[test]
fn a_text_is_encoded_once_and_its_place_is_kept() {
    let cached = Cached::new(Counting::new(), 1 << 20);
    let first = cached.encode(&["a", "bb"]).unwrap();
    let second = cached.encode(&["ccc", "bb", "dddd", "a"]).unwrap();
    assert_eq!(second[1], first[1]);
    assert_eq!(second[3], first[0]);
    let lengths: Vec<usize> = second.iter().map(|embedding| embedding.tokens).collect();
    assert_eq!(lengths, [3, 2, 4, 1]);
    assert_eq!(*cached.encoder.asked.lock().unwrap(), ["a", "bb", "ccc", "dddd"]);
    let stats = cached.cache_stats().unwrap();
    assert_eq!((stats.hits, stats.misses, stats.texts), (2, 4, 4));
}

#[test]
fn a_refusal_names_the_place_in_what_was_asked() {
    let cached = Cached::new(Counting::new(), 1 << 20);
    cached.encode(&["a", "b"]).unwrap();
    let refused = cached.encode(&["a", "b", "c", "refused"]).unwrap_err();
    assert_eq!(refused.index(), 3);
    // Nothing of it is kept, and a refusal is no answer to keep.
    assert_eq!(cached.cache_stats().unwrap().texts, 2);
}

#[test]
fn it_stays_within_its_bytes() {
    let capacity = 64 << 10;
    let cached = Cached::new(Counting::new(), capacity);
    for number in 0..10_000 {
        cached.encode(&[&format!("text {number}")]).unwrap();
        let stats = cached.cache_stats().unwrap();
        assert!(stats.bytes <= capacity, "{stats:?}");
    }
    assert!(cached.cache_stats().unwrap().texts > 50);
}

#[test]
fn what_comes_often_outlives_a_flood_of_what_comes_once() {
    let cached = Cached::new(Counting::new(), 256 << 10);
    for _ in 0..4 {
        cached.encode(&["often"]).unwrap();
    }
    for number in 0..5_000 {
        cached.encode(&[&format!("once {number}")]).unwrap();
        if number % 100 == 0 {
            cached.encode(&["often"]).unwrap();
        }
    }
    let asked = cached.encoder.asked.lock().unwrap();
    assert_eq!(asked.iter().filter(|text| *text == "often").count(), 1);
}
