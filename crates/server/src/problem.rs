//! Failures as RFC 9457 problem documents.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::engine::EngineError;
use crate::failure::Failure;
use crate::observe;

/// What went wrong, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Problem<'a> {
    /// No type of its own: the status says what kind it is.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The same as the answer's.
    status: u16,
    /// What is wrong, and what to do next.
    detail: &'a str,
    /// The field to blame, where there is one, such as `queries[3]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// To ask about it; the log has the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status();
        let detail = self.to_string();
        observe::failed(&self);
        let id = observe::request_id();
        let request_id = id.as_ref().and_then(|id| id.to_str().ok());
        // The caller is told, and nothing is wrong; the others are for whoever keeps it running.
        let expected = matches!(
            self,
            Self::Engine(EngineError::Stopping | EngineError::Late { .. }) | Self::Crowded { .. }
        );
        if status.is_server_error() && !expected {
            tracing::error!(request_id, %detail, "a request failed");
        }
        let problem = Problem {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: &detail,
            field: self.field(),
            request_id,
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Self::Engine(
            EngineError::Full { retry_after_s }
            | EngineError::Heavy { retry_after_s }
            | EngineError::Copying { retry_after_s }
            | EngineError::Fitting { retry_after_s },
        ) = self
        {
            headers.insert(header::RETRY_AFTER, retry_after_s.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(self, Self::Crowded { .. }) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
