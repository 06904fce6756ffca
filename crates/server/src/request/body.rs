//! A JSON object of a known shape.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::failure::{Failure, Fault};

/// Most bytes of a body.
pub(crate) const MAX_BODY_BYTES: usize = 16 << 20;

/// The body, parsed; a failure names the field, or line and column.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        check_headers(request.headers())?;
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| match rejection {
                BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
                    Failure::BodyTooLarge
                }
                other => Failure::BrokenBody(other),
            })?;
        parse(&bytes).map(Self)
    }
}

/// Refuses what can be refused before the body has come.
fn check_headers(headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name| headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()));
    let found = text(header::CONTENT_TYPE);
    let json = found.as_deref().is_some_and(|found| {
        let (essence, _parameters) = found.split_once(';').unwrap_or((found, ""));
        essence.trim().eq_ignore_ascii_case("application/json")
    });
    if !json {
        return Err(Failure::ContentType { found: found.map(|found| format!("{found:?}")) });
    }
    let length = text(header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(Failure::BodyTooLarge);
    }
    Ok(())
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
