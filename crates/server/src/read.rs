//! `GET /routes`, `GET /routes/{name}`, `GET /negatives`: the content as it is.
//!
//! Answered from the current snapshot at once, also while the engine's queue is full.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use synaptoroute::{
    Cut, Metadata, Owner, Revision, RouteEntry, RouteName, RouterError, SimilarityCut, Text,
};
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;
use crate::request::{Page, PathName, Scope, cursor, etag};

/// Texts that belong to no route.
#[derive(Serialize, ToSchema)]
struct Negatives {
    negatives: Vec<Text>,
    revision: Revision,
}

/// A page of routes, by name.
#[derive(Serialize, ToSchema)]
#[schema(as = RouteList)]
struct Listing<'a> {
    routes: Vec<Summary<'a>>,
    /// The next page's `cursor`; null on the last.
    next: Option<String>,
}

/// A route in a list; what is not set is left out.
#[derive(Serialize, ToSchema)]
#[schema(as = RouteSummary)]
struct Summary<'a> {
    name: &'a RouteName,
    utterance_count: usize,
    negative_count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<Cut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score_threshold: Option<SimilarityCut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
}

/// A route in full; what is not set is null.
#[derive(Serialize, ToSchema)]
#[schema(as = WholeRoute)]
struct Full<'a> {
    name: &'a RouteName,
    utterances: &'a [Text],
    negatives: &'a [Text],
    threshold: Option<Cut>,
    score_threshold: Option<SimilarityCut>,
    description: Option<&'a str>,
    #[schema(value_type = Object)]
    metadata: &'a Metadata,
    revision: Revision,
}

/// A page of routes, by name.
#[utoipa::path(get, path = "/routes", tag = "routes", operation_id = "list_routes", params(Page),
    responses((status = 200, description = "A page of routes", body = Listing<'static>, headers(("ETag" = String, description = "The content's revision in quotes, for `If-Match`")))))]
pub(crate) async fn list(Scope(router): Scope, page: Page) -> Response {
    let snapshot = router.snapshot();
    // No name is empty, so all come after that.
    let mut rest = snapshot.routes_after(page.after.as_deref().unwrap_or_default());
    let routes: Vec<Summary<'_>> = rest.by_ref().take(page.limit).map(summary).collect();
    let last = routes.last().filter(|_| rest.next().is_some());
    let next = last.map(|last| cursor(last.name.as_str()));
    (etag(snapshot.revision()), Json(Listing { routes, next })).into_response()
}

/// One route.
#[utoipa::path(get, path = "/routes/{name}", tag = "routes", operation_id = "get_route", params(PathName),
    responses((status = 200, description = "The route", body = Full<'static>, headers(("ETag" = String, description = "The content's revision in quotes, for `If-Match`")))))]
pub(crate) async fn one(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
) -> Result<Response, Failure> {
    let snapshot = router.snapshot();
    let revision = snapshot.revision();
    let wanted = name.clone();
    let route = app.aside.read(move || snapshot.whole_route(wanted.as_str())).await?;
    let route = route.ok_or_else(|| RouterError::UnknownRoute { name: name.into() })?;
    let full = Full {
        name: &route.name,
        utterances: &route.utterances,
        negatives: &route.negatives,
        threshold: route.threshold,
        score_threshold: route.score_threshold,
        description: route.description.as_deref(),
        metadata: &route.metadata,
        revision,
    };
    Ok((etag(revision), Json(full)).into_response())
}

/// The namespace's negatives.
#[utoipa::path(get, path = "/negatives", tag = "routes", operation_id = "list_negatives",
    responses((status = 200, description = "The texts", body = Negatives, headers(("ETag" = String, description = "The content's revision in quotes, for `If-Match`")))))]
pub(crate) async fn negatives(
    State(app): State<App>,
    Scope(router): Scope,
) -> Result<Response, Failure> {
    let snapshot = router.snapshot();
    let revision = snapshot.revision();
    let negatives = app.aside.read(move || snapshot.texts(&Owner::Namespace)).await?;
    Ok((etag(revision), Json(Negatives { negatives, revision })).into_response())
}

fn summary(entry: &RouteEntry) -> Summary<'_> {
    let attributes = &entry.attributes;
    Summary {
        name: &entry.name,
        utterance_count: entry.utterances,
        negative_count: entry.negatives,
        threshold: attributes.threshold,
        score_threshold: attributes.score_threshold,
        description: attributes.description.as_deref(),
    }
}
