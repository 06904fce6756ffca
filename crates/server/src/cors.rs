//! Which web pages may ask.

use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember what it was allowed.
const MAX_AGE: Duration = Duration::from_secs(600);

/// Where a web page comes from, such as `https://console.example.com`, or `*` for anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// Why an origin is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no origin: it is scheme, host and port as a browser sends them, such as \
     https://console.example.com, without a path; or * for every page there is"
)]
pub struct OriginError {
    found: String,
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let is_origin = || {
            let uri: Uri = text.parse().ok()?;
            let authority = uri.authority()?.as_str();
            // As a browser writes it: what is compared are the bytes.
            let written = format!("{}://{}", uri.scheme_str()?, authority);
            (written == text && text == text.to_ascii_lowercase() && !authority.contains('@'))
                .then_some(())
        };
        let value = (text == "*" || is_origin().is_some()).then(|| text.parse().ok()).flatten();
        value.map(Self).ok_or_else(|| OriginError { found: text.to_owned() })
    }
}

/// Answers browsers' questions, which carry no key, and marks answers for those origins.
pub(crate) fn layer(origins: &[Origin]) -> CorsLayer {
    let origin = if origins.iter().any(|origin| origin.0 == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().map(|origin| origin.0.clone()))
    };
    // Keys are sent by name, never as a cookie: no credentials in the sense of browsers.
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            HeaderName::from_static("x-api-key"),
            HeaderName::from_static("x-request-id"),
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("tracestate"),
            HeaderName::from_static("x-timeout-ms"),
        ])
        .expose_headers([
            header::ALLOW,
            header::ETAG,
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            HeaderName::from_static("content-hash"),
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(MAX_AGE)
}
