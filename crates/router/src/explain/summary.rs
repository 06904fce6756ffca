//! What happened, in a sentence or two.

use crate::decide::Weighed;
use crate::decision::{Outcome, Reason};

pub(super) fn summary(weighed: &[Weighed<'_>], outcome: Outcome, reason: Reason) -> String {
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
