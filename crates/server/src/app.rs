//! Which handler answers which path.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{Method, Uri};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use synaptoroute::Router;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::access::{Guard, guard};
use crate::aside::Aside;
use crate::config::Config;
use crate::engine::{Engine, Workers};
use crate::failure::Failure;
use crate::health::Probe;
use crate::intake::Intake;
use crate::observe::Observer;
use crate::request::{FileBody, MAX_BODY_BYTES, well_formed};
use crate::tune::Tuning;
use crate::{
    backup, cors, deadline, decide, embeddings, evaluate, fit, health, history, hosts, lint,
    models, namespaces, observe, openapi, read, settings, texts, transfer, tune, unread, write,
};

/// What every handler shares.
#[derive(Clone)]
pub(crate) struct App {
    /// On the namespace that is meant where none is named.
    pub(crate) router: Router,
    /// For everything that encodes.
    pub(crate) engine: Engine,
    /// How much may be inside.
    pub(crate) intake: Intake,
    /// Whether changes can be kept.
    pub(crate) probe: Arc<Probe>,
    /// Whether callers need keys.
    pub(crate) is_guarded: bool,
    /// Takes note of everything.
    pub(crate) observer: Arc<Observer>,
    /// For everything that takes more than a moment, and encodes nothing.
    pub(crate) aside: Aside,
    /// Learns routes, which takes minutes.
    pub(crate) tuning: Arc<Tuning>,
    /// Where nobody else keeps the engine's threads alive.
    _workers: Option<Arc<Workers>>,
}

impl App {
    pub(crate) fn new(router: Router, engine: Engine, config: &Config) -> Self {
        let probe = Arc::new(Probe::new(router.clone()));
        let observer = Arc::new(Observer::new(config));
        let intake = Intake::new(config.max_queue_bytes, engine.clone());
        let aside = Aside::new(config.limits.write_timeout, engine.clone());
        let is_guarded = config.access.is_some();
        let tuning = Arc::new(Tuning::new());
        Self { router, engine, intake, probe, is_guarded, observer, aside, tuning, _workers: None }
    }

    /// The same, which the engine's threads live as long as.
    pub(crate) fn with_workers(self, workers: Workers) -> Self {
        Self { _workers: Some(Arc::new(workers)), ..self }
    }
}

/// The whole service.
pub(crate) fn build(app: App, config: &Config) -> axum::Router {
    let (intake, limit) = (app.intake.clone(), config.deadline);
    let (observer, engine) = (Arc::clone(&app.observer), app.engine.clone());
    let guard_with = config.access.clone().map(|a| Guard::new(a, app.router.name().clone()));
    let service = axum::Router::new()
        .merge(content())
        .nest("/namespaces/{namespace}", content())
        .route("/namespaces", get(namespaces::list))
        .route("/namespaces/{namespace}", put(namespaces::create).delete(namespaces::remove))
        .route("/v1/embeddings", post(embeddings::create))
        .route("/models", get(models::list))
        .route("/models/{number}", delete(models::remove))
        .route("/models/{number}/use", post(models::choose))
        .route("/backup", get(backup::backup))
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(openapi::docs))
        .route("/docs/", get(openapi::index))
        .route("/docs/{file}", get(openapi::asset))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/metrics", get(observe::metrics))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app);
    // From the outside in, and as one: each time the router is given layers it boxes what it has.
    let around = ServiceBuilder::new()
        .layer(middleware::from_fn_with_state(observer, observe::answer))
        .option_layer(
            config.hosts.clone().map(|n| middleware::from_fn_with_state(n.into(), hosts::known)),
        )
        // Outside of the guard: a browser asks first, and shows no key then.
        .option_layer((!config.cors.is_empty()).then(|| cors::layer(&config.cors)))
        .layer(middleware::from_fn_with_state(intake, unread::finish))
        .layer(middleware::from_fn_with_state(limit, deadline::keep))
        .layer(CatchPanicLayer::custom(move |_panic| panicked(&engine)))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        // Without keys nothing is asked, and costs nothing.
        .option_layer(guard_with.map(|with| middleware::from_fn_with_state(with, guard)))
        .layer(middleware::from_fn(well_formed))
        .layer(middleware::from_fn(openapi::known_parameters));
    service.layer(around)
}

/// What there is of each namespace.
fn content() -> axum::Router<App> {
    axum::Router::new()
        .route("/route", post(decide::route))
        .route("/route/batch", post(decide::route_batch))
        .route("/evaluate", post(evaluate::evaluate))
        .route("/fit", post(fit::fit))
        .route("/fits", get(fit::list))
        .route("/fits/{number}/use", post(fit::choose))
        .route("/tune", post(tune::begin).get(tune::read).delete(tune::call_off))
        .route("/routes", get(read::list).post(write::upsert))
        .route("/routes/{name}", get(read::one).patch(write::patch).delete(write::remove))
        .route(
            "/routes/{name}/utterances",
            post(texts::add_utterances).delete(texts::remove_utterances),
        )
        .route(
            "/routes/{name}/negatives",
            post(texts::add_route_negatives).delete(texts::remove_route_negatives),
        )
        .route(
            "/negatives",
            get(read::negatives).post(texts::add_negatives).delete(texts::remove_negatives),
        )
        .route("/settings", get(settings::read).patch(settings::patch))
        .route("/export", get(transfer::export))
        .route("/import", post(transfer::import).layer(DefaultBodyLimit::max(FileBody::MAX_BYTES)))
        .route("/revisions", get(history::list))
        .route("/revisions/{from}/diff/{to}", get(history::diff))
        .route("/rollback", post(history::rollback))
        .route("/lint", get(lint::lint))
}

async fn unknown_path(uri: Uri) -> Failure {
    Failure::UnknownPath { path: uri.path().to_owned() }
}

async fn wrong_method(method: Method, uri: Uri) -> Failure {
    Failure::WrongMethod { method, path: uri.path().to_owned() }
}

/// A handler panicked, outside of the engine, which catches its own.
fn panicked(engine: &Engine) -> Response {
    Failure::Engine(engine.count_panic()).into_response()
}
