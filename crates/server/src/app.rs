//! Which handler answers which path.

use std::any::Any;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use synaptoroute::Router;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use crate::engine::{Engine, EngineError};
use crate::failure::Failure;
use crate::request::MAX_BODY_BYTES;
use crate::{decide, embeddings, health, read, unread, write};

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct App {
    /// For what is read without computing.
    pub(crate) router: Arc<Router>,
    /// For everything that encodes.
    pub(crate) engine: Engine,
}

/// The whole service.
pub(crate) fn build(app: App) -> axum::Router {
    axum::Router::new()
        .route("/route", post(decide::route))
        .route("/route/batch", post(decide::route_batch))
        .route("/routes", get(read::list).post(write::upsert))
        .route("/routes/{name}", get(read::one))
        .route("/routes/{name}/utterances", post(write::add_utterances))
        .route("/v1/embeddings", post(embeddings::create))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(unread::finish))
        .layer(TraceLayer::new_for_http())
}

async fn unknown_path(uri: Uri) -> Failure {
    Failure::UnknownPath { path: uri.path().to_owned() }
}

async fn wrong_method(method: Method, uri: Uri) -> Failure {
    Failure::WrongMethod { method, path: uri.path().to_owned() }
}

/// A handler panicked, outside of the engine, which catches its own.
fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    Failure::Engine(EngineError::Panicked).into_response()
}
