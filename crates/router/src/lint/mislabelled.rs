//! Utterances that look as if they belonged to another route.

use super::finding::{Finding, FindingKind, Severity};
use super::held_out::HeldOut;
use super::overlap::Taker;
use super::{Content, ENOUGH};

/// Another route's score must be higher by this.
const LEAD: f64 = 0.1;

/// And the own route's lower than its usual by this.
const BELOW_USUAL: f64 = 0.08;

pub(super) fn find(content: &Content<'_>) -> Vec<Finding> {
    let routes = 0..content.rows.routes.len();
    let mut doubtful: Vec<(f64, Finding)> =
        routes.flat_map(|route| of_route(content, route)).collect();
    doubtful.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    doubtful.into_iter().map(|(_, finding)| finding).collect()
}

/// Each with the other route's lead.
fn of_route(content: &Content<'_>, route: usize) -> Vec<(f64, Finding)> {
    let held_out = content.of_route(route);
    if held_out.len() < ENOUGH {
        return Vec::new();
    }
    let mut scores: Vec<f64> = held_out.iter().map(|held| held.own.score()).collect();
    scores.sort_unstable_by(f64::total_cmp);
    let usual = scores[scores.len() / 2];
    let doubtful = held_out.iter().filter_map(|held| {
        let below = usual - held.own.score();
        let taker = content.taker(held).filter(|t| t.lead >= LEAD && below >= BELOW_USUAL)?;
        Some((taker.lead, finding(content, route, usual, held, &taker)))
    });
    doubtful.collect()
}

fn finding(
    content: &Content<'_>,
    route: usize,
    usual: f64,
    held: &HeldOut,
    taker: &Taker,
) -> Finding {
    let rows = content.rows;
    let [own, to] = [route, taker.route].map(|route| rows.name(route).clone());
    let (own_name, to_name) = (own.as_str(), to.as_str());
    Finding {
        kind: FindingKind::Mislabelled,
        severity: Severity::Warning,
        count: 1,
        of: rows.routes[route].utterances.len(),
        unreachable: None,
        examples: vec![content.torn(held, taker.near)],
        message: format!(
            "an utterance of {own_name:?} looks like one of {to_name:?}: held out it scores {:.2} \
             there and {:.2} here, where {usual:.2} is usual",
            taker.score,
            held.own.score(),
        ),
        advice: format!(
            "If {to_name:?} is meant, move it there; if {own_name:?} is, add more texts like it."
        ),
        routes: vec![own, to],
    }
}
