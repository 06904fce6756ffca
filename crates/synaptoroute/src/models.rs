//! The model files a program has, and how it makes encoders of them.

use std::num::NonZero;
use std::sync::Arc;

use synaptoroute_encoder::{Bert, Cached, Encoder, Kernels, ModelFile, Origin};
use synaptoroute_store::{ModelIdentity, Reads, StoreError};

use crate::error::RouterError;

/// Model files, and how many threads and how large a cache an encoder of one gets.
///
/// A router that was opened with these can change its model while it decides: see
/// [`Router::install`](crate::Router::install).
#[derive(Debug)]
pub struct Models {
    first: Arc<ModelFile>,
    others: Vec<Arc<ModelFile>>,
    insists: bool,
    kernels: Kernels,
    threads: NonZero<usize>,
    cache_bytes: u64,
}

impl Models {
    /// A new database takes `first`. Encoders work on their caller's thread, and remember nothing.
    #[must_use]
    pub fn new(first: ModelFile, kernels: Kernels) -> Self {
        let threads = NonZero::<usize>::MIN;
        let (first, others) = (Arc::new(first), Vec::new());
        Self { first, others, insists: false, kernels, threads, cache_bytes: 0 }
    }

    /// Another file, for databases whose vectors are its own.
    #[must_use]
    pub fn with(mut self, other: ModelFile) -> Self {
        self.others.push(Arc::new(other));
        self
    }

    /// Takes the first whatever a database has: see [`OpenOptions::reembed`](crate::OpenOptions::reembed).
    #[must_use]
    pub fn insisting(self) -> Self {
        Self { insists: true, ..self }
    }

    /// Threads that share a lone query, as of [`Bert::with_threads`].
    #[must_use]
    pub fn threads(self, threads: NonZero<usize>) -> Self {
        Self { threads, ..self }
    }

    /// Bytes of embeddings that an encoder remembers, as of [`Cached`].
    #[must_use]
    pub fn cache(self, cache_bytes: u64) -> Self {
        Self { cache_bytes, ..self }
    }

    /// What a new database takes, and what tuning begins from.
    #[must_use]
    pub fn first(&self) -> &ModelFile {
        &self.first
    }

    /// An encoder of any model file.
    ///
    /// # Errors
    ///
    /// The file cannot be used, or the system gives no threads.
    pub fn encoder(&self, file: &ModelFile) -> Result<Arc<dyn Encoder>, RouterError> {
        let encoder = Bert::new(file, self.kernels)?;
        let encoder = encoder.with_threads(self.threads).map_err(RouterError::Thread)?;
        Ok(match self.cache_bytes {
            0 => Arc::new(encoder),
            bytes => Arc::new(Cached::new(encoder, bytes)),
        })
    }

    /// That of a database's vectors, if its file is at hand; else the first.
    pub(crate) fn encoder_for(&self, reads: &Reads) -> Result<Arc<dyn Encoder>, RouterError> {
        if self.insists {
            return self.encoder(&self.first);
        }
        let own = self.file(reads, &reads.model().fingerprint)?;
        self.encoder(own.as_ref().unwrap_or(&self.first))
    }

    /// The file of this fingerprint, if it is one of these or lies in the database.
    pub(crate) fn file(
        &self,
        reads: &Reads,
        fingerprint: &str,
    ) -> Result<Option<Arc<ModelFile>>, StoreError> {
        match self.find(fingerprint) {
            Some(known) => Ok(Some(Arc::clone(known))),
            None => Ok(stored(reads, fingerprint)?.map(Arc::new)),
        }
    }

    fn find(&self, fingerprint: &str) -> Option<&Arc<ModelFile>> {
        let mut all = std::iter::once(&self.first).chain(&self.others);
        all.find(|file| file.fingerprint().to_string() == fingerprint)
    }

    /// The file of this fingerprint if it is one of these, and the next start may not have it.
    pub(crate) fn find_brought(&self, fingerprint: &str) -> Option<&Arc<ModelFile>> {
        self.find(fingerprint).filter(|file| !matches!(file.origin(), Origin::BuiltIn))
    }
}

/// The file of this fingerprint, if it lies in the database.
fn stored(reads: &Reads, fingerprint: &str) -> Result<Option<ModelFile>, StoreError> {
    let Some(bytes) = reads.model_file(fingerprint)? else { return Ok(None) };
    let damaged = |what: String| StoreError::damaged_model(fingerprint, &what);
    let file = ModelFile::from_bytes(&bytes).map_err(|error| damaged(error.to_string()))?;
    if file.fingerprint().to_string() != fingerprint {
        return Err(damaged("it has another fingerprint".to_owned()));
    }
    Ok(Some(file))
}

/// A model file, as a database remembers it.
pub(crate) fn identity_of(file: &ModelFile) -> ModelIdentity {
    ModelIdentity {
        fingerprint: file.fingerprint().to_string(),
        name: file.config().name.clone(),
        dimensions: file.config().hidden,
    }
}
