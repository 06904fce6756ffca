//! What can go wrong with a router.

use synaptoroute_encoder::EncodeError;
use synaptoroute_router::Revision;

/// Why a call changed and answered nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RouterError {
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
    /// A text could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}
