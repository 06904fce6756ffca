//! From weights that were changed back to a model file.

use std::num::NonZero;

use super::reference::Products;
use super::rounding::Rounding;
use super::samples::Reach;
use super::{Converted, quantise};
use crate::config::Tuned;
use crate::error::ModelError;
use crate::file::ModelFile;
use crate::float::FloatWeights;
use crate::tokenizer::{Tokenizer, VOCABULARY};

/// Weights that came from a model file, were changed, and are to become one again.
#[derive(Clone, Copy, Debug)]
pub struct Requantise<'a> {
    /// The file that they came from; tokenizer and shape are taken over.
    pub parent: &'a ModelFile,
    /// Of the parent's shape.
    pub weights: &'a FloatWeights,
    /// The name the new file carries.
    pub name: &'a str,
    /// SHA-256 of what they learned from, in hexadecimal.
    pub content_sha256: &'a str,
    /// What [`Encoder::out_of_fold`](crate::Encoder::out_of_fold) is to say.
    pub out_of_fold: Option<&'a [u8]>,
    /// Texts typical of what the model will read, about a hundred, to balance by.
    pub calibration: &'a [&'a str],
    /// How many work at it; the file is the same whatever their number.
    pub threads: NonZero<usize>,
}

/// Why weights become no model file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequantiseError {
    /// The parent's vocabulary makes no tokenizer, or its tensors are not there.
    #[error("the model that was changed {0}")]
    Parent(#[from] ModelError),
    /// There is nothing to balance by.
    #[error("no calibration texts: give about a hundred of the kind that the model will read")]
    NoCalibration,
    /// A tensor holds infinities, or none at all.
    #[error(
        "{tensor:?} is no longer finite: what changed the weights went astray; nothing was written"
    )]
    NotFinite {
        /// Its name.
        tensor: String,
    },
}

/// Rounds by the same steps as [`convert`](super::convert()), balanced on the job's texts alone;
/// calls `progress(done, of)` as they pass.
///
/// # Errors
///
/// There are no texts to balance by, or a weight is not finite.
///
/// # Panics
///
/// If the weights have another shape than their parent's.
pub fn requantise(
    job: &Requantise<'_>,
    progress: impl FnMut(usize, usize),
) -> Result<Converted, RequantiseError> {
    if job.calibration.is_empty() {
        return Err(RequantiseError::NoCalibration);
    }
    let mut config = job.parent.config().clone();
    let weights = job.weights;
    assert_eq!(
        [weights.layers.len(), weights.hidden, weights.intermediate, weights.words.len()],
        [config.layers, config.hidden, config.intermediate, config.vocabulary * config.hidden],
        "the parent's shape"
    );
    job.name.clone_into(&mut config.name);
    quantise::DESCRIPTION.clone_into(&mut config.quantisation);
    config.tuned = Some(Tuned {
        parent_sha256: job.parent.fingerprint().to_string(),
        content_sha256: job.content_sha256.to_owned(),
    });
    let vocabulary = job.parent.text(VOCABULARY)?.as_slice().to_vec();
    let tokenizer = Tokenizer::of(job.parent)?;
    let texts = job.calibration.iter().copied().chain([""]);
    let encode = |text| tokenizer.encode(text).map(|tokens| tokens.ids);
    let sentences = texts.map(encode).collect::<Result<Vec<_>, _>>();
    let sentences = sentences.map_err(|e| ModelError::Tokenizer(e.to_string()))?;
    let rounding = Rounding {
        out_of_fold: job.out_of_fold.map(Vec::from),
        weights,
        config,
        vocabulary,
        sentences,
        products: Products::Fused,
        reach: Reach::FourthMoment,
        threads: job.threads,
    };
    rounding.run(progress).map_err(|tensor| RequantiseError::NotFinite { tensor })
}
