//! Cuts that no text can pass, or none like the route's own utterances.

use super::finding::{CutKind, Finding, FindingKind, Severity, UnreachableCut};
use super::held_out::HeldOut;
use super::{Content, ENOUGH};
use crate::evidence::NEAREST;

/// What rounding may do to a score.
const SLACK: f64 = 1e-6;

pub(super) fn find(content: &Content<'_>) -> Vec<Finding> {
    (0..content.rows.routes.len()).flat_map(|route| of_route(content, route)).collect()
}

fn of_route(content: &Content<'_>, route: usize) -> Vec<Finding> {
    let attributes = &content.rows.routes[route].attributes;
    let mut findings = Vec::new();
    if let (Some(cut), Some(prior)) = (attributes.threshold, content.prior) {
        let confidence = |score: f64| prior.confidence(score);
        findings.extend(finding(content, route, CutKind::Threshold, cut.get(), confidence));
    }
    if let Some(cut) = attributes.score_threshold {
        findings.extend(finding(content, route, CutKind::ScoreThreshold, cut.get(), |score| score));
    }
    findings
}

/// `passes_as` is what a score counts as for this cut; it grows with the score.
fn finding(
    content: &Content<'_>,
    route: usize,
    field: CutKind,
    cut: f64,
    passes_as: impl Fn(f64) -> f64,
) -> Option<Finding> {
    let (rows, held_out) = (content.rows, content.of_route(route));
    let utterances = rows.routes[route].utterances.len();
    let (name, what) = (rows.name(route), field.as_str());
    let any = passes_as(reachable(held_out, utterances) + SLACK);
    let (severity, reached, message) = if any < cut {
        let message = format!(
            "no text passes {what} {cut} of {:?}: {any:.3} is the most that any can reach",
            name.as_str()
        );
        (Severity::Error, any, message)
    } else {
        // Of one alone nothing is left to hold it to.
        let best = held_out.iter().filter(|held| held.own.first().is_some());
        let best = best.map(|held| held.own.score()).reduce(f64::max).map(passes_as)?;
        if best >= cut {
            return None;
        }
        let message = format!(
            "none of {} utterances of {:?} passes its {what} {cut} when it is held out: {best:.3} \
             is the most",
            held_out.len(),
            name.as_str(),
        );
        // Of few, each is much of what the others could be held to.
        let grave = held_out.len() >= ENOUGH;
        (if grave { Severity::Warning } else { Severity::Advice }, best, message)
    };
    // Rounded down: it should pass.
    let lower = (reached * 100.0).floor() / 100.0;
    Some(Finding {
        kind: FindingKind::UnreachableThreshold,
        severity,
        routes: vec![name.clone()],
        count: utterances,
        of: utterances,
        unreachable: Some(UnreachableCut { field, cut, reached }),
        examples: Vec::new(),
        message,
        advice: format!(
            "Lower {what} to {lower} at most or take it away, or add utterances that are more alike."
        ),
    })
}

/// What no text's score exceeds. The mean of a text's cosines to some unit vectors is at most
/// the length of those vectors' mean, and that follows from their cosines to each other: of three
/// the square is `(3 + 2 (c12 + c13 + c23)) / 9`, where each vector's two cosines are at most the
/// two best that it has.
fn reachable(held_out: &[HeldOut], utterances: usize) -> f64 {
    // Not all were held out: the best pair may be among the others.
    if held_out.len() < utterances {
        return 1.0;
    }
    let most = |count: usize| {
        let sums = held_out.iter().map(|held| {
            held.own.hits().take(count).map(|hit| f64::from(hit.similarity)).sum::<f64>()
        });
        sums.fold(f64::NEG_INFINITY, f64::max)
    };
    match utterances {
        0 | 1 => 1.0,
        2 => ((1.0 + most(1)) / 2.0).sqrt(),
        _ => ((1.0 + most(NEAREST - 1)) / 3.0).sqrt(),
    }
}
