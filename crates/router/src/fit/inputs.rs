//! What a fit is made from besides the routes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::corpus;
use super::objective::Objective;
use super::options::EvidenceSet;
use super::out_of_fold::OutOfFold;
use super::report::Unfitted;
use crate::name::RouteName;
use crate::samples::Sample;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::text::Text;

/// A text that belongs to no route, with its unit vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// The text.
    pub text: Text,
    /// Its vector, as wide as the model's are.
    pub vector: Arc<[f32]>,
}

/// A text whose right answer is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// The text.
    pub text: Text,
    /// Its vector, as wide as the model's are.
    pub vector: Arc<[f32]>,
    /// The route it belongs to; `None` if it belongs to none.
    pub route: Option<RouteName>,
}

/// What a fit was asked for; the next one, when texts have changed, is asked for the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FitPlan {
    /// What cuts were chosen for.
    pub objective: Objective,
    /// Which evidence might count.
    pub evidence: EvidenceSet,
    /// The namespace's settings at that time: where they have changed since, they hold.
    pub settings: (Objective, EvidenceSet),
    /// Samples, by text.
    pub samples: Vec<Sample>,
}

/// What a fit is made from besides the routes.
#[derive(Clone, Copy, Debug)]
pub struct FitInputs<'a> {
    /// What cuts are chosen for.
    pub objective: Objective,
    /// Which evidence may count.
    pub evidence: EvidenceSet,
    /// Texts that belong to no route; those that look in scope are left out.
    pub background: &'a [Background],
    /// Samples that decisions will be asked for; none is fine.
    pub samples: &'a [Labelled],
    /// Of a tuned model, what it learned, and what was said of that before; it comes with the model,
    /// as the vectors do.
    pub out_of_fold: Option<&'a OutOfFold>,
}

impl FitPlan {
    /// The plan of the namespace's settings alone.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let Settings { objective, evidence, .. } = *settings;
        Self { objective, evidence, settings: (objective, evidence), samples: Vec::new() }
    }

    /// Why nothing could be fitted to this snapshot; told by counting.
    #[must_use]
    pub fn unfitted(&self, snapshot: &Snapshot) -> Option<Unfitted> {
        let counts: Vec<usize> = snapshot.routes().map(|route| route.utterances).collect();
        let in_scope = self.samples.iter().filter(|sample| sample.intent.is_some()).count();
        corpus::unfitted(&counts, self.samples.len(), in_scope)
    }

    /// What [`FitInputs::hash`] will be, before anything is encoded.
    #[must_use]
    pub fn hash<'a>(
        &self,
        snapshot: &Snapshot,
        background: impl Iterator<Item = &'a str>,
    ) -> String {
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        part("synaptoroute fit 1");
        part(&self.objective.to_string());
        let EvidenceSet { centroid, head, lexical } = self.evidence;
        part(&format!("{centroid} {head} {lexical}"));
        part(&snapshot.texts_digest().to_string());
        for Sample { text, intent } in &self.samples {
            part(text.as_str());
            part(intent.as_ref().map_or("", |intent| intent.as_str()));
        }
        background.for_each(part);
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The plan of the next fit of this snapshot: that of the fit in force, but for what the
    /// settings say since, and for samples whose routes are gone.
    #[must_use]
    pub fn next(snapshot: &Snapshot) -> Self {
        let settings = Self::of(snapshot.settings());
        let Some(fit) = snapshot.fitted() else { return settings };
        let plan = fit.plan();
        let is_there = |sample: &&Sample| {
            let route = sample.intent.as_ref();
            route.is_none_or(|name| snapshot.route(name.as_str()).is_some())
        };
        let samples = plan.samples.iter().filter(is_there).cloned().collect();
        if plan.settings == settings.settings {
            let (objective, evidence) = (plan.objective, plan.evidence);
            Self { objective, evidence, samples, ..settings }
        } else {
            Self { samples, ..settings }
        }
    }
}

impl FitInputs<'_> {
    /// What is asked for.
    pub(super) fn plan(&self, snapshot: &Snapshot) -> FitPlan {
        let sample = |labelled: &Labelled| Sample {
            text: labelled.text.clone(),
            intent: labelled.route.clone(),
        };
        let mut samples: Vec<Sample> = self.samples.iter().map(sample).collect();
        samples.sort_unstable_by(|a, b| a.text.as_str().cmp(b.text.as_str()));
        let settings = FitPlan::of(snapshot.settings()).settings;
        FitPlan { objective: self.objective, evidence: self.evidence, settings, samples }
    }

    /// SHA-256 of all that the fit of a snapshot depends on, 64 hex digits; in whatever order
    /// things were added or given.
    #[must_use]
    pub fn hash(&self, snapshot: &Snapshot) -> String {
        let background = self.background.iter().map(|background| background.text.as_str());
        self.plan(snapshot).hash(snapshot, background)
    }
}
