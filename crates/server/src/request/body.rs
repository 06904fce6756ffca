//! A JSON object of a known shape.

use std::error::Error;
use std::iter;
use std::panic::resume_unwind;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use tokio::task;

use crate::connection::SlowBody;
use crate::engine::EngineError;
use crate::failure::{Failure, Fault};

/// Most bytes of a body, but for a routes file.
pub(crate) const MAX_BODY_BYTES: usize = 16 << 20;

/// Longest body that is parsed where it came in: some hundred microseconds. Longer ones would keep
/// other connections waiting.
const SMALL: usize = 64 << 10;

/// The body, parsed; a failure names the field, or line and column.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send + 'static> FromRequest<S> for JsonBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let found = content_type(request.headers());
        if found.as_deref() != Some("application/json") {
            return Err(Failure::ContentType { found, yaml: false });
        }
        let bytes = read(request, state, MAX_BODY_BYTES).await?;
        if bytes.len() <= SMALL {
            return parse(&bytes).map(Self);
        }
        let parsed = task::spawn_blocking(move || parse(&bytes).map(Self)).await;
        parsed.unwrap_or_else(|failed| match failed.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_stopped) => Err(Failure::Engine(EngineError::Stopping)),
        })
    }
}

/// The content type in lower case, without its parameters.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    let found = headers.get(header::CONTENT_TYPE)?;
    let found = String::from_utf8_lossy(found.as_bytes());
    let (essence, _parameters) = found.split_once(';').unwrap_or((&found, ""));
    Some(essence.trim().to_ascii_lowercase())
}

/// The whole body. `limit` is that of the path, which is refused here before the body came,
/// and which the path's layer enforces while it comes.
pub(super) async fn read<S: Send + Sync>(
    request: Request,
    state: &S,
    limit: usize,
) -> Result<Bytes, Failure> {
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(Failure::BodyTooLarge { limit });
    }
    Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            Failure::BodyTooLarge { limit }
        }
        other => match cause::<SlowBody>(&other) {
            Some(SlowBody { limit }) => Failure::SlowBody { limit },
            None => match cause::<EngineError>(&other) {
                Some(refused) => Failure::Engine(refused),
                None => Failure::BrokenBody(other),
            },
        },
    })
}

/// What of this kind made it fail, if something did.
fn cause<T: Error + Copy + 'static>(error: &(dyn Error + 'static)) -> Option<T> {
    let mut causes = iter::successors(Some(error), |&error| error.source());
    causes.find_map(|cause| cause.downcast_ref::<T>().copied())
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let body = std::str::from_utf8(bytes)
        .map_err(|e| Failure::NotUtf8 { valid_bytes: e.valid_up_to() })?;
    // A derived struct would take a list too, its fields by position.
    if !body.trim_ascii_start().starts_with('{') {
        return Err(serde_json::from_str::<serde::de::IgnoredAny>(body)
            .map_or_else(Failure::NotJson, |_| Failure::NotAnObject));
    }
    let mut json = serde_json::Deserializer::from_str(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refusal(path, error.into_inner())
    })?;
    json.end().map_err(Failure::NotJson)?;
    Ok(value)
}

fn refusal(path: String, error: serde_json::Error) -> Failure {
    if error.classify() != Category::Data {
        return Failure::NotJson(error);
    }
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = message.strip_suffix(&place).unwrap_or(&message);
    // Of a field that is not there the path is its parent's; its name is in the message alone.
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    let field = match (path.as_str(), missing) {
        (".", Some(name)) => name.to_owned(),
        (parent, Some(name)) => format!("{parent}.{name}"),
        (_, None) => path,
    };
    Fault::Shape(message.to_owned()).at(field)
}
