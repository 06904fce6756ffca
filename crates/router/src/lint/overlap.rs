//! Pairs of routes that take each other's utterances.

use std::collections::BTreeMap;

use super::finding::{Finding, FindingKind, FindingText, MAX_EXAMPLES, Severity};
use super::held_out::HeldOut;
use super::{Content, NEAR_DUPLICATE};

/// As many utterances must be taken; one may be chance.
const MIN_TAKEN: usize = 2;

/// Of the two routes' utterances together, this share is worth a look, and that a warning.
const ADVICE: f64 = 0.1;
const WARNING: f64 = 0.2;

/// What two routes have of each other.
#[derive(Default)]
struct Pair<'a> {
    /// Utterances that the other route takes.
    taken: Vec<&'a HeldOut>,
    /// Utterances of which the other route has a near-duplicate.
    alike: Vec<&'a HeldOut>,
}

pub(super) fn find(content: &Content<'_>) -> Vec<Finding> {
    let mut pairs: BTreeMap<[usize; 2], Pair<'_>> = BTreeMap::new();
    for held in &content.held_out {
        let Some(own) = content.rows.route_of(held.row) else { continue };
        if let Some(other) = content.taker(held) {
            let routes = [own.min(other), own.max(other)];
            pairs.entry(routes).or_default().taken.push(held);
        }
        let near = held.foreign.filter(|hit| {
            hit.similarity >= NEAR_DUPLICATE && !content.folds.equal(hit.row, held.row)
        });
        if let Some(other) = near.and_then(|hit| content.rows.route_of(hit.row)) {
            let routes = [own.min(other), own.max(other)];
            pairs.entry(routes).or_default().alike.push(held);
        }
    }
    pairs.into_iter().filter_map(|(routes, pair)| finding(content, routes, pair)).collect()
}

impl Content<'_> {
    /// The route that takes an utterance from its own: of a higher score without it. Not where
    /// its own has no other utterance, nor where another has the very text: of that other kinds
    /// tell.
    pub(super) fn taker(&self, held: &HeldOut) -> Option<usize> {
        let (other, best) = held.other?;
        let shared = |&row: &usize| {
            row < self.rows.utterances() && self.rows.route_of(row) != self.rows.route_of(held.row)
        };
        let taken = held.own.first().is_some()
            && best.score() > held.own.score()
            && !self.folds.like(held.row).iter().any(shared);
        taken.then_some(other)
    }
}

fn finding(content: &Content<'_>, routes: [usize; 2], pair: Pair<'_>) -> Option<Finding> {
    let rows = content.rows;
    let of: usize = routes.iter().map(|&route| content.of_route(route).len()).sum();
    let share = pair.taken.len() as f64 / of.max(1) as f64;
    let confused = pair.taken.len() >= MIN_TAKEN && share >= ADVICE;
    if !confused && pair.alike.is_empty() {
        return None;
    }
    let names = routes.map(|route| rows.name(route).clone());
    let [a, b] = [names[0].as_str(), names[1].as_str()];
    let (mut told, message) = if confused {
        let count = pair.taken.len();
        let percent = 100.0 * share;
        let message = format!(
            "{a:?} and {b:?} take {count} of each other's {of} utterances ({percent:.0} %) when \
             those are held out"
        );
        (pair.taken, message)
    } else {
        let count = pair.alike.len();
        let have = if count == 1 {
            "1 utterance that says"
        } else {
            &format!("{count} utterances that say")
        };
        (pair.alike, format!("{a:?} and {b:?} have {have} nearly what one of the other says"))
    };
    let lead = |held: &HeldOut| {
        held.other.map_or(f64::NEG_INFINITY, |(_, best)| best.score()) - held.own.score()
    };
    told.sort_by(|x, y| lead(y).total_cmp(&lead(x)));
    Some(Finding {
        kind: FindingKind::Overlap,
        severity: if confused && share >= WARNING { Severity::Warning } else { Severity::Advice },
        routes: names.to_vec(),
        count: told.len(),
        of,
        unreachable: None,
        examples: told
            .iter()
            .take(MAX_EXAMPLES)
            .filter_map(|held| example(content, held))
            .collect(),
        message,
        advice: "Move the texts that are in the wrong route, add utterances that tell the two \
                 apart, or make one route of them and tell them apart by other means."
            .to_owned(),
    })
}

/// An utterance, the nearest one of another route, and how near its own route comes.
pub(super) fn example(content: &Content<'_>, held: &HeldOut) -> Option<FindingText> {
    let hit = held.foreign?;
    let own = held.own.first().map(|hit| f64::from(hit.similarity));
    let example = content.rows.example(held.row, hit.row, hit.similarity);
    Some(FindingText { own_similarity: own, ..example })
}
