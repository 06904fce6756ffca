//! `GET /docs`: the contract to read and to try out, with nothing from outside.

use std::sync::{Arc, LazyLock};

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use utoipa_swagger_ui::Config;

use crate::failure::Failure;

/// Relative, so that the page works behind a proxy that puts a prefix before all paths.
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::new(["../openapi.json"])
        .use_base_layout()
        .try_it_out_enabled(true)
        .default_models_expand_depth(0)
        // The default is a site that would be sent the document.
        .validator_url("none");
    Arc::new(config)
});

/// A page to read this document and to try the calls, in a browser, offline.
#[utoipa::path(get, path = "/docs", tag = "service",
    responses((status = 308, description = "To the page, `docs/`")))]
pub(crate) async fn docs() -> impl IntoResponse {
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, "docs/")])
}

/// The page.
pub(crate) async fn index() -> Html<&'static str> {
    Html(include_str!("index.html"))
}

/// What the page is made of.
pub(crate) async fn asset(uri: Uri) -> Result<Response, Failure> {
    let name = uri.path().rsplit('/').next().unwrap_or_default();
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).ok().flatten();
    let file = file.ok_or_else(|| Failure::UnknownPath { path: uri.path().to_owned() })?;
    let mut response = Response::new(Body::from(file.bytes.into_owned()));
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::try_from(file.content_type) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    // Kept packed, three megabytes smaller; there is no browser that cannot read it.
    if file.gzpipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}
