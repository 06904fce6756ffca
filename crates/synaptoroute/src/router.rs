//! The router: a handle on one namespace, to decide with and to read.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use synaptoroute_encoder::{CacheStats, Embedding, ModelInfo};
use synaptoroute_router::{
    Diff, LintReport, NamespaceName, Query, Revision, RevisionEntry, RoutesFile, Snapshot, Text,
};
use synaptoroute_store::{Reads, StoreError};

use crate::answer::{Answer, RouteOptions, Timing};
use crate::core::{Core, Space, is_current};
use crate::embed::Progress;
use crate::error::RouterError;
use crate::open::Open;
use crate::view::View;

/// Queries of a batch that are encoded together. A batch does not make a token cheaper, so
/// this only bounds working memory.
const BATCH: usize = 32;

/// Decides where texts belong, while routes change.
///
/// It looks at one namespace, `default` unless [`Router::namespace`] made it; a clone is
/// another handle on the same. Share it between threads freely. Readers take the current
/// snapshot by one atomic read. A change is first durable, then visible to every decision
/// that begins, then acknowledged by the call's return.
#[derive(Clone)]
pub struct Router {
    pub(crate) open: Arc<Open>,
    pub(crate) space: Arc<Space>,
}

impl Router {
    /// Its namespace.
    #[must_use]
    pub fn name(&self) -> &NamespaceName {
        &self.space.name
    }

    /// Which model reads the texts now.
    #[must_use]
    pub fn model(&self) -> ModelInfo {
        self.space.view.peek().model().clone()
    }

    /// The routes as they are now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.space.view.peek().snapshot)
    }

    /// The routes as they are now, and the model that reads texts for them.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.space.view.get()
    }

    /// Decides where `query` belongs.
    ///
    /// # Errors
    ///
    /// The text could not be encoded.
    pub fn route(&self, query: &Text, options: RouteOptions) -> Result<Answer, RouterError> {
        let answers = self.route_batch(std::slice::from_ref(query), options)?;
        Ok(answers.into_iter().next().expect("one answer a query"))
    }

    /// Decides for each query, in order, all on one snapshot; the same as one by one.
    ///
    /// # Errors
    ///
    /// A text could not be encoded; then there are no answers.
    pub fn route_batch(
        &self,
        queries: &[Text],
        options: RouteOptions,
    ) -> Result<Vec<Answer>, RouterError> {
        let view = self.space.view.peek();
        let mut answers = Vec::with_capacity(queries.len());
        for part in queries.chunks(BATCH) {
            let started = Instant::now();
            let readings: Vec<Cow<'_, str>> = part.iter().map(|text| view.reading(text)).collect();
            let (embeddings, tokenising) = view.embed_timed(&readings)?;
            let encoding = started.elapsed().saturating_sub(tokenising);
            let share = |stage: Duration| micros(stage) / part.len() as u64;
            let (tokenise_us, encode_us) = (share(tokenising), share(encoding));
            for (reading, embedding) in readings.into_iter().zip(embeddings) {
                let started = Instant::now();
                let query = Query { text: &reading, vector: &embedding.vector };
                let found = view.snapshot.search(query);
                let searching = started.elapsed();
                let decision = found.decide(options);
                let search_us = micros(searching);
                let decide_us = micros(started.elapsed().saturating_sub(searching));
                answers.push(Answer {
                    decision,
                    read_as: match reading {
                        Cow::Borrowed(_) => None,
                        Cow::Owned(reading) => Some(reading),
                    },
                    model: view.model().name.clone(),
                    truncated: embedding.truncated,
                    timing: Timing { queue_us: 0, tokenise_us, encode_us, search_us, decide_us },
                });
            }
        }
        Ok(answers)
    }

    /// The vectors of these texts, in order.
    ///
    /// # Errors
    ///
    /// A text could not be encoded.
    pub fn embed(&self, texts: &[Text]) -> Result<Vec<Embedding>, RouterError> {
        self.space.view.peek().embed(texts)
    }

    /// What the encoder's cache did; `None` where it has none.
    #[must_use]
    pub fn cache_stats(&self) -> Option<CacheStats> {
        self.space.view.peek().model.encoder.cache_stats()
    }

    /// The content as a routes file says it, and its revision.
    #[must_use]
    pub fn export(&self) -> (Revision, RoutesFile) {
        let snapshot = self.snapshot();
        (snapshot.revision(), snapshot.content())
    }

    /// What is doubtful about the routes, and what to do about it. Takes seconds where there are
    /// ten thousand texts, on one thread, and keeps nobody from deciding or changing meanwhile.
    #[must_use]
    pub fn lint(&self, progress: Progress<'_>) -> LintReport {
        let snapshot = self.snapshot();
        let mut report = snapshot.lint(progress);
        self.lint_tuning(&snapshot, &mut report);
        report
    }

    /// The log of revisions, newest first, at most `limit` of those before `before`.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or the namespace was deleted.
    pub fn revisions(
        &self,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<RevisionEntry>, RouterError> {
        self.read(|reads| reads.revisions(self.name(), before, limit))
    }

    /// How one revision's content differs from another's, whichever is the older.
    ///
    /// # Errors
    ///
    /// A revision is not kept any more or was never made, the store cannot be read, or the
    /// namespace was deleted.
    pub fn diff(&self, from: Revision, to: Revision) -> Result<Diff, RouterError> {
        self.read(|reads| reads.diff(self.name(), from, to))
    }

    /// Reads the history of this namespace, and not that of a namesake made since.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Reads) -> Result<T, StoreError>,
    ) -> Result<T, RouterError> {
        let done = self.open.read(read)?;
        if is_current(&self.core().spaces.peek(), &self.space) {
            Ok(done)
        } else {
            Err(RouterError::UnknownNamespace { name: self.name().to_string() })
        }
    }

    pub(crate) fn core(&self) -> &Core {
        &self.open.core
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router")
            .field("model", &self.model().name)
            .field("namespace", self.name())
            .field("revision", &self.space.view.peek().snapshot.revision())
            .finish_non_exhaustive()
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
