//! The service, and what there is in it at first.

use std::sync::LazyLock;
use std::time::Duration;

use axum::body;
use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;
use synaptoroute::{FileFormat, NamespaceSummary, Router, RoutesFile};
use synaptoroute_server::{Config, service};
use tokio::runtime::{Builder, Runtime};
use tokio::time;
use tower::ServiceExt;

use super::call::Call;
use crate::hashed::Hashed;

const ROUTES: &str = "
version: 1
negatives: [what is the capital of France]
routes:
  - {name: billing, utterances: [where is my bill, I was charged twice], threshold: 0.5, metadata: {team: finance}}
  - {name: greeting, utterances: [hello], negatives: [goodbye], description: Says hello}
";

/// Nobody waits for ever; of what is sent here, nothing takes a hundredth of this.
const PATIENCE: Duration = Duration::from_secs(30);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(2)
        .enable_time()
        .build()
        .expect("two threads")
});

/// A service of its own.
pub(super) struct World {
    router: Router,
    service: axum::Router,
    at_first: Vec<NamespaceSummary>,
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl World {
    pub(super) fn new() -> Self {
        let routes = RoutesFile::parse(ROUTES, FileFormat::Yaml).expect("a sound file");
        let router = Router::new(Hashed::encoder());
        router.load(routes, &|_, _| ()).expect("an empty router takes it");
        let config = Config { workers: 1, ..Config::default() };
        let service = service(router.clone(), &config).expect("a thread");
        let at_first = router.namespaces();
        Self { router, service, at_first }
    }

    /// What there is: namespaces, and the revision of each.
    pub(super) fn state(&self) -> Vec<NamespaceSummary> {
        self.router.namespaces()
    }

    pub(super) fn is_untouched(&self) -> bool {
        self.state() == self.at_first
    }

    pub(super) fn send(&self, call: &Call) -> Answer {
        let answer = async {
            let answer = self.service.clone().oneshot(call.request()).await;
            let (head, body) = answer.unwrap_or_else(|never| match never {}).into_parts();
            let body = body::to_bytes(body, usize::MAX).await.expect("a body from memory");
            Answer { status: head.status, headers: head.headers, body: body.to_vec() }
        };
        let answer = RUNTIME.block_on(async { time::timeout(PATIENCE, answer).await });
        answer.unwrap_or_else(|_late| panic!("no answer to {call:?}"))
    }
}

impl Answer {
    pub(super) fn kind(&self) -> &str {
        self.header("content-type")
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8 both ways")
    }
}
