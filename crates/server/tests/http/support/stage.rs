//! The real model, which some words make hold, fail or panic.

use std::sync::{Arc, Condvar, LazyLock, Mutex};

use synaptoroute::{Bert, Embedding, EncodeError, Encoder, Kernels, ModelFile, ModelInfo, Models};

/// A text with this word waits for [`Stage::release`].
pub(crate) const HOLD: &str = "HOLD";
/// A text with this word cannot be encoded.
pub(crate) const FAIL: &str = "FAIL";
/// A text with this word makes the encoder panic.
pub(crate) const PANIC: &str = "PANIC";

const PATH: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/bge-small-en-v1.5/model.safetensors");

static MODEL: LazyLock<Arc<Bert>> =
    LazyLock::new(|| Arc::new(Bert::open(PATH, Kernels::from_env().unwrap()).unwrap()));

static MODELS: LazyLock<Arc<Models>> = LazyLock::new(|| {
    let file = ModelFile::open(PATH).unwrap();
    Arc::new(Models::new(file, Kernels::from_env().unwrap()))
});

/// The model file, by which a router can change its model. Its encoders are told nothing.
pub(crate) fn models() -> Arc<Models> {
    Arc::clone(&MODELS)
}

/// An encoder that does as texts tell it.
pub(crate) struct Stage {
    model: Arc<Bert>,
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Default)]
struct Now {
    held: usize,
    released: bool,
    broken: Option<&'static str>,
    asked: usize,
}

impl Stage {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { model: Arc::clone(&MODEL), now: Mutex::default(), changed: Condvar::new() })
    }

    /// Returns once a text with [`HOLD`] is being encoded.
    pub(crate) fn wait_until_held(&self) {
        let now = self.now.lock().unwrap();
        drop(self.changed.wait_while(now, |now| now.held == 0).unwrap());
    }

    /// Lets go of all that is held, and holds nothing any more.
    pub(crate) fn release(&self) {
        self.now.lock().unwrap().released = true;
        self.changed.notify_all();
    }

    /// Texts that it was given.
    pub(crate) fn asked(&self) -> usize {
        self.now.lock().unwrap().asked
    }

    /// Treats every text as if it had this word.
    pub(crate) fn break_with(&self, word: Option<&'static str>) {
        self.now.lock().unwrap().broken = word;
    }

    fn hold(&self) {
        let mut now = self.now.lock().unwrap();
        now.held += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(now, |now| !now.released).unwrap());
    }
}

impl Encoder for Stage {
    fn model(&self) -> &ModelInfo {
        self.model.model()
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>, EncodeError> {
        let mut now = self.now.lock().unwrap();
        now.asked += texts.len();
        let broken = now.broken;
        drop(now);
        let told = |word| broken == Some(word) || texts.iter().any(|text| text.contains(word));
        assert!(!told(PANIC), "as the test wants");
        if told(FAIL) {
            // The first if all are to fail.
            let index = texts.iter().position(|text| text.contains(FAIL)).unwrap_or_default();
            return Err(EncodeError::Tokenizer { index, message: "as the test wants".to_owned() });
        }
        if told(HOLD) {
            self.hold();
        }
        self.model.encode(texts)
    }
}
