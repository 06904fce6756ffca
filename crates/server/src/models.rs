//! `GET /models`, `POST /models/{number}/use`, `DELETE /models/{number}`: the models that made
//! vectors here, and which of them does.

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::Value;
use synaptoroute::{ModelEntry, NamespaceName, Revision};
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;
use crate::request::PathModel;

/// The models, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelList)]
pub(crate) struct Models {
    models: Vec<Known>,
}

/// A model that made vectors of this database.
#[derive(Serialize, ToSchema)]
#[schema(as = KnownModel)]
struct Known {
    /// Counts up within the database.
    number: u64,
    /// What people call it.
    name: String,
    /// Its file's SHA-256, in hexadecimal.
    fingerprint: String,
    /// Whether it reads the texts now.
    in_use: bool,
    /// When it was first in use, in milliseconds since 1970; null for one that was there from the
    /// beginning.
    at_unix_ms: Option<u64>,
    /// Length of its file, if that lies in the database; null if it came with the program or was
    /// named at its start.
    bytes: Option<u64>,
    /// Of a tuned model: the routes that it learned.
    learned: Option<Learned>,
    /// Of a tuned model: what was said of it when it was tuned.
    #[schema(value_type = Option<Object>)]
    report: Option<Value>,
}

/// Whose routes a model learned, and as they were when.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelLearned)]
struct Learned {
    namespace: NamespaceName,
    revision: Revision,
}

impl From<ModelEntry> for Known {
    fn from(entry: ModelEntry) -> Self {
        let ModelEntry { number, identity, at_unix_ms, learned, report, bytes, in_use, .. } = entry;
        let synaptoroute::ModelIdentity { fingerprint, name, .. } = identity;
        let learned = learned
            .map(|learned| Learned { namespace: learned.namespace, revision: learned.revision });
        // Not as a report of this version: an older one may have told less.
        let report = report.and_then(|report| serde_json::from_str(&report).ok());
        Self { number, name, fingerprint, in_use, at_unix_ms, bytes, learned, report }
    }
}

/// The answer to the choice of a model.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelChosen, example = json!({"status": "success", "number": 1, "model": "bge-small-en-v1.5-int8", "changed": true}))]
pub(crate) struct Chosen {
    /// `success`.
    status: &'static str,
    /// The model that is in use now,
    number: u64,
    /// and its name.
    model: String,
    /// Whether it was another before.
    changed: bool,
}

/// The answer to the removal of a model.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelRemoved, example = json!({"status": "success"}))]
pub(crate) struct Removed {
    /// `success`.
    status: &'static str,
}

/// The models that made vectors of this database, the newest first.
#[utoipa::path(get, path = "/models", tag = "models", operation_id = "list_models",
    responses((status = 200, description = "The models", body = Models)))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Models>, Failure> {
    let router = app.router.clone();
    let models = app.aside.read(move || router.models()).await??;
    Ok(Json(Models { models: models.into_iter().map(Known::from).collect() }))
}

/// Goes back, or forth, to a model, for all namespaces.
///
/// Every text is embedded anew, and what was fitted is fitted anew; decisions go on meanwhile,
/// each by the one model or the other as a whole. Nothing else is fitted meanwhile, and a
/// deadline that passes once it has begun does not end it.
#[utoipa::path(post, path = "/models/{number}/use", tag = "models", operation_id = "use_model", params(PathModel),
    responses((status = 200, description = "It is in use", body = Chosen)))]
pub(crate) async fn choose(
    State(app): State<App>,
    PathModel(number): PathModel,
) -> Result<Json<Chosen>, Failure> {
    let (router, tuning) = (app.router.clone(), Arc::clone(&app.tuning));
    let work = move || -> Result<Chosen, Failure> {
        let _alone = tuning.try_installing()?;
        let threads = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let changed = router.use_model(number, threads, &mut |_| true)?;
        Ok(Chosen { status: "success", number, model: router.model().name, changed })
    };
    app.aside.fit(work).await?.map(Json)
}

/// Forgets a model that is not in use, and its file.
#[utoipa::path(delete, path = "/models/{number}", tag = "models", operation_id = "delete_model", params(PathModel),
    responses((status = 200, description = "It is gone", body = Removed)))]
pub(crate) async fn remove(
    State(app): State<App>,
    PathModel(number): PathModel,
) -> Result<Json<Removed>, Failure> {
    let ticket = app.engine.admit()?;
    let router = app.router.clone();
    app.engine.finish(ticket, move || router.remove_model(number)).await??;
    Ok(Json(Removed { status: "success" }))
}
