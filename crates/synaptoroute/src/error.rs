//! What can go wrong with a router.

use std::sync::Arc;

use synaptoroute_encoder::convert::RequantiseError;
use synaptoroute_encoder::{EncodeError, OpenError};
use synaptoroute_router::{
    FitError, FitFileError, OutOfFoldError, Revision, RouteError, SampleError,
};
use synaptoroute_store::{ReembedError, StoreError};
use synaptoroute_tune::TuneError;

/// Why a call changed and answered nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouterError {
    /// No namespace has this name.
    #[error("no namespace is called {name:?}; create it first")]
    UnknownNamespace {
        /// What was asked for.
        name: String,
    },
    /// No route has this name.
    #[error("no route is called {name:?}; add it first")]
    UnknownRoute {
        /// What was asked for.
        name: String,
    },
    /// The content moved on since the caller looked.
    #[error("the content is at revision {found}, not {expected}; read it again and retry")]
    RevisionMismatch {
        /// What the caller expected.
        expected: Revision,
        /// What is there.
        found: Revision,
    },
    /// A route is to become what none may be.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// Samples do not fit the routes.
    #[error(transparent)]
    Samples(#[from] SampleError),
    /// There is nothing to cross-validate with.
    #[error(
        "nothing can be held out: no route has two utterances, and there are no negatives; give \
         each route several utterances, five or more"
    )]
    NothingToHoldOut,
    /// Nothing was fitted.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// These routes cannot be learned.
    #[error(transparent)]
    Tune(#[from] TuneError),
    /// Tuning was called off.
    #[error("tuning was called off; nothing changed")]
    TuneCancelled,
    /// Tuned weights make no model file.
    #[error(transparent)]
    Requantise(Box<RequantiseError>),
    /// A model file cannot be used.
    #[error(transparent)]
    Model(Box<OpenError>),
    /// What tuning left for fits in a model file cannot be read.
    #[error("the model {model:?}: {source}")]
    OutOfFold {
        /// The model's name.
        model: String,
        /// What is wrong.
        source: OutOfFoldError,
    },
    /// The fit of a routes file cannot be used.
    #[error("fit: {source}; or remove `fit` from the file, and have it fitted here")]
    FileFit {
        /// What is wrong with it.
        source: FitFileError,
    },
    /// A query could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A text of a change or a sample could not be encoded.
    #[error("{place}: {source}")]
    EncodeText {
        /// Where it stands, such as `utterances[3]` or `line 7`.
        place: String,
        /// What is wrong with it.
        source: EncodeError,
    },
    /// A vector that a caller made is none of the model's.
    #[error("the vector of {text:?} has the length {length}; a model's vectors have length 1")]
    VectorLength {
        /// The text.
        text: String,
        /// The vector's length.
        length: f64,
    },
    /// The store refused the change, or failed: [`StoreError::is_store_failure`] tells which.
    /// Shared, since one failure answers all whose changes were to be committed together.
    #[error(transparent)]
    Store(Arc<StoreError>),
    /// The file's vectors are another model's.
    #[error(
        "the database was made with the model {found} ({}…), and this is {expected} ({}…); \
         allow re-embedding its texts, or use the model it was made with",
        &found_fingerprint[..8.min(found_fingerprint.len())],
        &expected_fingerprint[..8.min(expected_fingerprint.len())]
    )]
    ForeignModel {
        /// The name of the file's model.
        found: String,
        /// Its fingerprint.
        found_fingerprint: String,
        /// The name of the encoder's model.
        expected: String,
        /// Its fingerprint.
        expected_fingerprint: String,
    },
    /// Another model was installed while this one was at work.
    #[error("the model was replaced meanwhile; try again")]
    ModelReplaced,
    /// The installing of a model was called off.
    #[error("installing the model was called off; nothing changed")]
    InstallCancelled,
    /// This router was given an encoder, and no model files to make others of.
    #[error("this router has one encoder; open it with model files to change its model")]
    NoModelFiles,
    /// The texts of a file could not be embedded anew.
    #[error(transparent)]
    Reembed(Box<ReembedError<RouterError>>),
    /// The writer panicked. Whether the change was made is not known; reading tells.
    #[error("the change failed inside the router; read the content to see whether it was made")]
    Panicked,
    /// A background thread could not be started.
    #[error("a background thread could not be started: {0}")]
    Thread(std::io::Error),
}

impl From<StoreError> for RouterError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::UnknownNamespace { name } => Self::UnknownNamespace { name },
            StoreError::UnknownRoute { name } => Self::UnknownRoute { name },
            StoreError::RevisionMismatch { expected, found } => {
                Self::RevisionMismatch { expected, found }
            }
            StoreError::ModelReplaced => Self::ModelReplaced,
            other => Self::Store(Arc::new(other)),
        }
    }
}

impl From<OpenError> for RouterError {
    fn from(error: OpenError) -> Self {
        Self::Model(Box::new(error))
    }
}

impl RouterError {
    pub(crate) fn of_reembedding(error: ReembedError<Self>) -> Self {
        match error {
            ReembedError::Embed(error) => error,
            ReembedError::Store(error) => error.into(),
            other => Self::Reembed(Box::new(other)),
        }
    }

    /// Whether the disk is at fault, and not the request.
    #[must_use]
    pub fn is_store_failure(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_store_failure())
    }
}
