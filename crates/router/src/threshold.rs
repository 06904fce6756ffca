//! Cuts: what a decision must reach to be accepted.

use serde::{Deserialize, Deserializer, Serialize};

use crate::checked;

/// A cut on confidence, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(into = "f64")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = f64, minimum = 0, maximum = 1, example = 0.6)
)]
pub struct Cut(f64);

/// A cut on the cosine `nearest`, -1 to 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(into = "f64")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = f64, minimum = -1, maximum = 1, example = 0.4)
)]
pub struct SimilarityCut(f64);

/// A cut outside its range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{found} is no {what}: it lies between {low} and 1")]
pub struct CutError {
    what: &'static str,
    low: f64,
    found: f64,
}

impl Cut {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }

    /// For constants of this crate.
    pub(crate) const fn constant(value: f64) -> Self {
        assert!(value >= 0.0 && value <= 1.0);
        Self(value)
    }
}

impl SimilarityCut {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

fn between(what: &'static str, low: f64, found: f64) -> Result<f64, CutError> {
    // Written so that NaN is refused too.
    if found >= low && found <= 1.0 { Ok(found) } else { Err(CutError { what, low, found }) }
}

impl TryFrom<f64> for Cut {
    type Error = CutError;

    fn try_from(value: f64) -> Result<Self, CutError> {
        between("threshold", 0.0, value).map(Self)
    }
}

impl TryFrom<f64> for SimilarityCut {
    type Error = CutError;

    fn try_from(value: f64) -> Result<Self, CutError> {
        between("score_threshold", -1.0, value).map(Self)
    }
}

impl<'de> Deserialize<'de> for Cut {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::number(from)
    }
}

impl<'de> Deserialize<'de> for SimilarityCut {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::number(from)
    }
}

impl From<Cut> for f64 {
    fn from(cut: Cut) -> Self {
        cut.0
    }
}

impl From<SimilarityCut> for f64 {
    fn from(cut: SimilarityCut) -> Self {
        cut.0
    }
}
