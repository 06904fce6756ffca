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

pub(super) type Vectors = HashMap<Text, Arc<[f32]>>;

/// Every text's vector, on so many threads.
pub(super) fn encode(
    model: &ModelInUse,
    texts: &[Text],
    threads: Threads,
    watch: InstallWatch<'_>,
) -> Result<Vectors, RouterError> {
    let mut vectors = Vectors::with_capacity(texts.len());
    for part in texts.chunks(PART) {
        let (done, of) = (vectors.len(), texts.len());
        if !watch(InstallProgress { stage: InstallStage::Embed, done, of }) {
            return Err(RouterError::InstallCancelled);
        }
        let strs: Vec<&str> = part.iter().map(Text::as_str).collect();
        let made = embed_all(&*model.encoder, &strs, threads, &|_, _| ());
        let made = made.map_err(|(_, source)| source)?;
        vectors.extend(part.iter().cloned().zip(made.into_iter().map(Arc::from)));
    }
    Ok(vectors)
}

/// The vector of a text that came meanwhile.
pub(super) fn one(model: &ModelInUse, text: &Text) -> Result<Arc<[f32]>, RouterError> {
    let embeddings = model.encoder.encode(&[text.as_str()])?;
    Ok(embeddings.into_iter().next().expect("one embedding a text").vector.into())
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
