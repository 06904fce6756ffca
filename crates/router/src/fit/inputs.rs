//! What a fit is made from besides the routes.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::objective::Objective;
use super::options::EvidenceSet;
use crate::name::RouteName;
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
}

impl FitInputs<'_> {
    /// SHA-256 of all that the fit of a snapshot depends on, 64 hex digits; in whatever order
    /// things were added or given.
    #[must_use]
    pub fn hash(&self, snapshot: &Snapshot) -> String {
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
        let mut samples: Vec<(&str, Option<&str>)> = self
            .samples
            .iter()
            .map(|sample| (sample.text.as_str(), sample.route.as_ref().map(RouteName::as_str)))
            .collect();
        samples.sort_unstable();
        for (text, route) in samples {
            part(text);
            part(route.map_or("", |route| route));
        }
        let mut background: Vec<&str> =
            self.background.iter().map(|background| background.text.as_str()).collect();
        background.sort_unstable();
        background.into_iter().for_each(part);
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
