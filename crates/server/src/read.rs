//! `GET /routes`, `GET /routes/{name}`: the routes as they are.
//!
//! Answered from the current snapshot at once, also while the engine's queue is full.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use synaptoroute::{Cut, Revision, Route, RouteName, RouterError, SimilarityCut, Text};

use crate::app::App;
use crate::failure::Failure;
use crate::request::{Page, PathName, cursor_after, etag};

#[derive(Serialize)]
struct Listing<'a> {
    routes: Vec<Summary<'a>>,
    next: Option<String>,
}

/// A route in a list; what is not set is left out.
#[derive(Serialize)]
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
#[derive(Serialize)]
struct Full<'a> {
    name: &'a RouteName,
    utterances: &'a [Text],
    negatives: &'a [Text],
    threshold: Option<Cut>,
    score_threshold: Option<SimilarityCut>,
    description: Option<&'a str>,
    metadata: &'a Map<String, Value>,
    revision: Revision,
}

/// A page of routes, by name.
pub(crate) async fn list(State(app): State<App>, page: Page) -> Response {
    let snapshot = app.router.snapshot();
    let mut rest = snapshot.routes_after(&page.after);
    let routes: Vec<Summary<'_>> =
        rest.by_ref().take(page.limit).map(|route| summary(route.route())).collect();
    let last = routes.last().filter(|_| rest.next().is_some());
    let next = last.map(|last| cursor_after(last.name.as_str()));
    (etag(snapshot.revision()), Json(Listing { routes, next })).into_response()
}

/// One route.
pub(crate) async fn one(
    State(app): State<App>,
    PathName(name): PathName,
) -> Result<Response, Failure> {
    let snapshot = app.router.snapshot();
    let route = snapshot
        .route(name.as_str())
        .ok_or_else(|| RouterError::UnknownRoute { name: name.to_string() })?
        .route();
    let revision = snapshot.revision();
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

fn summary(route: &Route) -> Summary<'_> {
    Summary {
        name: &route.name,
        utterance_count: route.utterances.len(),
        negative_count: route.negatives.len(),
        threshold: route.threshold,
        score_threshold: route.score_threshold,
        description: route.description.as_deref(),
    }
}
