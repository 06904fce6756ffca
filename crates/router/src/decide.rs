//! The one decision path: every caller's query ends here.
//!
//! - `leaders`: the first routes of a query, found without weighing all of them.
//! - `weighed`: one route, its evidence and whether it passes.

mod leaders;
#[cfg(test)]
mod tests;
mod weighed;

pub(crate) use self::weighed::Weighed;

use crate::decision::{Decision, Outcome, Reason};
use crate::explain::Explanation;
use crate::fit::Scorer;
use crate::index::Search;
use crate::metadata::Metadata;
use crate::settings::TopK;
use crate::snapshot::Snapshot;

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
