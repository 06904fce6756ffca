//! Every text by another model.

use std::collections::HashMap;
use std::sync::Arc;

use synaptoroute_router::{Edit, PlacedText, Text};

use super::{InstallProgress, InstallStage, InstallWatch};
use crate::embed::embed_all;
use crate::error::RouterError;
use crate::executor::Threads;
use crate::view::ModelInUse;

/// Texts that are encoded between two words of progress.
const PART: usize = 256;

/// Texts with their vectors by one model.
pub(super) struct Vectors<'a> {
    model: &'a ModelInUse,
    made: HashMap<Text, Arc<[f32]>>,
}

impl<'a> Vectors<'a> {
    /// Encodes all of these texts, on so many threads.
    pub(super) fn encode(
        model: &'a ModelInUse,
        texts: &[Text],
        threads: Threads,
        watch: InstallWatch<'_>,
    ) -> Result<Self, RouterError> {
        let mut made = HashMap::with_capacity(texts.len());
        for part in texts.chunks(PART) {
            let (done, of) = (made.len(), texts.len());
            if !watch(InstallProgress { stage: InstallStage::Embed, done, of }) {
                return Err(RouterError::InstallCancelled);
            }
            let strs: Vec<&str> = part.iter().map(Text::as_str).collect();
            let vectors = embed_all(&*model.encoder, &strs, threads, &|_, _| ());
            let vectors = vectors.map_err(|(_, source)| source)?;
            made.extend(part.iter().cloned().zip(vectors.into_iter().map(Arc::from)));
        }
        Ok(Self { model, made })
    }

    /// A text's vector; one that was written meanwhile is encoded now.
    pub(super) fn of(&self, text: &Text) -> Result<Arc<[f32]>, RouterError> {
        if let Some(vector) = self.made.get(text) {
            return Ok(Arc::clone(vector));
        }
        let embeddings = self.model.encoder.encode(&[text.as_str()])?;
        Ok(embeddings.into_iter().next().expect("one embedding a text").vector.into())
    }
}

/// The same edit with other vectors.
pub(super) fn with_vectors(edit: Edit, mut vector: impl FnMut(&Text) -> Arc<[f32]>) -> Edit {
    match edit {
        Edit::Add(owner, texts) => {
            let placed = texts
                .into_iter()
                .map(|placed| PlacedText { vector: vector(&placed.text), ..placed });
            Edit::Add(owner, placed.collect())
        }
        other => other,
    }
}
