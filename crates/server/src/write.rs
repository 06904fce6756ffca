//! `POST /routes`, `PATCH` and `DELETE /routes/{name}`: changing routes.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value};
use synaptoroute::{Change, Cut, Route, RouteName, RoutePatch, SimilarityCut, Text};

use crate::app::App;
use crate::change::{Changed, make};
use crate::failure::{Failure, Fault};
use crate::request::{IfMatch, JsonBody, PathName, Scope, texts};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRoute {
    name: String,
    utterances: Vec<String>,
    #[serde(default)]
    negatives: Vec<String>,
    threshold: Option<Cut>,
    score_threshold: Option<SimilarityCut>,
    description: Option<String>,
    #[serde(default, deserialize_with = "synaptoroute::metadata")]
    metadata: Map<String, Value>,
}

/// Adds a route or replaces its namesake.
///
/// Any name that a route may have is taken, `.` and `..` too, which a file may hold as well;
/// but to reach such a route by its path takes a client that leaves paths alone, such as
/// `curl --path-as-is`.
pub(crate) async fn upsert(
    State(app): State<App>,
    Scope(router): Scope,
    IfMatch(expected): IfMatch,
    JsonBody(body): JsonBody<NewRoute>,
) -> Result<Json<Changed>, Failure> {
    let name = RouteName::try_from(body.name).map_err(|e| Fault::from(e).at("name"))?;
    let utterances = texts("utterances", body.utterances)?;
    let negatives = texts("negatives", body.negatives)?;
    let route = Route::new(name.clone(), utterances.clone())
        .map_err(|e| Fault::from(e).at("utterances"))?;
    let mut route = route.with_negatives(negatives.clone());
    route.threshold = body.threshold;
    route.score_threshold = body.score_threshold;
    route.description = body.description;
    route.metadata = body.metadata;
    let field = |text: &Text| {
        let place = |list: &str, texts: &[Text]| {
            let index = texts.iter().position(|other| other == text)?;
            Some(format!("{list}[{index}]"))
        };
        place("utterances", &utterances).or_else(|| place("negatives", &negatives))
    };
    let revision = make(&app, router, Change::Upsert(route), expected, field).await?;
    Ok(Json(Changed { route: Some(name), ..revision.into() }))
}

/// Changes cuts, description or metadata; null takes a value away.
pub(crate) async fn patch(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    JsonBody(patch): JsonBody<RoutePatch>,
) -> Result<Json<Changed>, Failure> {
    let change = Change::Patch(name.clone(), patch);
    let revision = make(&app, router, change, expected, |_| None).await?;
    Ok(Json(Changed { route: Some(name), ..revision.into() }))
}

/// Removes a route with its texts.
pub(crate) async fn remove(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
) -> Result<Json<Changed>, Failure> {
    let change = Change::DeleteRoute(name.clone());
    let revision = make(&app, router, change, expected, |_| None).await?;
    Ok(Json(Changed { route: Some(name), ..revision.into() }))
}
