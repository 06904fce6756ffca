//! One sample, and what the router said to it.

use serde::{Deserialize, Serialize};

use crate::decide::Query;
use crate::decision::{Candidate, Decision, Neighbour, Outcome, Reason};
use crate::name::RouteName;
use crate::samples::Sample;
use crate::settings::TopK;
use crate::snapshot::Snapshot;
use crate::text::Text;

/// A sample and its decision; of a wrong one, with what led there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Judged {
    /// The sample's text.
    pub text: Text,
    /// The route it belongs to; null if it belongs to none.
    pub expected: Option<RouteName>,
    /// The route that took it; null if none did.
    pub got: Option<RouteName>,
    /// Whether these two are the same.
    pub right: bool,
    /// How it came out.
    pub outcome: Outcome,
    /// Why it came out so.
    pub reason: Reason,
    /// The first candidate, taken or not; null where there are no routes.
    pub first: Option<RouteName>,
    /// That the first candidate is right.
    pub confidence: f64,
    /// The cut that held for it.
    pub threshold: f64,
    /// Whether confidence was fitted to the routes.
    pub calibrated: bool,
    /// Of a wrong one, the first candidate's utterance that is most similar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest_of_first: Option<Neighbour>,
    /// Of a wrong one, the right route's utterance that is most similar; absent where that route is
    /// not among the first hundred candidates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest_of_expected: Option<Neighbour>,
}

impl Judged {
    /// What a decision says of a sample.
    #[must_use]
    pub fn new(sample: &Sample, decision: &Decision) -> Self {
        let first = decision.candidates.first();
        let right = decision.intent == sample.intent;
        let nearest = |of: Option<&Candidate>| of.and_then(|of| of.nearest.first().cloned());
        let wrong = |of: Option<&Candidate>| if right { None } else { nearest(of) };
        Self {
            text: sample.text.clone(),
            expected: sample.intent.clone(),
            got: decision.intent.clone(),
            right,
            outcome: decision.outcome,
            reason: decision.reason,
            first: first.map(|candidate| candidate.route.clone()),
            confidence: decision.confidence,
            threshold: decision.threshold,
            calibrated: decision.calibrated,
            nearest_of_first: wrong(first),
            nearest_of_expected: wrong(expected(sample, decision)),
        }
    }

    /// Whether it belongs to a route.
    #[must_use]
    pub fn is_in_scope(&self) -> bool {
        self.expected.is_some()
    }

    /// Whether the first candidate is right, taken or not: what confidence is the probability
    /// of. Of what belongs to no route, none is.
    #[must_use]
    pub fn first_is_right(&self) -> bool {
        self.is_in_scope() && self.first == self.expected
    }
}

fn expected<'a>(sample: &Sample, decision: &'a Decision) -> Option<&'a Candidate> {
    let expected = sample.intent.as_ref()?;
    decision.candidates.iter().find(|candidate| candidate.route == *expected)
}

impl Snapshot {
    /// Decides for a sample, given as it is read, and says what came of it.
    ///
    /// # Panics
    ///
    /// If the vector's width is not that of the routes' vectors.
    #[must_use]
    pub fn judge(&self, query: Query<'_>, sample: &Sample) -> Judged {
        let decision = self.decide(query, None);
        let explained = decision.intent == sample.intent
            || sample.intent.is_none()
            || expected(sample, &decision).is_some();
        if explained {
            return Judged::new(sample, &decision);
        }
        // How many are listed decides nothing; only what is wrong is worth so long a list.
        Judged::new(sample, &self.decide(query, Some(TopK::MOST)))
    }
}
