//! What a cut on confidence is to achieve.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a fit chooses its cuts for. Written as a word, or as a word, `=` and a number.
///
/// One text in ten counts as out of scope where no samples say otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Objective {
    /// `accuracy`: as many texts as can be are answered rightly, those that belong nowhere by
    /// `none`.
    #[default]
    Accuracy,
    /// `f1`: the mean over routes of the harmonic mean of precision and recall.
    F1,
    /// `keep=0.95`: as few foreign texts as can be are accepted, while this share of those in
    /// scope is.
    Keep(Fraction),
    /// `max_false_accept=0.05`: as many texts as can be are accepted, but of the foreign ones no
    /// more than this share.
    MaxFalseAccept(Fraction),
    /// `min_precision=0.98`: as many texts as can be are accepted, while this share of those
    /// accepted is right.
    MinPrecision(Fraction),
    /// `cost=5`: the least cost, where a wrong answer costs so much and a refused text 1.
    Cost(Cost),
}

/// A share, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fraction(f64);

/// What a wrong answer costs, in refusals: 0.01 to 1,000.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost(f64);

/// What is no objective.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no objective: it is accuracy, f1, keep=0.95, max_false_accept=0.05, \
     min_precision=0.98 (any share from 0 to 1) or cost=5 (0.01 to 1000)"
)]
pub struct ObjectiveError {
    found: String,
}

impl Fraction {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Cost {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Fraction {
    type Error = ObjectiveError;

    fn try_from(value: f64) -> Result<Self, ObjectiveError> {
        // Written so that NaN is refused too.
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(ObjectiveError { found: value.to_string() })
        }
    }
}

impl TryFrom<f64> for Cost {
    type Error = ObjectiveError;

    fn try_from(value: f64) -> Result<Self, ObjectiveError> {
        if (0.01..=1000.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(ObjectiveError { found: value.to_string() })
        }
    }
}

impl FromStr for Objective {
    type Err = ObjectiveError;

    fn from_str(text: &str) -> Result<Self, ObjectiveError> {
        let refused = || ObjectiveError { found: text.to_owned() };
        let Some((word, number)) = text.split_once('=') else {
            return match text {
                "accuracy" => Ok(Self::Accuracy),
                "f1" => Ok(Self::F1),
                _ => Err(refused()),
            };
        };
        let number: f64 = number.trim().parse().map_err(|_| refused())?;
        let share = || Fraction::try_from(number).map_err(|_| refused());
        match word.trim() {
            "keep" => share().map(Self::Keep),
            "max_false_accept" => share().map(Self::MaxFalseAccept),
            "min_precision" => share().map(Self::MinPrecision),
            "cost" => Cost::try_from(number).map(Self::Cost).map_err(|_| refused()),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accuracy => f.write_str("accuracy"),
            Self::F1 => f.write_str("f1"),
            Self::Keep(share) => write!(f, "keep={}", share.get()),
            Self::MaxFalseAccept(share) => write!(f, "max_false_accept={}", share.get()),
            Self::MinPrecision(share) => write!(f, "min_precision={}", share.get()),
            Self::Cost(cost) => write!(f, "cost={}", cost.get()),
        }
    }
}

impl Serialize for Objective {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Objective {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_back() {
        for text in
            ["accuracy", "f1", "keep=0.95", "max_false_accept=0.05", "min_precision=0.98", "cost=5"]
        {
            assert_eq!(text.parse::<Objective>().unwrap().to_string(), text);
        }
        for text in ["", "best", "keep", "keep=1.5", "keep=NaN", "cost=0", "accuracy=1", "f1=0.5"] {
            let error = text.parse::<Objective>().unwrap_err();
            assert!(error.to_string().contains("max_false_accept"), "{text}: {error}");
        }
    }
}
