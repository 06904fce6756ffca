//! One route weighed: its evidence, and whether it passes its cuts.

use crate::decision::{Candidate, Neighbour, Reason};
use crate::evidence::Evidence;
use crate::explain::CutSource;
use crate::fit::Scorer;
use crate::index::{Hit, Search};
use crate::routes::RouteEntry;
use crate::threshold::Cut;

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

impl<'a> Weighed<'a> {
    /// A route whose rows were gathered; `common` is the query's similarity to the namespace's
    /// negatives.
    pub(super) fn of(
        search: &mut Search<'a>,
        scorer: &Scorer<'_>,
        route: &'a RouteEntry,
        row: Option<u32>,
        common: Option<f64>,
    ) -> Self {
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

    /// Whether those of lower scores that pass the cut they have in common are no answers, because
    /// this route does not pass it.
    ///
    /// Confidence is that of the best route, and is not to be believed of the others. Without this
    /// rule 0.6 % of HWU64's texts were answered by a second best whose confidence was higher.
    pub(super) fn hides_others(&self) -> bool {
        self.refusal == Some(Reason::BelowThreshold) && !self.cut_source.is_own()
    }

    /// What is shown of it.
    pub(super) fn candidate(&self) -> Candidate {
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
