//! Why a decision came out as it did, in numbers and in a sentence.

use serde::Serialize;

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
            would_change: would_change(snapshot, scorer, weighed, outcome, reason),
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

fn summary(weighed: &[Weighed<'_>], outcome: Outcome, reason: Reason) -> String {
    let Some(first) = weighed.first() else {
        return "There are no routes to choose from.".to_owned();
    };
    let name = first.route.name.as_str();
    let cut = format!("{:.3} ({})", first.cut.get(), first.cut_source.describe());
    let of_second = weighed.get(1).map_or_else(String::new, |second| why_not(first, second));
    match (outcome, reason) {
        (Outcome::Matched, _) => format!(
            "{name} has the highest score of the routes that pass: confidence {:.3}, at least {cut}.{of_second}",
            first.confidence
        ),
        (Outcome::Ambiguous, _) => format!(
            "{name} and {} pass within the margin of each other.",
            weighed.get(1).map_or("another", |second| second.route.name.as_str())
        ),
        (_, Reason::BelowThreshold) => format!(
            "No route passes. The best, {name}, has confidence {:.3}, below {cut}.",
            first.confidence
        ),
        (_, Reason::BelowScoreThreshold) => format!(
            "No route passes. The best, {name}, has nearest {:.3}, below its score_threshold {:.3}.",
            first.evidence.nearest,
            first.route.attributes.score_threshold.map_or(0.0, |cut| cut.get())
        ),
        (_, _) => format!(
            "No route passes. The best, {name}, has an utterance at cosine {:.3}, but a negative lies \
             nearer, at {:.3}.",
            first.evidence.best,
            first.evidence.negative.unwrap_or(0.0)
        ),
    }
}

/// Why the second candidate is not the first.
fn why_not(first: &Weighed<'_>, second: &Weighed<'_>) -> String {
    let name = second.route.name.as_str();
    match second.refusal {
        Some(Reason::BelowThreshold) => format!(
            " {name} does not pass: confidence {:.3}, below {:.3} ({}).",
            second.confidence,
            second.cut.get(),
            second.cut_source.describe()
        ),
        Some(Reason::BelowScoreThreshold) => format!(
            " {name} does not pass: nearest {:.3} is below its score_threshold.",
            second.evidence.nearest
        ),
        Some(Reason::BehindRefused) => {
            format!(" {name} is not considered: a route that fits better does not pass.")
        }
        Some(_) => format!(" {name} does not pass: a negative lies nearer than its utterances."),
        None => format!(" {name} passes too, {:.3} behind.", first.score - second.score),
    }
}

fn would_change(
    snapshot: &Snapshot,
    scorer: &Scorer<'_>,
    weighed: &[Weighed<'_>],
    outcome: Outcome,
    reason: Reason,
) -> Vec<String> {
    let Some(first) = weighed.first() else {
        return vec!["adding a route".to_owned()];
    };
    let name = first.route.name.as_str();
    let mut changes = Vec::new();
    match (outcome, reason) {
        (Outcome::Matched, _) => {
            changes.push(format!("a threshold above {:.3} for {name}", first.confidence));
            if let Some(second) = weighed.get(1) {
                let other = second.route.name.as_str();
                changes.push(match second.refusal {
                    None => format!(
                        "utterances for {other} that raise its nearest by {:.3}; or a margin of at least \
                         {:.3}, which would call it ambiguous",
                        first.score - second.score,
                        first.score - second.score
                    ),
                    Some(Reason::BelowThreshold) if second.score > first.score => {
                        format!("a threshold of at most {:.3} for {other}", second.confidence)
                    }
                    Some(_) => format!("this text as an utterance of {other}"),
                });
            }
            changes.push("this text as a negative".to_owned());
        }
        (Outcome::Ambiguous, _) => {
            let behind = weighed.get(1).map_or(0.0, |second| first.score - second.score);
            changes.push(format!(
                "a margin below {behind:.3} (it is {:.3})",
                snapshot.settings().margin.get()
            ));
            changes.push(format!("this text as an utterance of {name}"));
        }
        (_, Reason::BelowThreshold) => {
            changes.push(format!("a threshold of at most {:.3} for {name}", first.confidence));
            let needed = scorer.nearest_for(first.row, scorer.sum_at(first.cut));
            if needed.is_finite() && needed <= 1.0 {
                changes.push(format!(
                    "utterances for {name} that raise its nearest from {:.3} to {needed:.3}",
                    first.evidence.nearest
                ));
            }
            changes.push(format!("this text as an utterance of {name}"));
        }
        (_, Reason::BelowScoreThreshold) => {
            changes.push(format!(
                "a score_threshold of at most {:.3} for {name}",
                first.evidence.nearest
            ));
        }
        (_, _) => {
            changes.push(format!(
                "an utterance of {name} nearer to the text than {:.3}",
                first.evidence.negative.unwrap_or(0.0)
            ));
            changes.push(if first.confidence >= first.cut.get() {
                "removing the negative".to_owned()
            } else {
                format!(
                    "removing the negative, together with a threshold of at most {:.3} for {name}",
                    first.confidence
                )
            });
        }
    }
    changes
}
