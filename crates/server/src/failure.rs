//! Everything that can go wrong with a request, and its status.

use std::io;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use serde_json::error::Category;
use synaptoroute::{
    EncodeError, FileError, FitError, NamespaceName, RouteError, RouterError, StoreError,
    TextError, TuneError,
};

use crate::access::Role;
use crate::engine::EngineError;
pub(crate) use crate::fault::Fault;
use crate::tune::TuneRefusal;

/// Why a request is refused or failed. The message is the problem's `detail`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("the body could not be read to its end: {0}")]
    BrokenBody(axum::extract::rejection::BytesRejection),
    #[error(
        "the body did not arrive within {limit:?}; send it in one go, or in smaller parts by \
         several requests"
    )]
    SlowBody { limit: Duration },
    #[error("all {max} connections of this server are taken; try again, or share fewer")]
    Crowded { max: usize },
    #[error(
        "this server is not known by the name {found:?}, and a web page could have made that up; \
         ask it by its address or as localhost, or start it with that name as --allow-host NAME, \
         or with --keys"
    )]
    Host { found: String },
    #[error(
        "no key was shown, and this server asks for one; send it as Authorization: Bearer KEY, \
         or as X-API-Key: KEY"
    )]
    NoKey,
    #[error(
        "the key that was shown is not known here; send one that is, once, as Authorization: \
         Bearer KEY, or as X-API-Key: KEY"
    )]
    UnknownKey,
    #[error(
        "the key {name:?} has the role {role}, and this call takes {needed}; use a key with that \
         role"
    )]
    WrongRole { name: String, role: Role, needed: Role },
    #[error("the key {name:?} is not good for the namespace {:?}; use one that is", namespace.as_str())]
    WrongNamespace { name: String, namespace: NamespaceName },
    #[error(
        "the key {name:?} is limited to some namespaces, and this call is about all; use a key \
         that is not"
    )]
    LimitedKey { name: String },
    #[error("this call is not open to any key")]
    Unlisted,
    #[error("the body is not UTF-8 from byte {valid_bytes} on")]
    NotUtf8 { valid_bytes: usize },
    #[error("the body is not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error(
        "If-Match is {found:?}; it takes one ETag in quotes as a read returned it, such as \
         \"42\", or *"
    )]
    Precondition { found: String },
    #[error(
        "x-timeout-ms is {found:?}; it takes a whole number of milliseconds, once, such as 250"
    )]
    Timeout { found: String },
    #[error("the path {path:?} has a % that encodes nothing; write %25 for the sign itself")]
    PathEncoding { path: String },
    #[error("nothing is at {path:?}")]
    UnknownPath { path: String },
    #[error("model {asked:?} is not served here; {served:?} is")]
    UnknownModel { asked: String, served: String },
    #[error("{path:?} does not take {method}; see the Allow header")]
    WrongMethod { method: Method, path: String },
    #[error("If-Match is {found:?}, which no read returned; read the content again")]
    ForeignTag { found: String },
    #[error(
        "there is no namespace {:?}, and If-Match asks for one; make it without If-Match",
        name.as_str()
    )]
    Absent { name: NamespaceName },
    #[error("the body is larger than {} MiB", limit >> 20)]
    BodyTooLarge { limit: usize },
    #[error(
        "the answer would be larger than {} MiB; ask for fewer at once, or for fewer candidates \
         with a smaller `top_k`",
        limit >> 20
    )]
    AnswerTooLarge { limit: usize },
    #[error(
        "the content type is {}; send the body as JSON with Content-Type: application/json{}",
        found.as_ref().map_or("missing".to_owned(), |found| format!("{found:?}")),
        if *yaml { ", or as YAML with application/yaml" } else { "" }
    )]
    ContentType {
        found: Option<String>,
        /// Whether YAML would do too.
        yaml: bool,
    },
    #[error("the body is not a JSON object; send one in braces")]
    NotAnObject,
    #[error("{}: {fault}", shown(field))]
    Invalid { field: String, fault: Fault },
    #[error("{error}")]
    File {
        error: FileError,
        /// Whether it is no YAML or JSON at all.
        malformed: bool,
    },
    #[error("{field}: {}", said(source))]
    Unencodable { field: String, source: EncodeError },
    /// The store names a text, and this is where in the body it stands.
    #[error("{field}: {error}")]
    Named { field: String, error: RouterError },
    #[error(transparent)]
    Router(#[from] RouterError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Tune(#[from] TuneRefusal),
    #[error("an inference was tried and failed; the log says more")]
    NotReady,
    #[error("changes cannot be kept: {}", .0.as_deref().unwrap_or("the server's log says why"))]
    Unwritable(Option<String>),
    #[error("the copy cannot be made in the folder for temporary files: {0}")]
    Copy(io::Error),
}

/// The field's name; that of one without any would not be seen.
fn shown(field: &str) -> &str {
    if field.is_empty() { r#""""# } else { field }
}

/// What an encoder says, but for the text's place in what it was given, which is not its
/// place in the body.
fn said(error: &EncodeError) -> String {
    match error {
        EncodeError::Tokenizer { message, .. } => {
            format!("the text cannot be tokenised: {message}")
        }
        other => other.to_string(),
    }
}

impl Failure {
    /// Says where a text stands that could not be encoded, by its index.
    pub(crate) fn encoding(error: RouterError, field: impl FnOnce(usize) -> String) -> Self {
        match error {
            RouterError::Encode(source) => {
                Self::Unencodable { field: field(source.index()), source }
            }
            other => Self::Router(other),
        }
    }

    /// The one place that decides.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BrokenBody(_)
            | Self::NotUtf8 { .. }
            | Self::NotJson(_)
            | Self::PathEncoding { .. }
            | Self::Precondition { .. }
            | Self::Timeout { .. }
            | Self::File { malformed: true, .. } => StatusCode::BAD_REQUEST,
            Self::SlowBody { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::NoKey | Self::UnknownKey => StatusCode::UNAUTHORIZED,
            Self::WrongRole { .. }
            | Self::WrongNamespace { .. }
            | Self::LimitedKey { .. }
            | Self::Unlisted
            | Self::Tune(TuneRefusal::Foreign) => StatusCode::FORBIDDEN,
            Self::Tune(_) => StatusCode::CONFLICT,
            Self::Host { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::Crowded { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::UnknownPath { .. } | Self::UnknownModel { .. } => StatusCode::NOT_FOUND,
            Self::WrongMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::ForeignTag { .. } | Self::Absent { .. } => StatusCode::PRECONDITION_FAILED,
            Self::BodyTooLarge { .. }
            | Self::AnswerTooLarge { .. }
            | Self::Invalid { fault: Fault::Text(TextError::TooLong { .. }), .. } => {
                StatusCode::PAYLOAD_TOO_LARGE
            }
            Self::ContentType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotAnObject
            | Self::Invalid { .. }
            | Self::Unencodable { .. }
            | Self::File { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Engine(
                EngineError::Full { .. }
                | EngineError::Heavy { .. }
                | EngineError::Copying { .. }
                | EngineError::Fitting { .. },
            ) => StatusCode::TOO_MANY_REQUESTS,
            Self::Engine(EngineError::Stopping | EngineError::Late { .. })
            | Self::NotReady
            | Self::Unwritable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Engine(EngineError::Panicked) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Copy(error) => of_disk(error),
            Self::Router(error) | Self::Named { error, .. } => of_router(error),
        }
    }

    /// The field to blame, where there is one.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Invalid { field, .. }
            | Self::Unencodable { field, .. }
            | Self::Named { field, .. } => Some(field),
            Self::File { error: FileError::Json { field, source }, .. }
                if source.classify() == Category::Data =>
            {
                field.as_deref()
            }
            Self::UnknownModel { .. } => Some("model"),
            Self::Router(RouterError::Route(RouteError::MetadataTooLong { .. })) => {
                Some("metadata")
            }
            Self::Router(RouterError::Tune(TuneError::Layers { .. })) => Some("layers"),
            Self::Router(RouterError::Tune(TuneError::NoSteps)) => Some("steps"),
            _ => None,
        }
    }
}

fn of_router(error: &RouterError) -> StatusCode {
    match error {
        RouterError::UnknownNamespace { .. } | RouterError::UnknownRoute { .. } => {
            StatusCode::NOT_FOUND
        }
        RouterError::RevisionMismatch { .. } => StatusCode::PRECONDITION_FAILED,
        RouterError::Route(RouteError::MetadataTooLong { .. }) => StatusCode::PAYLOAD_TOO_LARGE,
        RouterError::Route(_)
        | RouterError::Samples(_)
        | RouterError::NothingToHoldOut
        | RouterError::Tune(_)
        | RouterError::Fit(FitError::UnknownRoute { .. })
        | RouterError::FileFit { .. }
        | RouterError::Encode(_)
        | RouterError::EncodeText { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        RouterError::NoModelFiles
        | RouterError::ModelReplaced
        | RouterError::TuneCancelled
        | RouterError::InstallCancelled => StatusCode::CONFLICT,
        RouterError::Store(error) => of_store(error),
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn of_store(error: &StoreError) -> StatusCode {
    match error {
        StoreError::UnknownNamespace { .. }
        | StoreError::UnknownRoute { .. }
        | StoreError::UnknownText { .. }
        | StoreError::UnknownFit { .. }
        | StoreError::UnknownModel { .. }
        | StoreError::RevisionUnknown { .. } => StatusCode::NOT_FOUND,
        StoreError::DefaultNamespace
        | StoreError::LastUtterance { .. }
        | StoreError::ModelElsewhere { .. }
        | StoreError::ModelInUse { .. }
        | StoreError::ModelReplaced => StatusCode::CONFLICT,
        StoreError::RevisionGone { .. } => StatusCode::GONE,
        StoreError::RevisionMismatch { .. } => StatusCode::PRECONDITION_FAILED,
        StoreError::DiskFull { .. } => StatusCode::INSUFFICIENT_STORAGE,
        StoreError::File { source, .. } => of_disk(source),
        failure if failure.is_store_failure() => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn of_disk(error: &io::Error) -> StatusCode {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StatusCode::INSUFFICIENT_STORAGE
        }
        _ => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[cfg(test)]
mod tests;
