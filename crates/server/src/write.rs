//! `POST /routes`, `PATCH` and `DELETE /routes/{name}`: changing routes.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use synaptoroute::{Change, Cut, Metadata, Route, RouteName, RoutePatch, SimilarityCut, Text};
use utoipa::ToSchema;

use crate::app::App;
use crate::change::{Changed, make};
use crate::failure::{Failure, Fault};
use crate::request::{IfMatch, JsonBody, PathName, Scope, texts};

/// A destination and the texts that lead to it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "billing",
    "utterances": ["where is my bill", "I was charged twice", "my invoice is wrong"],
    "negatives": ["draft a bill for parliament"],
    "threshold": 0.4,
    "description": "Invoices, charges, payments",
    "metadata": {"team": "finance"},
}))]
pub(crate) struct NewRoute {
    #[schema(value_type = RouteName)]
    name: String,
    /// What people say who mean it; repeats count once.
    #[schema(value_type = Vec<Text>, min_items = 1)]
    utterances: Vec<String>,
    /// Texts that look like it and are not.
    #[serde(default)]
    #[schema(value_type = Vec<Text>)]
    negatives: Vec<String>,
    threshold: Option<Cut>,
    score_threshold: Option<SimilarityCut>,
    description: Option<String>,
    /// Returned with every decision for it; at most 64 levels deep, and 64 KiB as JSON.
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Metadata,
}

/// Adds a route or replaces its namesake.
///
/// Any name that a route may have is taken, `.` and `..` too, which a file may hold as well;
/// but to reach such a route by its path takes a client that leaves paths alone, such as
/// `curl --path-as-is`.
#[utoipa::path(post, path = "/routes", tag = "routes", operation_id = "upsert_route", params(IfMatch), request_body = NewRoute,
    responses((status = 200, description = "The route is there", body = Changed)))]
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
#[utoipa::path(patch, path = "/routes/{name}", tag = "routes", operation_id = "patch_route", params(PathName, IfMatch), request_body = RoutePatch,
    responses((status = 200, description = "The route is so", body = Changed)))]
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
#[utoipa::path(delete, path = "/routes/{name}", tag = "routes", operation_id = "delete_route", params(PathName, IfMatch),
    responses((status = 200, description = "The route is gone", body = Changed)))]
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
