//! Everything that can go wrong with a request, and its status.

use axum::http::{Method, StatusCode};
use synaptoroute::{NameError, Revision, RouteError, RouterError, TextError};

use crate::engine::EngineError;
use crate::request::MAX_BODY_BYTES;

/// Why a request is refused or failed. The message is the problem's `detail`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the body could not be read to its end: {0}")]
    BrokenBody(axum::extract::rejection::BytesRejection),
    #[error("the body is not UTF-8 from byte {valid_bytes} on")]
    NotUtf8 { valid_bytes: usize },
    #[error("the body is not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error(
        "If-Match is {found:?}; it takes one ETag in quotes as a read returned it, such as \
         \"42\", or *"
    )]
    Precondition { found: String },
    #[error("nothing is at {path:?}")]
    UnknownPath { path: String },
    #[error("model {asked:?} is not served here; {served:?} is")]
    UnknownModel { asked: String, served: String },
    #[error("{path:?} does not take {method}; see the Allow header")]
    WrongMethod { method: Method, path: String },
    #[error("If-Match is {found:?}, but the content is at revision {current}; read it again")]
    ForeignTag { found: String, current: Revision },
    #[error("the body is larger than {} MiB", MAX_BODY_BYTES >> 20)]
    BodyTooLarge,
    #[error(
        "the content type is {}; send the body as JSON with Content-Type: application/json",
        found.as_deref().unwrap_or("missing")
    )]
    ContentType { found: Option<String> },
    #[error("the body is not a JSON object; send one in braces")]
    NotAnObject,
    #[error("{field}: {fault}")]
    Invalid { field: String, fault: Fault },
    #[error(transparent)]
    Router(#[from] RouterError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error("an inference was tried and failed; the log says more")]
    NotReady,
}

/// What is wrong with one value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// As the JSON library words it: a wrong type, an unknown or a missing field, a number
    /// outside its range.
    #[error("{0}")]
    Shape(String),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("the name in the path is not UTF-8 once percent-decoded")]
    NameNotUtf8,
    #[error(transparent)]
    Route(#[from] RouteError),
    #[error("is empty; give at least one text")]
    NoTexts,
    #[error("has {found} texts; at most {limit} are allowed at once")]
    TooManyTexts { found: usize, limit: usize },
    #[error("give either `utterance` or `utterances`, one of the two")]
    EitherOr,
    #[error("{asked} dimensions are not to be had; the model makes {made}")]
    Dimensions { asked: u64, made: usize },
    #[error("{found:?} is no limit: it lies between 1 and {max}")]
    Limit { found: String, max: usize },
    #[error("is no cursor; pass the `next` of the page before, as it came")]
    Cursor,
    #[error("is no parameter here; `limit` and `cursor` are")]
    UnknownParameter,
}

impl Fault {
    /// Says where the value stands, such as `queries[3]`.
    pub(crate) fn at(self, field: impl Into<String>) -> Failure {
        Failure::Invalid { field: field.into(), fault: self }
    }
}

impl Failure {
    /// The one place that decides.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BrokenBody(_)
            | Self::NotUtf8 { .. }
            | Self::NotJson(_)
            | Self::Precondition { .. } => StatusCode::BAD_REQUEST,
            Self::UnknownPath { .. }
            | Self::UnknownModel { .. }
            | Self::Router(RouterError::UnknownRoute { .. }) => StatusCode::NOT_FOUND,
            Self::WrongMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::ForeignTag { .. } | Self::Router(RouterError::RevisionMismatch { .. }) => {
                StatusCode::PRECONDITION_FAILED
            }
            Self::BodyTooLarge
            | Self::Invalid { fault: Fault::Text(TextError::TooLong { .. }), .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotAnObject | Self::Invalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Engine(EngineError::Full) => StatusCode::TOO_MANY_REQUESTS,
            Self::Engine(EngineError::Stopping) | Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::Engine(EngineError::Panicked) | Self::Router(_) => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// The field to blame, where there is one.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. } => Some(field),
            Self::UnknownModel { .. } => Some("model"),
            _ => None,
        }
    }
}
