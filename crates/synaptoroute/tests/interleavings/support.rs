//! The checker, and an encoder without locks.

use std::sync::{Arc, LazyLock};

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::{Config, Runner};
use synaptoroute::{
    Embedding, EncodeError, Encoder, Fingerprint, Kernels, ModelInfo, NamespaceName, Route,
    RouteName, RouteOptions, Router, Text,
};

/// Points at which a schedule of the second kind lets another thread go first.
const DEPTH: usize = 3;

/// Runs a body under so many schedules of each of two kinds: those that choose at random at
/// every step, and those that let one thread run but for a few steps, which finds what random
/// ones hardly ever do.
#[track_caller]
pub(crate) fn check(schedules: usize, body: impl Fn() + Clone + Send + Sync + 'static) {
    let times = std::env::var("SYNAPTOROUTE_SCHEDULES_TIMES");
    let schedules = schedules * times.map_or(1, |times| times.parse::<usize>().unwrap());
    let mut config = Config::new();
    // SQLite runs on the threads' stacks.
    config.stack_size = 1 << 20;
    Runner::new(RandomScheduler::new(schedules), config.clone()).run(body.clone());
    Runner::new(PctScheduler::new(DEPTH, schedules), config).run(body);
}

const WIDTH: usize = 32;

/// A vector of signs: of length 1.
pub(crate) struct Signs(ModelInfo);

static KERNELS: LazyLock<Kernels> = LazyLock::new(|| Kernels::from_env().unwrap());

impl Signs {
    pub(crate) fn encoder() -> Arc<dyn Encoder> {
        let fingerprint = Fingerprint::of(b"signs");
        Arc::new(Self(ModelInfo::new("signs".into(), fingerprint, WIDTH, 512, KERNELS.isa())))
    }
}

impl Encoder for Signs {
    fn model(&self) -> &ModelInfo {
        &self.0
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>, EncodeError> {
        let embed = |text: &&str| Embedding { vector: vector(text), tokens: 1, truncated: false };
        Ok(texts.iter().map(embed).collect())
    }
}

fn vector(text: &str) -> Vec<f32> {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let signs = hash ^ hash >> 32;
    let unit = 1.0 / (WIDTH as f32).sqrt();
    (0..WIDTH).map(|bit| if signs >> bit & 1 == 0 { unit } else { -unit }).collect()
}

/// The utterances nearest to a query.
pub(crate) fn nearest(router: &Router, query: &str) -> Vec<Text> {
    let options = RouteOptions { top_k: Some(100.try_into().unwrap()), ..RouteOptions::default() };
    let candidates = router.route(&text(query), options).unwrap().decision.candidates;
    candidates.into_iter().flat_map(|c| c.nearest).map(|near| near.utterance).collect()
}

pub(crate) fn name(name: &str) -> RouteName {
    name.try_into().unwrap()
}

pub(crate) fn namespace(name: &str) -> NamespaceName {
    name.try_into().unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    text.try_into().unwrap()
}

pub(crate) fn route(called: &str, utterances: &[&str]) -> Route {
    Route::new(name(called), utterances.iter().copied().map(text).collect()).unwrap()
}
