//! Why a decision came out as it did, in numbers and in a sentence.
//!
//! - `summary`: what happened, in words.
//! - `would_change`: what would have changed it.

mod summary;
mod would_change;

use serde::Serialize;

use self::summary::summary;
use self::would_change::would_change;
use crate::decide::Weighed;
use crate::decision::{Outcome, Reason};
use crate::fit::{Part, Scorer};
use crate::name::RouteName;
use crate::snapshot::Snapshot;

/// What spoke for and against the first candidates.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Explanation {
    /// What happened, in a sentence or two.
    pub summary: String,
    /// What would have changed the outcome, each by itself.
    pub would_change: Vec<String>,
    /// The candidates, with their evidence.
    pub candidates: Vec<CandidateExplanation>,
}

/// What spoke for a candidate, and against it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct CandidateExplanation {
    /// Its name.
    pub route: RouteName,
    /// What candidates are ordered by: the sum of the contributions.
    pub score: f64,
    /// How far it is behind the first candidate's.
    pub behind: f64,
    /// The probability that it is right.
    pub confidence: f64,
    /// The cut on confidence that holds for it.
    pub threshold: f64,
    /// Where that cut comes from.
    pub threshold_source: CutSource,
    /// Its cut on the cosine `nearest`, where it has one.
    pub score_threshold: Option<f64>,
    /// Why it does not pass; null if it does.
    pub refused: Option<Reason>,
    /// The cosine to the most similar negative, its own or the namespace's.
    pub negative: Option<f64>,
    /// The `nearest` at which its confidence would reach the cut.
    pub nearest_needed: Option<f64>,
    /// What its score and its confidence are made of.
    pub evidence: Vec<EvidencePart>,
}

/// One kind of evidence about a candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct EvidencePart {
    /// `nearest`, `centroid`, `head`, `lexical`, or `imputed`: what stands in for the last three
    /// where the route is newer than the fit.
    pub evidence: String,
    /// As it was measured; null of what is imputed.
    pub value: Option<f64>,
    /// How much a unit of it counts in the score; null of what is imputed.
    pub weight: Option<f64>,
    /// How much of the score comes from it.
    pub contribution: f64,
    /// How much of what confidence is made of comes from it.
    pub confidence_contribution: f64,
}

/// Where a cut comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CutSource {
    /// The route's `threshold`.
    Route,
    /// The fit, for this route alone.
    FittedRoute,
    /// The fit, for all routes.
    Fitted,
    /// Nothing was fitted: more likely right than not.
    Default,
}

impl CutSource {
    /// Whether it is for one route alone.
    pub(crate) const fn is_own(self) -> bool {
        matches!(self, Self::Route | Self::FittedRoute)
    }

    /// In words.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Route => "set on the route",
            Self::FittedRoute => "fitted for this route",
            Self::Fitted => "fitted for all routes",
            Self::Default => "the default while nothing is fitted",
        }
    }
}

impl Explanation {
    pub(crate) fn of(
        snapshot: &Snapshot,
        scorer: &Scorer<'_>,
        weighed: &[Weighed<'_>],
        shown: usize,
        outcome: Outcome,
        reason: Reason,
    ) -> Self {
        // The runner-up is told of even where only one candidate is shown.
        let told = &weighed[..weighed.len().min(shown.max(2))];
        let highest = weighed.first().map_or(0.0, |first| first.score);
        let candidates = told.iter().map(|w| candidate(scorer, w, highest)).collect();
        Self {
            summary: summary(weighed, outcome, reason),
            would_change: would_change(snapshot.settings.margin, scorer, weighed, outcome, reason),
            candidates,
        }
    }
}

fn candidate(scorer: &Scorer<'_>, weighed: &Weighed<'_>, highest: f64) -> CandidateExplanation {
    let attributes = &weighed.route.attributes;
    let needed = scorer.nearest_for(weighed.row, scorer.sum_at(weighed.cut));
    CandidateExplanation {
        route: weighed.route.name.clone(),
        score: weighed.score,
        behind: highest - weighed.score,
        confidence: weighed.confidence,
        threshold: weighed.cut.get(),
        threshold_source: weighed.cut_source,
        score_threshold: attributes.score_threshold.map(|cut| cut.get()),
        refused: weighed.refusal,
        negative: weighed.evidence.negative,
        nearest_needed: needed.is_finite().then_some(needed),
        evidence: evidence(scorer, weighed),
    }
}

fn evidence(scorer: &Scorer<'_>, weighed: &Weighed<'_>) -> Vec<EvidencePart> {
    let nearest = weighed.evidence.nearest;
    let mut parts = vec![EvidencePart {
        evidence: "nearest".to_owned(),
        value: Some(nearest),
        weight: Some(1.0),
        contribution: nearest,
        confidence_contribution: nearest,
    }];
    match scorer.part(weighed.row, nearest) {
        Part::Plain => {}
        Part::Imputed { score, sum } => parts.push(EvidencePart {
            evidence: "imputed".to_owned(),
            value: None,
            weight: None,
            contribution: score,
            confidence_contribution: sum,
        }),
        Part::Learned(rest) => {
            let named =
                [("centroid", rest.centroid), ("head", rest.head), ("lexical", rest.lexical)];
            for ((name, value), (score, sum)) in named.into_iter().zip(scorer.weights()) {
                if score != 0.0 || sum != 0.0 {
                    parts.push(EvidencePart {
                        evidence: name.to_owned(),
                        value: Some(value),
                        weight: Some(score),
                        contribution: score * value,
                        confidence_contribution: sum * value,
                    });
                }
            }
        }
    }
    parts
}
