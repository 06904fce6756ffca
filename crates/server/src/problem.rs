//! Failures as RFC 9457 problem documents.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::engine::EngineError;
use crate::failure::Failure;

/// Seconds a refused caller should stay away. A full queue of default length drains in
/// seconds; a caller that is back sooner only finds it full again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// What stands in the body.
#[derive(Serialize)]
struct Problem<'a> {
    /// No type of its own: the status says what kind it is.
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        let detail = self.to_string();
        // Who asks a stopping server is told so; the others are for whoever keeps it running.
        let stopping = matches!(self, Self::Engine(EngineError::Stopping));
        if status.is_server_error() && !stopping {
            tracing::error!(%detail, "a request failed");
        }
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: &detail,
            field: self.field(),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}
