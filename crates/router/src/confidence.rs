//! Confidence before anything was fitted.

use crate::fit::Acceptance;
use crate::threshold::Cut;

/// A fixed logistic of `nearest`, used until a fit replaces it.
///
/// It was fitted once, by `benches` (`cargo run --release -p synaptoroute-benches --bin
/// prior`), on training texts of three public sets (CLINC150, HWU64, Bitext) with 5 and 10
/// utterances a route, half of the queries out of scope: the probability that the best
/// route is the right one. It belongs to bge-small-en-v1.5's cosines; another model needs
/// its own fit before its confidence means anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Log-odds a unit of cosine.
    pub slope: f64,
    /// The cosine whose confidence is one half.
    pub middle: f64,
}

/// The cut while nothing was fitted: more likely right than not.
pub const DEFAULT_CUT: Cut = Cut::constant(0.5);

impl Prior {
    /// For bge-small-en-v1.5.
    pub const BGE_SMALL: Self = Self { slope: 24.54, middle: 0.7495 };

    /// As what a fit would put in its place.
    pub(crate) const fn acceptance(&self) -> Acceptance {
        Acceptance { slope: self.slope, middle: self.middle }
    }

    /// Confidence of a route with this `nearest`.
    #[must_use]
    pub fn confidence(&self, nearest: f64) -> f64 {
        self.acceptance().confidence(nearest)
    }
}
