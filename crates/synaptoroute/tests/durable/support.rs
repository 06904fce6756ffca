//! An encoder that costs nothing and whose cosines are exact, and short ways to say things.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use synaptoroute::{
    Embedding, EncodeError, Encoder, Fingerprint, Kernels, ModelInfo, NamespaceName, Route,
    RouteName, Text,
};

/// Numbers in a vector: a bit each.
const WIDTH: usize = 64;

/// Every number of its vectors is an eighth, up or down: they are of length 1, and a cosine is
/// a multiple of 1/32, so that no sum is rounded and what is expected can be compared exactly.
/// Texts that begin with the same word differ in a few signs and are near to each other.
pub(crate) struct Signs(ModelInfo);

pub(crate) static KERNELS: LazyLock<Kernels> = LazyLock::new(|| Kernels::from_env().unwrap());

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
    let signs = signs(text);
    (0..WIDTH).map(|bit| if signs >> bit & 1 == 0 { 0.125 } else { -0.125 }).collect()
}

fn signs(text: &str) -> u64 {
    let topic = text.split_once(' ').map_or(text, |(topic, _)| topic);
    let own = hash(text);
    // Seven bits at most: cosines from 0.78 up, on both sides of the cut without a fit.
    let flips = (0..own % 8).map(|flip| 1 << (own >> (8 + 6 * flip) & 63));
    flips.fold(hash(topic), |signs, flip: u64| signs ^ flip)
}

pub(crate) fn cosine(a: &Text, b: &Text) -> f64 {
    let different = (signs(a.as_str()) ^ signs(b.as_str())).count_ones();
    1.0 - f64::from(different) / 32.0
}

fn hash(text: &str) -> u64 {
    let seed = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Dice::new(seed).roll()
}

/// Repeatable chance (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    pub(crate) fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

pub(crate) fn name(name: &str) -> RouteName {
    name.try_into().unwrap()
}

pub(crate) fn space(name: &str) -> NamespaceName {
    name.try_into().unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    text.try_into().unwrap()
}

pub(crate) fn route(called: &str, utterances: &[&str]) -> Route {
    Route::new(name(called), utterances.iter().copied().map(text).collect()).unwrap()
}

/// A number that the environment may set, for the long versions of tests.
pub(crate) fn from_env(variable: &str, unset: u64) -> u64 {
    std::env::var(variable).map_or(unset, |number| number.parse().unwrap())
}

/// Whether threads are to end; so that a test that fails does not wait for them for ever.
#[derive(Default)]
pub(crate) struct Over(AtomicBool);

impl Over {
    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// It is over when what this returns is gone, by a panic too.
    pub(crate) fn at_the_end(&self) -> impl Drop + '_ {
        struct Ends<'a>(&'a Over);
        impl Drop for Ends<'_> {
            fn drop(&mut self) {
                self.0.0.store(true, Ordering::Release);
            }
        }
        Ends(self)
    }
}
