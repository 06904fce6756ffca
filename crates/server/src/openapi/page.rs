//! `GET /docs`: the contract to read and to try out, with nothing from outside.

use std::sync::{Arc, LazyLock};

use axum::extract::{Path, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
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
pub(crate) async fn index(request: Request) -> Result<Response, Failure> {
    file("index.html", &request)
}

/// What the page is made of.
pub(crate) async fn asset(Path(name): Path<String>, request: Request) -> Result<Response, Failure> {
    file(&name, &request)
}

fn file(name: &str, request: &Request) -> Result<Response, Failure> {
    let file = utoipa_swagger_ui::serve(name, Arc::clone(&CONFIG)).ok().flatten();
    let unknown = || Failure::UnknownPath { path: request.uri().path().to_owned() };
    let file = file.ok_or_else(unknown)?;
    let headers = [(header::CONTENT_TYPE, file.content_type)];
    Ok((headers, file.bytes.into_owned()).into_response())
}
