//! The one decision path: every caller's query ends here.

use std::cmp::Ordering;

use serde_json::Map;

use crate::confidence::DEFAULT_CUT;
use crate::decision::{Candidate, Decision, Neighbour, Outcome, Reason};
use crate::evidence::{Evidence, best};
use crate::settings::TopK;
use crate::snapshot::{IndexedRoute, Snapshot};
use crate::threshold::Cut;

/// A route with its evidence and what follows from it.
struct Weighed<'a> {
    route: &'a IndexedRoute,
    evidence: Evidence,
    score: f64,
    confidence: f64,
    cut: Cut,
    /// Why it is refused; `None` if it passes.
    refusal: Option<Reason>,
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
        let mut similarities = Vec::new();
        let common = best(&self.kernels, query, &self.negatives.vectors, &mut similarities);
        let mut weighed: Vec<Weighed<'_>> = self
            .routes()
            .map(|route| self.weigh(query, route, common, &mut similarities))
            .collect();
        // Stable: of equal scores the first name leads, whatever the order of adds.
        weighed.sort_by(Weighed::order);

        let (outcome, reason) = self.outcome(&weighed);
        let winner =
            weighed.first().filter(|_| outcome == Outcome::Matched).map(|w| w.route.route());
        let intent = winner.map(|route| route.name.clone());
        let shown = top_k.unwrap_or(self.settings.top_k).get();
        Decision {
            route: intent.clone(),
            intent,
            outcome,
            confidence: weighed.first().map_or(0.0, |w| w.confidence),
            threshold: weighed.first().map_or(DEFAULT_CUT, |w| w.cut).get(),
            calibrated: false,
            reason,
            candidates: weighed.iter().take(shown).map(Weighed::candidate).collect(),
            metadata: winner.map_or_else(Map::new, |route| route.metadata.clone()),
            revision: self.revision,
            fit: None,
        }
    }

    fn weigh<'a>(
        &self,
        query: &[f32],
        route: &'a IndexedRoute,
        common: Option<f64>,
        similarities: &mut Vec<f32>,
    ) -> Weighed<'a> {
        let evidence = Evidence::weigh(&self.kernels, query, route, common, similarities);
        let score = evidence.nearest;
        let confidence = self.prior.confidence(evidence.nearest);
        let cut = route.route().threshold.unwrap_or(DEFAULT_CUT);
        let score_cut = route.route().score_threshold;
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

impl Weighed<'_> {
    /// Those that pass before those that do not, then the higher score.
    fn order(&self, other: &Self) -> Ordering {
        let passes = |w: &Self| w.refusal.is_none();
        passes(other).cmp(&passes(self)).then(other.score.total_cmp(&self.score))
    }

    fn candidate(&self) -> Candidate {
        let route = self.route.route();
        let neighbour = |&(place, similarity): &(usize, f64)| Neighbour {
            utterance: route.utterances[place].clone(),
            similarity,
        };
        Candidate {
            route: route.name.clone(),
            score: self.score,
            confidence: self.confidence,
            nearest: self.evidence.neighbours.iter().map(neighbour).collect(),
        }
    }
}
