//! The one decision path: every caller's query ends here.
//!
//! Exact evidence costs a little for every route it is gathered for, and a decision needs that
//! of a few. So routes are taken in the order of what their `nearest` can be at most, until
//! no other could still be among those that are shown.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::decision::{Candidate, Decision, Neighbour, Outcome, Reason};
use crate::evidence::{Evidence, best};
use crate::explain::{CutSource, Explanation};
use crate::fit::Scorer;
use crate::index::{Group, Hit, Search};
use crate::metadata::Metadata;
use crate::routes::RouteEntry;
use crate::settings::TopK;
use crate::snapshot::{Snapshot, row_in_force};
use crate::threshold::Cut;

/// A text to decide for.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The text, of which a fit may count words and runs of characters; empty if nobody knows it.
    pub text: &'a str,
    /// Its unit vector, as wide as the model's are.
    pub vector: &'a [f32],
}

/// What an answer is to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecideOptions {
    /// Candidates to list, in place of the namespace's setting.
    pub top_k: Option<TopK>,
    /// Whether to say why.
    pub explain: bool,
}

/// A route with its evidence and what follows from it.
pub(crate) struct Weighed<'a> {
    pub(crate) route: &'a RouteEntry,
    /// Where it stands in the fit.
    pub(crate) row: Option<u32>,
    pub(crate) evidence: Evidence<'a>,
    pub(crate) score: f64,
    pub(crate) confidence: f64,
    pub(crate) cut: Cut,
    pub(crate) cut_source: CutSource,
    /// Why it is refused; `None` if it passes.
    pub(crate) refusal: Option<Reason>,
}

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

/// Routes whose rows are gathered in one pass.
const GATHERED: usize = 6;

/// What rounding may do to a curve and its inverse, and far more: a route that comes so near to
/// its cut is looked at.
const SLACK: f64 = 1e-9;

/// A query's pass over all that a snapshot holds, from which [`Found::decide`] decides: two steps
/// for whoever wants to know how long each takes.
pub struct Found<'a> {
    snapshot: &'a Snapshot,
    search: Search<'a>,
    scorer: Scorer<'a>,
}

impl Snapshot {
    /// Decides for a query.
    ///
    /// The winner is the highest score among the routes that pass their own cuts, so a
    /// strict route never hides one that passes. The cut that routes have in common is another
    /// matter: it asks whether the best of them is right, and if that is not likely enough, no
    /// other of them is the answer.
    ///
    /// # Panics
    ///
    /// If the vector's width is not that of the routes' vectors.
    #[must_use]
    pub fn decide<'a>(
        &'a self,
        query: impl Into<Query<'a>>,
        options: impl Into<DecideOptions>,
    ) -> Decision {
        self.search(query).decide(options)
    }

    /// The first step of [`Self::decide`], which grows with what is stored: bounds the similarity
    /// of every text.
    ///
    /// # Panics
    ///
    /// If the vector's width is not that of the routes' vectors.
    #[must_use]
    pub fn search<'a>(&'a self, query: impl Into<Query<'a>>) -> Found<'a> {
        let query = query.into();
        let search = Search::run(&self.index, query.vector, self.groups());
        let prior = self.prior.acceptance();
        let scorer = Scorer::new(self.fit.as_deref(), prior, self.index.kernels(), &query);
        Found { snapshot: self, search, scorer }
    }

    fn decide_from<'a>(
        &'a self,
        mut search: Search<'a>,
        scorer: &Scorer<'_>,
        options: DecideOptions,
    ) -> Decision {
        let shown = options.top_k.unwrap_or(self.settings.top_k).get();
        // The margin asks for the second, whoever is shown, and so does who asks why.
        let weighed = self.leaders(&mut search, scorer, shown.max(2));

        let (outcome, reason) = self.outcome(&weighed);
        let winner = weighed.first().filter(|_| outcome == Outcome::Matched).map(|w| w.route);
        let intent = winner.map(|route| route.name.clone());
        let explanation = options
            .explain
            .then(|| Explanation::of(self, scorer, &weighed, shown, outcome, reason));
        Decision {
            route: intent.clone(),
            intent,
            outcome,
            confidence: weighed.first().map_or(0.0, |w| w.confidence),
            threshold: weighed.first().map_or_else(|| scorer.cut(None), |w| w.cut).get(),
            calibrated: scorer.is_calibrated(),
            reason,
            candidates: weighed.iter().take(shown).map(Weighed::candidate).collect(),
            metadata: winner.map_or_else(Metadata::default, |w| w.attributes.metadata.clone()),
            revision: self.revision,
            fit: self.fit_status(),
            explanation,
        }
    }

    /// The first `count` routes: those that pass, then those that do not, each by score.
    fn leaders<'a>(
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

        let mut refused = Vec::new();
        let mut collect = |rest: Vec<Bounded<'a>>, refused: &mut Vec<Weighed<'a>>| {
            let (mut rest, mut passing) = (BinaryHeap::from(rest), Vec::new());
            while let Some(next) =
                next(search, scorer, &mut rest, |next| settled(&passing, count, next))
            {
                let weighed = Weighed::of(search, scorer, &next, common);
                let to = if weighed.refusal.is_none() { &mut passing } else { &mut *refused };
                add(to, weighed, count);
            }
            passing
        };
        let mut passing = collect(usual, &mut refused);
        let with_own = collect(own, &mut refused);

        let mut rest = BinaryHeap::from(cannot);
        if let Some(best) = passing.first().map(|best| best.score) {
            // Whether a route of a higher score does not pass.
            while let Some(next) = next(search, scorer, &mut rest, |next| next <= best) {
                add(&mut refused, Weighed::of(search, scorer, &next, common), count);
            }
            let behind = |passing: &Weighed<'_>| refused.iter().any(|other| other.hides(passing));
            let demoted: Vec<_> = passing.extract_if(.., |passing| behind(passing)).collect();
            for mut demoted in demoted {
                demoted.refusal = Some(Reason::BehindRefused);
                add(&mut refused, demoted, count);
            }
        }
        for weighed in with_own {
            add(&mut passing, weighed, count);
        }
        // Nobody asks for those that do not pass where those that do fill the list.
        let needed = count.saturating_sub(passing.len());
        refused.truncate(needed);
        while let Some(next) =
            next(search, scorer, &mut rest, |next| settled(&refused, needed, next))
        {
            add(&mut refused, Weighed::of(search, scorer, &next, common), needed);
        }
        passing.extend(refused);
        passing
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
    pub fn decide(self, options: impl Into<DecideOptions>) -> Decision {
        self.snapshot.decide_from(self.search, &self.scorer, options.into())
    }
}

impl<'a> From<&'a [f32]> for Query<'a> {
    fn from(vector: &'a [f32]) -> Self {
        Self { text: "", vector }
    }
}

impl<'a> From<&'a Vec<f32>> for Query<'a> {
    fn from(vector: &'a Vec<f32>) -> Self {
        Self { text: "", vector }
    }
}

impl<'a, const WIDTH: usize> From<&'a [f32; WIDTH]> for Query<'a> {
    fn from(vector: &'a [f32; WIDTH]) -> Self {
        Self { text: "", vector }
    }
}

impl DecideOptions {
    /// These candidates, and no explanation.
    #[must_use]
    pub const fn top_k(top_k: Option<TopK>) -> Self {
        Self { top_k, explain: false }
    }

    /// The same, and why.
    #[must_use]
    pub const fn explained(self) -> Self {
        Self { explain: true, ..self }
    }
}

impl From<Option<TopK>> for DecideOptions {
    fn from(top_k: Option<TopK>) -> Self {
        Self::top_k(top_k)
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

impl<'a> Weighed<'a> {
    fn of(
        search: &mut Search<'a>,
        scorer: &Scorer<'_>,
        bounded: &Bounded<'a>,
        common: Option<f64>,
    ) -> Self {
        let Bounded { route, row, .. } = *bounded;
        let evidence = Evidence::weigh(search, route, common);
        let score = scorer.score(row, evidence.nearest);
        let confidence = scorer.confidence(scorer.sum(row, evidence.nearest));
        let (cut, cut_source) = match route.attributes.threshold {
            Some(cut) => (cut, CutSource::Route),
            None => scorer.cut_and_source(row),
        };
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
        Self { route, row, evidence, score, confidence, cut, cut_source, refusal }
    }

    /// Whether this route, which does not pass the cut they have in common, fits better than that one,
    /// which does.
    ///
    /// Confidence is that of the best route, and is not to be believed of the others. Without this
    /// rule 0.6 % of HWU64's texts were answered by a second best whose confidence was higher.
    fn hides(&self, other: &Self) -> bool {
        self.refusal == Some(Reason::BelowThreshold)
            && !self.cut_source.is_own()
            && self.score > other.score
    }

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
