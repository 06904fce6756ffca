//! Why a job gave no answer.

use std::time::Duration;

/// Why a job gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    /// As many requests wait as may.
    #[error(
        "as many requests are waiting as this server allows; try again in {retry_after_s} seconds"
    )]
    Full {
        /// See [`Engine::retry_after_s`].
        retry_after_s: u64,
    },
    /// The requests that wait, and the answers that are read, are as large as they may be.
    #[error(
        "the requests that wait and the answers that are being read take as much memory as this \
         server allows; try again in {retry_after_s} seconds"
    )]
    Heavy {
        /// See [`Engine::retry_after_s`].
        retry_after_s: u64,
    },
    /// As many copies or findings are made, or read by their callers, as may be.
    #[error(
        "as many exports, backups and diffs, or findings of lint, are being made or read as this \
         server allows; try again in {retry_after_s} seconds"
    )]
    Copying {
        /// About as long as the queue takes to drain: what nobody can tell is how long others
        /// read.
        retry_after_s: u64,
    },
    /// Another fit is being made, and takes long.
    #[error("another fit is being made, on all cores; try again in {retry_after_s} seconds")]
    Fitting {
        /// As of [`Self::Copying`].
        retry_after_s: u64,
    },
    /// Its deadline was first.
    #[error("no answer was ready within {allowed:?}, the request's deadline; nothing was changed")]
    Late {
        /// How long it might take.
        allowed: Duration,
    },
    /// The server is on its way down.
    #[error("the server is stopping; ask another, or this one once it is back")]
    Stopping,
    /// The job panicked.
    #[error("the request failed inside the server; its log says more")]
    Panicked,
}
