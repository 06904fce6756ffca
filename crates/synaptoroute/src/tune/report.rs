//! What there is to tell of a tuned model.

use serde::{Deserialize, Serialize};
use synaptoroute_router::{Comparison, NamespaceName, Objective, Pair, Revision};

/// What tuning came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TuneReport {
    /// The tuned model's name.
    pub model: String,
    /// Its file's SHA-256, in hexadecimal.
    pub fingerprint: String,
    /// That of the file it began from.
    pub parent: String,
    /// SHA-256 of the routes and utterances it learned from, in hexadecimal.
    pub content: String,
    /// The namespace that it learned.
    pub namespace: NamespaceName,
    /// Its content's revision then.
    pub revision: Revision,
    /// Routes that it learned.
    pub routes: usize,
    /// Utterances that it learned from.
    pub utterances: usize,
    /// Negatives of the namespace.
    pub negatives: usize,
    /// Whether it was told from these too: only if that was better on what was held out.
    pub with_negatives: bool,
    /// Steps that were made.
    pub steps: usize,
    /// The mean loss over the first tenth of the steps,
    pub loss_before: f32,
    /// and over the last.
    pub loss_after: f32,
    /// The mean cosine of the utterances' vectors by the file's integers to those by the weights that
    /// were rounded.
    pub fidelity: f64,
    /// Whether it earned its place.
    pub verdict: Verdict,
    /// What the cuts of the namespace's fits are chosen for,
    pub objective: Objective,
    /// and what it makes of the decisions on what was held out, as of
    /// [`Objective::achieved`]; more is better. Null where nothing was held out.
    pub achieved: Option<Pair>,
    /// What changed on utterances that were held out, and on what belongs nowhere: built-in texts, and
    /// utterances of routes that were left out whole. Null where nothing was held out.
    pub comparison: Option<Comparison>,
}

/// Whether a tuned model is to take its parent's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Verdict {
    /// The objective makes more of the decisions on what was held out, and what belongs nowhere is told
    /// apart as well as before.
    Better,
    /// It makes no more of them.
    NoGain,
    /// What belongs nowhere is told apart less well.
    RefusesWorse,
    /// Nothing was held out, so nobody knows.
    Unjudged,
}

impl Verdict {
    pub(super) fn of(achieved: Option<Pair>, comparison: Option<&Comparison>) -> Self {
        let Some((achieved, comparison)) = achieved.zip(comparison) else { return Self::Unjudged };
        if achieved.difference <= 0.0 {
            return Self::NoGain;
        }
        match comparison.auroc {
            Some(auroc) if auroc.difference < 0.0 => Self::RefusesWorse,
            _ => Self::Better,
        }
    }

    /// What it means, and what to do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Better => "better on what it has not seen",
            Self::NoGain => {
                "no better at the objective on what it has not seen: the model as it is decides as well; \
                 give more utterances, or more steps"
            }
            Self::RefusesWorse => {
                "better at the objective on what it has not seen, but worse at telling what belongs \
                 nowhere; fewer steps or fewer layers may help"
            }
            Self::Unjudged => "not judged: nothing was held out",
        }
    }
}
