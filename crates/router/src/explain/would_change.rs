//! What would have changed an outcome. Each line does so by itself: what would not be enough is
//! not said.

use crate::decide::Weighed;
use crate::decision::{Outcome, Reason};
use crate::evidence::NEAREST;
use crate::fit::Scorer;
use crate::settings::Margin;

/// The cosine of a text to itself at the least, as rounding leaves it.
const SAME: f64 = 1.0 - 1e-6;

/// The first of the weighed routes came out with this outcome, for this reason.
pub(super) fn would_change(
    margin: Margin,
    scorer: &Scorer<'_>,
    weighed: &[Weighed<'_>],
    outcome: Outcome,
    reason: Reason,
) -> Vec<String> {
    let Some(first) = weighed.first() else {
        return vec!["adding a route".to_owned()];
    };
    match outcome {
        Outcome::Matched => matched(scorer, first, weighed.get(1)),
        Outcome::Ambiguous => ambiguous(margin, scorer, first, weighed.get(1)),
        Outcome::None => refused(scorer, first, reason),
    }
}

fn matched(scorer: &Scorer<'_>, first: &Weighed<'_>, second: Option<&Weighed<'_>>) -> Vec<String> {
    let name = first.route.name.as_str();
    let mut changes = Vec::new();
    match up(first.confidence) {
        above if above < 1.0 => changes.push(format!("a threshold above {above:.3} for {name}")),
        _ if first.confidence < 1.0 => changes.push(format!("a threshold of 1 for {name}")),
        _ => {}
    }
    if let Some(second) = second {
        let other = second.route.name.as_str();
        let behind = up(first.score - second.score);
        match second.refusal {
            None if second.evidence.nearest + behind <= 1.0 => changes.push(format!(
                "utterances for {other} that raise its nearest by {behind:.3}; or a margin of at least \
                 {behind:.3}, which would call it ambiguous"
            )),
            None if behind <= 2.0 => changes.push(format!(
                "a margin of at least {behind:.3}, which would call it ambiguous with {other}"
            )),
            Some(Reason::BelowThreshold) if second.score > first.score => {
                changes.push(lower_cuts(second));
            }
            _ if with_text(scorer, second).is_some_and(|score| score > first.score) => {
                changes.push(format!("this text as an utterance of {other}"));
            }
            _ => {}
        }
    }
    if first.evidence.best < SAME {
        changes.push("this text as a negative".to_owned());
    }
    changes
}

fn ambiguous(
    margin: Margin,
    scorer: &Scorer<'_>,
    first: &Weighed<'_>,
    second: Option<&Weighed<'_>>,
) -> Vec<String> {
    let margin = margin.get();
    let second = second.map_or(first.score, |second| second.score);
    let mut changes = vec![match down(first.score - second) {
        below if below > 0.0 => format!("a margin below {below:.3} (it is {margin:.3})"),
        _ => format!("a margin of 0, which is off (it is {margin:.3})"),
    }];
    if with_text(scorer, first).is_some_and(|score| score - second > margin) {
        changes.push(format!("this text as an utterance of {}", first.route.name.as_str()));
    }
    changes
}

fn refused(scorer: &Scorer<'_>, first: &Weighed<'_>, reason: Reason) -> Vec<String> {
    let name = first.route.name.as_str();
    let mut changes = Vec::new();
    if reason == Reason::NearerToNegative {
        let best = first.evidence.best;
        let together = match passes_threshold(first) && passes_score_threshold(first) {
            true => String::new(),
            false => format!(", together with {}", lower_cuts(first)),
        };
        changes.push(format!("removing the negatives nearer to the text than {best:.3}{together}"));
    } else {
        changes.push(lower_cuts(first));
        let needed = scorer.nearest_for(first.row, scorer.sum_at(first.cut));
        let needed = up(needed.max(score_threshold(first).unwrap_or(needed)));
        if needed <= 1.0 {
            changes.push(format!(
                "utterances for {name} that raise its nearest from {:.3} to {needed:.3}",
                first.evidence.nearest
            ));
        }
    }
    if with_text(scorer, first).is_some() {
        changes.push(format!("this text as an utterance of {name}"));
    }
    changes
}

/// The cuts of a route's own with which it would pass; one of them at least is too high.
fn lower_cuts(weighed: &Weighed<'_>) -> String {
    let confidence = (!passes_threshold(weighed))
        .then(|| format!("a threshold of at most {:.3}", down(weighed.confidence)));
    let nearest = (!passes_score_threshold(weighed))
        .then(|| format!("a score_threshold of at most {:.3}", down(weighed.evidence.nearest)));
    let cuts: Vec<String> = confidence.into_iter().chain(nearest).collect();
    format!("{} for {}", cuts.join(" and "), weighed.route.name.as_str())
}

fn passes_threshold(weighed: &Weighed<'_>) -> bool {
    weighed.confidence >= weighed.cut.get()
}

fn passes_score_threshold(weighed: &Weighed<'_>) -> bool {
    score_threshold(weighed).is_none_or(|cut| weighed.evidence.nearest >= cut)
}

fn score_threshold(weighed: &Weighed<'_>) -> Option<f64> {
    weighed.route.attributes.score_threshold.map(|cut| cut.get())
}

/// The score of a route that had the text itself as one more utterance, if it would pass then.
fn with_text(scorer: &Scorer<'_>, weighed: &Weighed<'_>) -> Option<f64> {
    let Weighed { evidence, row, cut, .. } = weighed;
    // It has the text already, or a negative is as near as the text itself.
    if evidence.best >= SAME || evidence.negative.is_some_and(|negative| negative >= SAME) {
        return None;
    }
    let others = evidence.neighbours.iter().map(|hit| f64::from(hit.similarity));
    let best: Vec<f64> = std::iter::once(SAME).chain(others).take(NEAREST).collect();
    let nearest = best.iter().sum::<f64>() / best.len() as f64;
    let passes = scorer.confidence(scorer.sum(*row, nearest)) >= cut.get()
        && score_threshold(weighed).is_none_or(|cut| nearest >= cut);
    passes.then(|| scorer.score(*row, nearest))
}

/// To three digits, as numbers are shown, and never below the number itself.
fn up(number: f64) -> f64 {
    (number * 1000.0).ceil() / 1000.0
}

/// The same, and never above it.
fn down(number: f64) -> f64 {
    (number * 1000.0).floor() / 1000.0
}
