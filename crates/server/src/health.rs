//! `GET /health`, `GET /ready`: does it live, does it work.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use synaptoroute::{Pooling, Revision, RouteOptions, Text};
use utoipa::ToSchema;

use crate::app::App;
use crate::engine::EngineError;
use crate::failure::Failure;

pub(crate) use probe::Probe;

mod probe;

/// The process answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
    version: &'static str,
    isa: &'static str,
    queue: Queue,
}

/// What is inside.
#[derive(Serialize, ToSchema)]
struct Queue {
    /// Jobs that wait for a thread.
    waiting: usize,
    /// Of bodies of requests that were not answered yet, and of large answers that are not sent.
    bytes: usize,
}

/// An inference ran, and something was written.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    status: &'static str,
    model: Model,
    revision: Revision,
    routes: usize,
}

/// What reads the texts.
#[derive(Serialize, ToSchema)]
struct Model {
    name: String,
    fingerprint: String,
    dimensions: usize,
    max_tokens: usize,
    pooling: Pooling,
    isa: &'static str,
    /// Vectors made with another number differ a little.
    activation_bits: u8,
}

/// The process answers; nothing is computed.
#[utoipa::path(get, path = "/health", tag = "service",
    responses((status = 200, description = "It lives", body = Health)))]
pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    Json(Health {
        status: "alive",
        version: env!("CARGO_PKG_VERSION"),
        isa: app.router.model().isa.name(),
        queue: Queue { waiting: app.engine.waiting(), bytes: app.intake.bytes() },
    })
}

/// Routes a text by the way all queries go, queue included, and sees that changes can be kept.
/// What worked holds for a second.
#[utoipa::path(get, path = "/ready", tag = "service",
    responses((status = 200, description = "It works", body = Ready)))]
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Ready>, Failure> {
    app.probe.inference(infer(&app)).await?;
    app.probe.check().await.map_err(|trouble| {
        tracing::error!(trouble, "not ready: changes cannot be kept");
        // Anybody may ask, and where there are keys the path of a file is nobody's business.
        Failure::Unwritable((!app.is_guarded).then_some(trouble))
    })?;
    let view = app.router.view();
    let (model, snapshot) = (view.model(), view.snapshot());
    Ok(Json(Ready {
        status: "ready",
        model: Model {
            name: model.name.clone(),
            fingerprint: model.fingerprint.to_string(),
            dimensions: model.dimensions,
            max_tokens: model.max_tokens,
            pooling: model.pooling,
            isa: model.isa.name(),
            activation_bits: model.activation_width.bits(),
        },
        revision: snapshot.revision(),
        routes: snapshot.route_count(),
    }))
}

/// A query like any other.
async fn infer(app: &App) -> Result<(), Failure> {
    let probe = Text::try_from("is anybody there").expect("it is short and not blank");
    let router = app.router.clone();
    match app.engine.run(move || router.route(&probe, RouteOptions::default())).await {
        Ok(done) => match done.value {
            Ok(_decision) => Ok(()),
            Err(error) => {
                tracing::error!(%error, "not ready");
                Err(Failure::NotReady)
            }
        },
        Err(EngineError::Panicked) => Err(Failure::NotReady),
        Err(refused) => Err(refused.into()),
    }
}
