//! The model, and an encoder that can be told to fail.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use synaptoroute::{
    Answer, Bert, Embedding, EncodeError, Encoder, FileFormat, Kernels, ModelFile, ModelInfo,
    Route, RouteName, RouteOptions, Router, RoutesFile, Text, Timing,
};

/// A text with this word cannot be encoded.
pub(crate) const FAIL: &str = "unspeakable";
/// Texts with this word take long.
pub(crate) const SLOW: &str = "slow";

/// The built-in model's file.
pub(crate) fn model_file() -> ModelFile {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/bge-small-en-v1.5/model.safetensors");
    ModelFile::open(path).unwrap()
}

static MODEL: LazyLock<Arc<Bert>> =
    LazyLock::new(|| Arc::new(Bert::new(&model_file(), Kernels::from_env().unwrap()).unwrap()));

/// What happens at the next call, once.
type Hook = Box<dyn FnOnce() + Send>;

/// The real model, which counts its calls, fails and dawdles as texts tell it.
#[derive(Default)]
pub(crate) struct Moody {
    pub(crate) calls: AtomicUsize,
    pub(crate) hook: Mutex<Option<Hook>>,
}

impl Encoder for Moody {
    fn model(&self) -> &ModelInfo {
        MODEL.model()
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>, EncodeError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let hook = self.hook.lock().unwrap().take();
        if let Some(hook) = hook {
            hook();
        }
        if texts.iter().any(|text| text.contains(SLOW)) {
            std::thread::sleep(Duration::from_millis(50));
        }
        if let Some(index) = texts.iter().position(|text| text.contains(FAIL)) {
            return Err(EncodeError::Tokenizer { index, message: "no word for it".into() });
        }
        MODEL.encode(texts)
    }
}

pub(crate) fn router() -> Router {
    Router::new(Arc::clone(&*MODEL) as Arc<dyn Encoder>)
}

/// A router on an encoder that can be told to fail.
pub(crate) fn moody() -> (Router, Arc<Moody>) {
    let encoder = Arc::new(Moody::default());
    (Router::new(Arc::clone(&encoder) as Arc<dyn Encoder>), encoder)
}

pub(crate) fn name(name: &str) -> RouteName {
    name.try_into().unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    text.try_into().unwrap()
}

pub(crate) fn route(called: &str, utterances: &[&str]) -> Route {
    Route::new(name(called), utterances.iter().copied().map(text).collect()).unwrap()
}

pub(crate) fn file(yaml: &str) -> RoutesFile {
    RoutesFile::parse(yaml, FileFormat::Yaml).unwrap()
}

pub(crate) const SUPPORT: &str = "
version: 1
negatives: [what is the capital of France, tell me a joke]
routes:
  - name: billing
    utterances: [where is my bill, I can't find my bill, send me my last bill]
    negatives: [build me a billing system]
    metadata: {team: finance}
  - name: password_reset
    utterances: [I forgot my password, how do I reset my password, my password does not work]
  - name: order_status
    utterances: [where is my order, track my order, my order has not arrived]
";

pub(crate) fn support() -> Router {
    let router = router();
    router.load(file(SUPPORT), &|_, _| ()).unwrap();
    router
}

pub(crate) fn ask(router: &Router, query: &str) -> Answer {
    router.route(&text(query), RouteOptions::default()).unwrap()
}

pub(crate) fn intent(answer: &Answer) -> Option<&str> {
    answer.decision.intent.as_ref().map(RouteName::as_str)
}

/// An answer but for what the clock said.
pub(crate) fn timeless(mut answer: Answer) -> Answer {
    answer.timing = Timing::default();
    answer
}

/// The built-in model.
pub(crate) fn model() -> Arc<dyn Encoder> {
    Arc::clone(&*MODEL) as Arc<dyn Encoder>
}
