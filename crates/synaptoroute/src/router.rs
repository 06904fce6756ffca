//! The router: an encoder, a snapshot for readers, a lock for writers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use synaptoroute_encoder::{Embedding, Encoder, Kernels, ModelInfo};
use synaptoroute_router::{
    IndexedRoute, Revision, Route, RouteName, RoutesFile, Snapshot, Text, Vectors,
};

use crate::answer::{Answer, RouteOptions, Timing};
use crate::embed::{Progress, embed_all};
use crate::error::RouterError;

/// Queries of a batch that are encoded together. A batch does not make a token cheaper, so
/// this only bounds working memory.
const BATCH: usize = 32;

/// Decides where texts belong, while routes change.
///
/// Share it between threads behind an [`Arc`]. Readers take the current snapshot by one
/// atomic read; a writer builds the next one and swaps it in, so a change is visible to
/// every decision that begins after the call has returned.
pub struct Router {
    encoder: Arc<dyn Encoder>,
    snapshot: ArcSwap<Snapshot>,
    /// Held from reading a snapshot to publishing its successor.
    writer: Mutex<()>,
}

impl Router {
    /// A router without routes.
    #[must_use]
    pub fn new(encoder: Arc<dyn Encoder>) -> Self {
        let model = encoder.model();
        let kernels = Kernels::new(model.isa).expect("the encoder runs this instruction set");
        let snapshot = Snapshot::empty(kernels, model.dimensions);
        Self { encoder, snapshot: ArcSwap::from_pointee(snapshot), writer: Mutex::new(()) }
    }

    /// Which model reads the texts.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        self.encoder.model()
    }

    /// The routes as they are now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
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
        let snapshot = self.snapshot.load();
        let mut answers = Vec::with_capacity(queries.len());
        for part in queries.chunks(BATCH) {
            let started = Instant::now();
            let embeddings = self.embed(part)?;
            let encode_us = micros(started) / part.len() as u64;
            for embedding in embeddings {
                let started = Instant::now();
                let decision = snapshot.decide(&embedding.vector, options.top_k);
                let decide_us = micros(started);
                answers.push(Answer {
                    decision,
                    model: self.encoder.model().name.clone(),
                    truncated: embedding.truncated,
                    timing: Timing { queue_us: 0, encode_us, decide_us },
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
        let texts: Vec<&str> = texts.iter().map(Text::as_str).collect();
        Ok(self.encoder.encode(&texts)?)
    }

    /// Puts a file's content in place of everything there is. A file that says what is
    /// there already makes no revision.
    ///
    /// # Errors
    ///
    /// A text could not be encoded; then nothing changed.
    pub fn load(&self, file: RoutesFile, progress: Progress<'_>) -> Result<Revision, RouterError> {
        let texts: Vec<&Text> =
            file.routes.iter().flat_map(texts_of).chain(&file.negatives).collect();
        let mut vectors = embed_all(&*self.encoder, &texts, progress)?.into_iter();
        let (settings, negative_count) = (file.settings, file.negatives.len());
        let routes: Vec<IndexedRoute> =
            file.routes.into_iter().map(|route| self.index(route, &mut vectors)).collect();
        let negatives = self.take(&mut vectors, negative_count);

        let _writing = self.lock();
        let current = self.snapshot.load();
        let next = current.with_content(settings, file.negatives, negatives, routes);
        Ok(self.publish(&current, next))
    }

    /// Adds a route, or puts it in its namesake's place. An identical repeat makes no
    /// revision. `expected`, where given, must be the current revision.
    ///
    /// # Errors
    ///
    /// The revision is another, or a text could not be encoded; then nothing changed.
    pub fn upsert(
        &self,
        route: Route,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        let mut vectors = self.vectors_of(&route)?;
        let route = self.index(route, &mut vectors);
        let _writing = self.lock();
        let current = self.snapshot.load();
        check(&current, expected)?;
        let next = current.with_route(route);
        Ok(self.publish(&current, next))
    }

    /// Adds utterances to a route; those it has already change nothing. `expected`, where
    /// given, must be the current revision.
    ///
    /// # Errors
    ///
    /// There is no such route, the revision is another, or a text could not be encoded;
    /// then nothing changed.
    pub fn add_utterances(
        &self,
        name: &RouteName,
        utterances: Vec<Text>,
        expected: Option<Revision>,
    ) -> Result<Revision, RouterError> {
        // Nothing is encoded for a route that is not there.
        existing(&self.snapshot.load(), name)?;
        // Encoding is the long part: before the lock, so that writers do not wait for it.
        let texts: Vec<&Text> = utterances.iter().collect();
        let vectors = embed_all(&*self.encoder, &texts, &|_, _| ())?;
        let _writing = self.lock();
        let current = self.snapshot.load();
        check(&current, expected)?;
        let route = existing(&current, name)?;
        let next = current.with_route(route.with_utterances(utterances, &vectors));
        Ok(self.publish(&current, next))
    }

    /// Makes `next` visible, unless it says the same as `current`.
    fn publish(&self, current: &Snapshot, next: Snapshot) -> Revision {
        if next.same_content(current) {
            return current.revision();
        }
        let revision = next.revision();
        self.snapshot.store(Arc::new(next));
        revision
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        // It guards no data of its own: a writer that panicked published nothing.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn vectors_of(&self, route: &Route) -> Result<std::vec::IntoIter<Vec<f32>>, RouterError> {
        let texts: Vec<&Text> = texts_of(route).collect();
        Ok(embed_all(&*self.encoder, &texts, &|_, _| ())?.into_iter())
    }

    /// Joins a route with the next vectors, which are those of its texts.
    fn index(&self, route: Route, vectors: &mut impl Iterator<Item = Vec<f32>>) -> IndexedRoute {
        let utterances = self.take(vectors, route.utterances.len());
        let negatives = self.take(vectors, route.negatives.len());
        IndexedRoute::new(route, utterances, negatives)
    }

    fn take(&self, vectors: &mut impl Iterator<Item = Vec<f32>>, count: usize) -> Vectors {
        let mut taken = Vectors::new(self.encoder.model().dimensions);
        vectors.take(count).for_each(|vector| taken.push(&vector));
        taken
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Router")
            .field("model", &self.encoder.model().name)
            .field("revision", &self.snapshot.load().revision())
            .finish_non_exhaustive()
    }
}

/// A route's texts in the order in which [`Router::index`] takes their vectors.
fn texts_of(route: &Route) -> impl Iterator<Item = &Text> {
    route.utterances.iter().chain(&route.negatives)
}

fn existing<'a>(snapshot: &'a Snapshot, name: &RouteName) -> Result<&'a IndexedRoute, RouterError> {
    let route = snapshot.route(name.as_str());
    route.map(AsRef::as_ref).ok_or_else(|| RouterError::UnknownRoute { name: name.to_string() })
}

fn check(current: &Snapshot, expected: Option<Revision>) -> Result<(), RouterError> {
    match expected {
        Some(expected) if expected != current.revision() => {
            Err(RouterError::RevisionMismatch { expected, found: current.revision() })
        }
        _ => Ok(()),
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
