//! The first routes of a query, with exact evidence for no more of them than that takes.
//!
//! Exact evidence costs a little for every route it is gathered for, and a decision needs that
//! of a few. So routes are taken in the order of what their `nearest` can be at most, until
//! no other could still be among those that are shown.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Weighed;
use crate::decision::Reason;
use crate::evidence::best;
use crate::fit::Scorer;
use crate::index::{Group, Search};
use crate::routes::RouteEntry;
use crate::snapshot::{Snapshot, row_in_force};

/// A route and what its score does not exceed.
struct Bounded<'a> {
    route: &'a RouteEntry,
    row: Option<u32>,
    /// Of `nearest`.
    nearest: f64,
    /// Of the score.
    at_most: f64,
    /// Whether its rows were gathered.
    gathered: bool,
}

/// Routes that do not pass.
struct Refused<'a> {
    /// The first of them.
    leaders: Vec<Weighed<'a>>,
    /// The highest score of those that hide others; such a route need not be among the first.
    hiding: f64,
}

/// Routes whose rows are gathered in one pass.
const GATHERED: usize = 6;

/// What rounding may do to a curve and its inverse, and far more: a route that comes so near to
/// its cut is looked at.
const SLACK: f64 = 1e-9;

impl Snapshot {
    /// The first `count` routes: those that pass, then those that do not, each by score.
    pub(super) fn leaders<'a>(
        &'a self,
        search: &mut Search<'a>,
        scorer: &Scorer<'_>,
        count: usize,
    ) -> Vec<Weighed<'a>> {
        search.gather([(Group::NAMESPACE, self.negatives)]);
        let common = best(search, Group::NAMESPACE);
        let bounded = |route: &'a RouteEntry| {
            let row = self.fit.as_ref().and_then(|fit| row_in_force(fit, route));
            let nearest = search.at_most(Group::utterances(route.slot)).into();
            let at_most = scorer.score(row, nearest);
            Bounded { route, row, nearest, at_most, gathered: false }
        };
        let (may_pass, cannot): (Vec<_>, Vec<_>) =
            self.routes().map(bounded).partition(|bounded| may_pass(scorer, bounded));
        let (own, usual): (Vec<_>, Vec<_>) =
            may_pass.into_iter().partition(|bounded| has_own_cut(scorer, bounded));

        let mut refused = Refused { leaders: Vec::new(), hiding: f64::NEG_INFINITY };
        let mut collect = |rest: Vec<Bounded<'a>>, refused: &mut Refused<'a>| {
            let (mut rest, mut passing) = (BinaryHeap::from(rest), Vec::new());
            while let Some(next) =
                next(search, scorer, &mut rest, |next| settled(&passing, count, next))
            {
                let weighed = Weighed::of(search, scorer, next.route, next.row, common);
                match weighed.refusal {
                    None => add(&mut passing, weighed, count),
                    Some(_) => refused.add(weighed, count),
                }
            }
            passing
        };
        let mut passing = collect(usual, &mut refused);
        let with_own = collect(own, &mut refused);

        let mut rest = BinaryHeap::from(cannot);
        if let Some(best) = passing.first().map(|best| best.score) {
            // Whether a route of a higher score does not pass.
            while let Some(next) = next(search, scorer, &mut rest, |next| next <= best) {
                let weighed = Weighed::of(search, scorer, next.route, next.row, common);
                refused.add(weighed, count);
            }
            let visible = passing.partition_point(|passing| passing.score >= refused.hiding);
            for mut hidden in passing.split_off(visible) {
                hidden.refusal = Some(Reason::BehindRefused);
                refused.add(hidden, count);
            }
        }
        for weighed in with_own {
            add(&mut passing, weighed, count);
        }
        // Nobody asks for those that do not pass where those that do fill the list.
        let needed = count.saturating_sub(passing.len());
        let mut refused = refused.leaders;
        refused.truncate(needed);
        while let Some(next) =
            next(search, scorer, &mut rest, |next| settled(&refused, needed, next))
        {
            let weighed = Weighed::of(search, scorer, next.route, next.row, common);
            add(&mut refused, weighed, needed);
        }
        passing.extend(refused);
        passing
    }
}

impl<'a> Refused<'a> {
    fn add(&mut self, weighed: Weighed<'a>, count: usize) {
        if weighed.hides_others() {
            self.hiding = self.hiding.max(weighed.score);
        }
        add(&mut self.leaders, weighed, count);
    }
}

/// Whether its cut on confidence is for this route alone.
fn has_own_cut(scorer: &Scorer<'_>, bounded: &Bounded<'_>) -> bool {
    bounded.route.attributes.threshold.is_some() || scorer.cut_and_source(bounded.row).1.is_own()
}

/// Whether the route's cuts leave it a chance, whatever negatives say.
fn may_pass(scorer: &Scorer<'_>, bounded: &Bounded<'_>) -> bool {
    let attributes = &bounded.route.attributes;
    let cut = attributes.threshold.unwrap_or_else(|| scorer.cut(bounded.row));
    scorer.sum(bounded.row, bounded.nearest) + SLACK >= scorer.sum_at(cut)
        && attributes.score_threshold.is_none_or(|cut| bounded.nearest >= cut.get())
}

/// Whether the first `count` are there, and nothing of at most this score comes before any of
/// them. An equal score might, by its name.
fn settled(leaders: &[Weighed<'_>], count: usize, at_most: f64) -> bool {
    count == 0 || leaders.get(count - 1).is_some_and(|last| last.score > at_most)
}

/// Puts a route in its rank: by score, of equals by name, whatever the order of adds. Only the
/// first `count` are kept.
fn add<'a>(leaders: &mut Vec<Weighed<'a>>, new: Weighed<'a>, count: usize) {
    let before = |other: &Weighed<'_>| {
        let order = new.score.total_cmp(&other.score);
        order.then_with(|| other.route.name.cmp(&new.route.name)) == Ordering::Less
    };
    leaders.insert(leaders.partition_point(before), new);
    leaders.truncate(count);
}

/// The route of the highest bound, with its rows gathered, unless the list is settled without
/// it. The rows of those that come next are gathered along: the pass is what costs.
fn next<'a>(
    search: &mut Search<'_>,
    scorer: &Scorer<'_>,
    rest: &mut BinaryHeap<Bounded<'a>>,
    settled: impl Fn(f64) -> bool,
) -> Option<Bounded<'a>> {
    if settled(rest.peek()?.at_most) {
        return None;
    }
    let first = rest.pop()?;
    if !first.gathered {
        let mut batch = vec![first];
        while batch.len() < GATHERED
            && let Some(more) = rest.pop()
        {
            batch.push(more);
        }
        search.gather(batch.iter().flat_map(|Bounded { route, .. }| {
            let utterances = (Group::utterances(route.slot), route.utterances);
            [utterances, (Group::negatives(route.slot), route.negatives)]
        }));
        rest.extend(batch.into_iter().map(|Bounded { route, row, .. }| {
            let nearest = search.nearest_at_most(Group::utterances(route.slot));
            let at_most = scorer.score(row, nearest);
            Bounded { route, row, nearest, at_most, gathered: true }
        }));
        // With their bounds nearer, another may lead, or the list be settled.
        return next(search, scorer, rest, settled);
    }
    Some(first)
}

impl Ord for Bounded<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at_most.total_cmp(&other.at_most)
    }
}

impl PartialOrd for Bounded<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bounded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Bounded<'_> {}
