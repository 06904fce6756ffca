//! What a decision is made with: a namespace's content, and the model that its vectors are of.
//!
//! Both are published as one. A query that was encoded by one model must not be compared with another's
//! vectors, whatever is installed meanwhile.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use synaptoroute_encoder::{Embedding, EncodeError, Encoder, ModelInfo};
use synaptoroute_router::{
    Background, Evaluation, Judged, Labelled, OutOfFold, Query, Report, Sample, Samples, Snapshot,
    Text,
};

use crate::background::BackgroundVectors;
use crate::error::RouterError;

/// A model at work.
pub(crate) struct ModelInUse {
    pub(crate) encoder: Arc<dyn Encoder>,
    background: BackgroundVectors,
    out_of_fold: OnceLock<OutOfFold>,
}

impl ModelInUse {
    pub(crate) fn new(encoder: Arc<dyn Encoder>) -> Self {
        let (background, out_of_fold) = (BackgroundVectors::default(), OnceLock::new());
        Self { encoder, background, out_of_fold }
    }

    pub(crate) fn info(&self) -> &ModelInfo {
        self.encoder.model()
    }

    /// Of a tuned model, what was said of the texts that it learned; read when it is first asked for,
    /// since decisions do without.
    pub(crate) fn out_of_fold(&self) -> Result<Option<&OutOfFold>, RouterError> {
        let Some(json) = self.encoder.out_of_fold() else { return Ok(None) };
        if let Some(read) = self.out_of_fold.get() {
            return Ok(Some(read));
        }
        let read = OutOfFold::from_json(json).map_err(|source| {
            let model = self.info().name.clone();
            RouterError::OutOfFold { model, source }
        })?;
        Ok(Some(self.out_of_fold.get_or_init(|| read)))
    }

    /// The built-in texts that belong nowhere, with their vectors.
    pub(crate) fn background(&self) -> Result<Arc<[Background]>, EncodeError> {
        self.background.get(&*self.encoder)
    }
}

/// A namespace's content at one moment, and the model that its vectors are of.
///
/// [`Router::route`](crate::Router::route) takes one for each call. Whoever makes several calls that belong
/// together takes one by [`Router::view`](crate::Router::view) and asks that.
#[derive(Clone)]
pub struct View {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) model: Arc<ModelInUse>,
}

impl View {
    pub(crate) fn new(snapshot: Snapshot, model: &Arc<ModelInUse>) -> Self {
        Self { snapshot: Arc::new(snapshot), model: Arc::clone(model) }
    }

    /// The same model's view of other content.
    pub(crate) fn with(&self, snapshot: Snapshot) -> Self {
        Self::new(snapshot, &self.model)
    }

    /// The content.
    #[must_use]
    pub fn snapshot(&self) -> &Arc<Snapshot> {
        &self.snapshot
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &ModelInfo {
        self.model.info()
    }

    /// The vectors of these texts, in order.
    ///
    /// # Errors
    ///
    /// A text could not be encoded.
    pub fn embed(&self, texts: &[Text]) -> Result<Vec<Embedding>, RouterError> {
        self.embed_timed(texts).map(|(embeddings, _tokenising)| embeddings)
    }

    /// The same, and what of its time went into tokenising.
    pub(crate) fn embed_timed(
        &self,
        texts: &[impl AsRef<str>],
    ) -> Result<(Vec<Embedding>, Duration), RouterError> {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        Ok(self.model.encoder.encode_timed(&texts)?)
    }

    /// A query as it is read before it is encoded: misspelt words as the utterances have them.
    pub(crate) fn reading<'t>(&self, query: &'t Text) -> Cow<'t, str> {
        self.snapshot.reading(query.as_str(), |word| self.model.encoder.knows(word))
    }

    /// Decides for some of the samples: a part of [`Router::evaluate`](crate::Router::evaluate), for who
    /// shares its work out by himself, such as a server with threads of its own.
    ///
    /// # Errors
    ///
    /// A text could not be encoded.
    pub fn judge(&self, samples: &[Sample]) -> Result<Vec<Judged>, RouterError> {
        let readings: Vec<Cow<'_, str>> =
            samples.iter().map(|sample| self.reading(&sample.text)).collect();
        let (embeddings, _tokenising) = self.embed_timed(&readings)?;
        let queries = readings.iter().zip(&embeddings);
        let queries = queries.map(|(text, embedding)| Query { text, vector: &embedding.vector });
        Ok(queries.zip(samples).map(|(query, sample)| self.snapshot.judge(query, sample)).collect())
    }

    /// What the samples came to: the last part of [`Router::evaluate`](crate::Router::evaluate).
    ///
    /// # Panics
    ///
    /// If none was judged.
    #[must_use]
    pub fn report(&self, samples: &Samples, judged: impl IntoIterator<Item = Judged>) -> Report {
        let evaluation = Evaluation::new(&self.snapshot, &self.model().name);
        let mut evaluation = evaluation.with_duplicates(samples.duplicates());
        evaluation.add(judged);
        evaluation.report().expect("there is no list of no samples")
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View")
            .field("model", &self.model().name)
            .field("revision", &self.snapshot.revision())
            .finish_non_exhaustive()
    }
}

/// A sample as a fit takes it.
pub(crate) fn labelled((sample, vector): (&Sample, Vec<f32>)) -> Labelled {
    Labelled { text: sample.text.clone(), vector: vector.into(), route: sample.intent.clone() }
}
