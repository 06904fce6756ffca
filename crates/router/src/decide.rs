//! The one decision path: every caller's query ends here.
//!
//! Exact evidence costs a little for every route it is gathered for, and a decision needs that
//! of a few. So routes are taken in the order of what their `nearest` can be at most, until
//! no other could still be among those that are shown.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::confidence::DEFAULT_CUT;
use crate::decision::{Candidate, Decision, Neighbour, Outcome, Reason};
use crate::evidence::{Evidence, best};
use crate::index::{Group, Hit, Search};
use crate::metadata::Metadata;
use crate::routes::RouteEntry;
use crate::settings::TopK;
use crate::snapshot::Snapshot;
use crate::threshold::Cut;

/// A route with its evidence and what follows from it.
struct Weighed<'a> {
    route: &'a RouteEntry,
    evidence: Evidence<'a>,
    score: f64,
    confidence: f64,
    cut: Cut,
    /// Why it is refused; `None` if it passes.
    refusal: Option<Reason>,
}

/// A route and what its score does not exceed.
struct Bounded<'a> {
    route: &'a RouteEntry,
    at_most: f64,
    /// Whether its rows were gathered.
    gathered: bool,
}

/// Routes whose rows are gathered in one pass.
const GATHERED: usize = 6;

/// What rounding may do to a curve and its inverse, and far more: a route that comes so near to
/// its cut is looked at.
const NEAREST_SLACK: f64 = 1e-9;

/// A query's pass over all that a snapshot holds, from which [`Found::decide`] decides: two steps
/// for whoever wants to know how long each takes.
pub struct Found<'a> {
    snapshot: &'a Snapshot,
    search: Search<'a>,
}

impl Snapshot {
    /// Decides for a query's unit vector; `top_k` stands in for the namespace's setting.
    ///
    /// The winner is the highest score among the routes that pass their own cuts, so a
    /// strict route never hides one that passes.
    ///
    /// # Panics
    ///
    /// If the vector's width is not that of the routes' vectors.
    #[must_use]
    pub fn decide(&self, query: &[f32], top_k: Option<TopK>) -> Decision {
        self.search(query).decide(top_k)
    }

    /// The first step of [`Self::decide`], which grows with what is stored: bounds the similarity
    /// of every text.
    ///
    /// # Panics
    ///
    /// If the vector's width is not that of the routes' vectors.
    #[must_use]
    pub fn search<'a>(&'a self, query: &'a [f32]) -> Found<'a> {
        Found { snapshot: self, search: Search::run(&self.index, query, self.groups()) }
    }

    fn decide_from<'a>(&'a self, mut search: Search<'a>, top_k: Option<TopK>) -> Decision {
        let shown = top_k.unwrap_or(self.settings.top_k).get();
        // The margin asks for the second, whoever is shown.
        let weighed = self.leaders(&mut search, shown.max(2));

        let (outcome, reason) = self.outcome(&weighed);
        let winner = weighed.first().filter(|_| outcome == Outcome::Matched).map(|w| w.route);
        let intent = winner.map(|route| route.name.clone());
        Decision {
            route: intent.clone(),
            intent,
            outcome,
            confidence: weighed.first().map_or(0.0, |w| w.confidence),
            threshold: weighed.first().map_or(DEFAULT_CUT, |w| w.cut).get(),
            calibrated: false,
            reason,
            candidates: weighed.iter().take(shown).map(Weighed::candidate).collect(),
            metadata: winner.map_or_else(Metadata::default, |w| w.attributes.metadata.clone()),
            revision: self.revision,
            fit: None,
        }
    }

    /// The first `count` routes: those that pass, then those that do not, each by score.
    fn leaders<'a>(&'a self, search: &mut Search<'a>, count: usize) -> Vec<Weighed<'a>> {
        search.gather([(Group::NAMESPACE, self.negatives)]);
        let common = best(search, Group::NAMESPACE);
        let bounded = |route: &'a RouteEntry| {
            let at_most = search.at_most(Group::utterances(route.slot));
            Bounded { route, at_most: at_most.into(), gathered: false }
        };
        let usual = self.prior.nearest(DEFAULT_CUT);
        let (may_pass, cannot): (Vec<_>, Vec<_>) =
            self.routes().map(bounded).partition(|bounded| self.may_pass(bounded, usual));

        let (mut passing, mut refused) = (Vec::new(), Vec::new());
        let mut rest = BinaryHeap::from(may_pass);
        while let Some(next) = next(search, &mut rest, |next| settled(&passing, count, next)) {
            let weighed = self.weigh(search, next.route, common);
            let to = if weighed.refusal.is_none() { &mut passing } else { &mut refused };
            add(to, weighed, count);
        }
        // Nobody asks for those that do not pass where those that do fill the list.
        let needed = count.saturating_sub(passing.len());
        refused.truncate(needed);
        let mut rest = BinaryHeap::from(cannot);
        while let Some(next) = next(search, &mut rest, |next| settled(&refused, needed, next)) {
            add(&mut refused, self.weigh(search, next.route, common), needed);
        }
        passing.extend(refused);
        passing
    }

    /// Whether the route's cuts leave it a chance, whatever negatives say. `usual` is the
    /// `nearest` that the default cut asks for.
    fn may_pass(&self, bounded: &Bounded<'_>, usual: f64) -> bool {
        let attributes = &bounded.route.attributes;
        let least = attributes.threshold.map_or(usual, |cut| self.prior.nearest(cut));
        bounded.at_most + NEAREST_SLACK >= least
            && attributes.score_threshold.is_none_or(|cut| bounded.at_most >= cut.get())
    }

    fn weigh<'a>(
        &self,
        search: &mut Search<'a>,
        route: &'a RouteEntry,
        common: Option<f64>,
    ) -> Weighed<'a> {
        let evidence = Evidence::weigh(search, route, common);
        let score = evidence.nearest;
        let confidence = self.prior.confidence(evidence.nearest);
        let cut = route.attributes.threshold.unwrap_or(DEFAULT_CUT);
        let score_cut = route.attributes.score_threshold;
        let refusal = if evidence.negative.is_some_and(|negative| negative > evidence.best) {
            Some(Reason::NearerToNegative)
        } else if confidence < cut.get() {
            Some(Reason::BelowThreshold)
        } else if score_cut.is_some_and(|cut| evidence.nearest < cut.get()) {
            Some(Reason::BelowScoreThreshold)
        } else {
            None
        };
        Weighed { route, evidence, score, confidence, cut, refusal }
    }

    fn outcome(&self, weighed: &[Weighed<'_>]) -> (Outcome, Reason) {
        let Some(first) = weighed.first() else {
            return (Outcome::None, Reason::NoRoutes);
        };
        if let Some(reason) = first.refusal {
            return (Outcome::None, reason);
        }
        let margin = self.settings.margin.get();
        let second = weighed.get(1).filter(|w| w.refusal.is_none());
        // A margin of 0 is off: equal scores then go to the first name.
        if margin > 0.0 && second.is_some_and(|second| first.score - second.score <= margin) {
            return (Outcome::Ambiguous, Reason::WithinMargin);
        }
        (Outcome::Matched, Reason::Accepted)
    }
}

impl Found<'_> {
    /// The second step of [`Snapshot::decide`]: computes the similarities that the bounds leave
    /// in question, and decides.
    #[must_use]
    pub fn decide(self, top_k: Option<TopK>) -> Decision {
        self.snapshot.decide_from(self.search, top_k)
    }
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
        rest.extend(batch.into_iter().map(|Bounded { route, .. }| {
            let at_most = search.nearest_at_most(Group::utterances(route.slot));
            Bounded { route, at_most, gathered: true }
        }));
        // With their bounds nearer, another may lead, or the list be settled.
        return next(search, rest, settled);
    }
    Some(first)
}

impl Weighed<'_> {
    fn candidate(&self) -> Candidate {
        let neighbour = |hit: &Hit<'_>| Neighbour {
            utterance: hit.text.clone(),
            similarity: hit.similarity.into(),
        };
        Candidate {
            route: self.route.name.clone(),
            score: self.score,
            confidence: self.confidence,
            nearest: self.evidence.neighbours.iter().map(neighbour).collect(),
        }
    }
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
