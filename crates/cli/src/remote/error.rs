//! What a server did not do, and why.

use serde::Deserialize;
use ureq::http::StatusCode;

use super::url::ServerUrl;

/// Why a server was asked in vain.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoteError {
    #[error(
        "{url} cannot be asked: {source}; is the server running there? `synaptoroute serve` \
         prints its address first"
    )]
    Unreachable { url: ServerUrl, source: ureq::Error },
    #[error(
        "TLS with {url} failed: {source}; if its certificate is right, name that of the authority \
         that signed it with --ca-cert, and if the server has no TLS, write http://"
    )]
    Tls { url: ServerUrl, source: std::io::Error },
    #[error("the request cannot be sent: {0}")]
    Unsendable(ureq::http::Error),
    #[error("the request cannot be written: {0}")]
    Unwritable(serde_json::Error),
    /// The server's words, which say what to do.
    #[error("{}{detail}", field.as_ref().map_or(String::new(), |field| format!("{field}: ")))]
    Refused { status: StatusCode, field: Option<String>, detail: String },
    #[error(
        "{url} answers {status}, and not as synaptoroute does ({why}); is it the right address, \
         and the server of this version?"
    )]
    NoSense { url: ServerUrl, status: StatusCode, why: String },
    #[error("the answer of {url} broke off: {source}; ask again")]
    BrokenOff { url: ServerUrl, source: std::io::Error },
}

/// The part of a problem document that is for people.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    field: Option<String>,
}

impl RemoteError {
    /// From an answer that is no success.
    pub(super) fn refusal(url: &ServerUrl, status: StatusCode, body: &[u8]) -> Self {
        match serde_json::from_slice::<Problem>(body) {
            Ok(Problem { detail, field }) => {
                // Many details begin with the field themselves.
                let field = field.filter(|field| !detail.contains(field.as_str()));
                Self::Refused { status, field, detail }
            }
            Err(error) => Self::NoSense { url: url.clone(), status, why: error.to_string() },
        }
    }

    /// The status, where the server refused the request.
    pub(crate) fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether another request would have been answered; the same one later would not.
    pub(crate) fn is_callers_fault(&self) -> bool {
        let passing = [
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::PRECONDITION_FAILED,
            StatusCode::TOO_MANY_REQUESTS,
        ];
        self.status().is_some_and(|status| status.is_client_error() && !passing.contains(&status))
    }
}
