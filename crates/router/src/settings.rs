//! What holds for all routes together.

use serde::{Deserialize, Deserializer, Serialize};

use crate::checked;
use crate::fit::{EvidenceSet, Objective};

/// Settings of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Settings {
    /// Two routes that pass within this score of each other make the outcome ambiguous.
    pub margin: Margin,
    /// Candidates an answer lists.
    pub top_k: TopK,
    /// Whether evidence, confidence and cuts are fitted anew when texts change.
    pub auto_fit: bool,
    /// What cuts are chosen for.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "accuracy", pattern = "^(accuracy|f1|(keep|max_false_accept|min_precision)=(0(\\.[0-9]{1,9})?|1)|cost=[1-9][0-9]{0,2})$"))]
    pub objective: Objective,
    /// Which evidence may count besides the nearest utterances.
    pub evidence: EvidenceSet,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            margin: Margin::default(),
            top_k: TopK::default(),
            auto_fit: true,
            objective: Objective::default(),
            evidence: EvidenceSet::default(),
        }
    }
}

/// A difference of scores, 0 (off) to 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
#[serde(into = "f64")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = f64, minimum = 0, maximum = 2, example = 0.05)
)]
pub struct Margin(f64);

impl Margin {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Margin {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        // Written so that NaN is refused too.
        if (0.0..=2.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(format!("{value} is no margin: it lies between 0 (off) and 2"))
        }
    }
}

impl<'de> Deserialize<'de> for Margin {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::number(from)
    }
}

impl From<Margin> for f64 {
    fn from(margin: Margin) -> Self {
        margin.0
    }
}

/// A number of candidates, 1 to 100; 3 unless set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "u64")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = u64, minimum = 1, maximum = 100, example = 3)
)]
pub struct TopK(usize);

impl TopK {
    const MAX: u64 = 100;

    /// As many as there can be.
    pub const MOST: Self = Self(Self::MAX as usize);

    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

impl Default for TopK {
    fn default() -> Self {
        Self(3)
    }
}

impl TryFrom<u64> for TopK {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        match usize::try_from(value) {
            Ok(count) if (1..=Self::MAX).contains(&value) => Ok(Self(count)),
            _ => Err(format!("{value} is no top_k: it lies between 1 and {}", Self::MAX)),
        }
    }
}

impl<'de> Deserialize<'de> for TopK {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::whole(from)
    }
}

impl From<TopK> for u64 {
    fn from(top_k: TopK) -> Self {
        top_k.0 as Self
    }
}
