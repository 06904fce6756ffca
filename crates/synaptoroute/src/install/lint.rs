//! When a tuned model has fallen behind the routes.

use serde::Deserialize;
use synaptoroute_router::{LearnedContent, LintReport, Snapshot};
use synaptoroute_store::StoreError;

use crate::error::RouterError;
use crate::router::Router;

impl Router {
    /// Says when enough has changed since the model in use learned this namespace to tune again.
    pub(crate) fn lint_tuning(&self, snapshot: &Snapshot, report: &mut LintReport) {
        // What cannot be read now says nothing about the routes.
        let Ok(models) = self.models() else { return };
        let Some(model) = models.into_iter().find(|model| model.in_use) else { return };
        let learned = model.learned.filter(|learned| learned.namespace == *self.name());
        let told = model.report.and_then(|report| serde_json::from_str(&report).ok());
        let (Some(learned), Some(told)) = (learned, told) else { return };
        let Told { utterances, routes } = told;
        let content = LearnedContent { model: &model.identity.name, utterances, routes };
        match self.diff(learned.revision, snapshot.revision()) {
            Ok(since) => report.add_stale_tuning(content, Some(&since)),
            Err(RouterError::Store(error)) if matches!(*error, StoreError::RevisionGone { .. }) => {
                report.add_stale_tuning(content, None);
            }
            Err(_) => {}
        }
    }
}

/// What is read of a [`TuneReport`](crate::TuneReport) that is kept.
#[derive(Deserialize)]
struct Told {
    utterances: usize,
    routes: usize,
}
