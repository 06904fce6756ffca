//! Pairs of routes that take each other's utterances.

use std::collections::BTreeMap;

use super::finding::{Finding, FindingKind, FindingText, MAX_EXAMPLES, Severity};
use super::held_out::{HeldOut, Hit};
use super::{Content, NEAR_DUPLICATE};

/// As many utterances must be taken; one may be chance.
const MIN_TAKEN: usize = 2;

/// Of the two routes' utterances together, this share is worth a look, and that a warning.
const ADVICE: f64 = 0.1;
const WARNING: f64 = 0.2;

/// Utterances that another route takes, or has a near-duplicate of, each with by how much, and
/// what is there.
type Torn<'a> = Vec<(f64, &'a HeldOut, Hit)>;

/// What two routes have of each other.
#[derive(Default)]
struct Pair<'a> {
    taken: Torn<'a>,
    alike: Torn<'a>,
}

pub(super) fn find(content: &Content<'_>) -> Vec<Finding> {
    let mut pairs: BTreeMap<[usize; 2], Pair<'_>> = BTreeMap::new();
    let both = |a: usize, b: usize| [a.min(b), a.max(b)];
    for held in &content.held_out {
        let Some(own) = content.rows.route_of(held.row) else { continue };
        if let Some(taker) = content.taker(held) {
            pairs
                .entry(both(own, taker.route))
                .or_default()
                .taken
                .push((taker.lead, held, taker.near));
        }
        let near = held.foreign.filter(|hit| {
            hit.similarity >= NEAR_DUPLICATE && !content.folds.equal(hit.row, held.row)
        });
        if let Some((hit, other)) =
            near.and_then(|hit| Some((hit, content.rows.route_of(hit.row)?)))
        {
            pairs.entry(both(own, other)).or_default().alike.push((
                hit.similarity.into(),
                held,
                hit,
            ));
        }
    }
    pairs.into_iter().filter_map(|(routes, pair)| finding(content, routes, pair)).collect()
}

impl Content<'_> {
    /// The route that takes an utterance from its own, which without it has a lower score. Not
    /// where its own has no other utterance, nor where another has the very text: of that other
    /// kinds tell.
    pub(super) fn taker(&self, held: &HeldOut) -> Option<Taker> {
        let (route, best) = held.other?;
        // Rows go by route, so another route has the first or the last.
        let like = self.folds.within(held.row, &(0..self.rows.utterances()));
        let own = self.rows.route_of(held.row);
        let mut ends = like.first().into_iter().chain(like.last());
        let shared = ends.any(|&row| self.rows.route_of(row) != own);
        let taken = held.own.first().is_some() && best.score() > held.own.score() && !shared;
        let near = best.first()?;
        taken.then_some(Taker {
            route,
            score: best.score(),
            lead: best.score() - held.own.score(),
            near,
        })
    }

    /// An utterance, one of another route, and how near its own route comes.
    pub(super) fn torn(&self, held: &HeldOut, near: Hit) -> FindingText {
        let own_similarity = held.own.first().map(|hit| f64::from(hit.similarity));
        let example = self.rows.example(held.row, near.row, near.similarity);
        FindingText { own_similarity, ..example }
    }
}

/// A route that takes another's utterance.
pub(super) struct Taker {
    pub(super) route: usize,
    /// Its score, and by how much that is the higher one.
    pub(super) score: f64,
    pub(super) lead: f64,
    /// Its most similar utterance.
    pub(super) near: Hit,
}

fn finding(content: &Content<'_>, routes: [usize; 2], pair: Pair<'_>) -> Option<Finding> {
    let rows = content.rows;
    // One that has nothing but itself takes others, and cannot be taken.
    let held = || routes.iter().flat_map(|&route| content.of_route(route));
    let takeable = held().filter(|held| held.own.first().is_some()).count();
    let share = pair.taken.len() as f64 / takeable.max(1) as f64;
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
            "{a:?} and {b:?} take {count} of each other's {takeable} utterances ({percent:.0} %) when \
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
    told.sort_by(|(x, ..), (y, ..)| y.total_cmp(x));
    let example = |&(_, held, near): &(f64, &HeldOut, Hit)| content.torn(held, near);
    Some(Finding {
        kind: FindingKind::Overlap,
        severity: if confused && share >= WARNING { Severity::Warning } else { Severity::Advice },
        routes: names.to_vec(),
        count: told.len(),
        of: if confused { takeable } else { held().count() },
        unreachable: None,
        examples: told.iter().take(MAX_EXAMPLES).map(example).collect(),
        message,
        advice: "Move the texts that are in the wrong route, add utterances that tell the two \
                 apart, or make one route of them and tell them apart by other means."
            .to_owned(),
    })
}
