//! `POST /routes`, `POST /routes/{name}/utterances`: changing routes.
//!
//! A caller that goes away before its turn changes nothing; once begun, a change is made
//! whether or not somebody still waits for the answer.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use synaptoroute::{Cut, Revision, Route, RouteName, Router, SimilarityCut, Text};

use crate::app::App;
use crate::failure::{Failure, Fault};
use crate::request::{IfMatch, JsonBody, PathName, text, texts, texts_up_to};

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
    #[serde(default)]
    metadata: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUtterances {
    utterance: Option<String>,
    utterances: Option<Vec<String>>,
}

#[derive(Serialize)]
pub(crate) struct Changed {
    status: &'static str,
    route: RouteName,
    /// The one that was added, where one was sent by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    utterance: Option<Text>,
    revision: Revision,
}

/// Adds a route or replaces its namesake.
pub(crate) async fn upsert(
    State(app): State<App>,
    IfMatch(expected): IfMatch,
    JsonBody(body): JsonBody<NewRoute>,
) -> Result<Json<Changed>, Failure> {
    let route = checked(body)?;
    let name = route.name.clone();
    let done = app.engine.run(move |router: &Router| router.upsert(route, expected)).await?;
    Ok(changed(name, None, done.value?))
}

/// Adds one utterance, or several.
pub(crate) async fn add_utterances(
    State(app): State<App>,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    JsonBody(body): JsonBody<NewUtterances>,
) -> Result<Json<Changed>, Failure> {
    let (single, utterances) = match (body.utterance, body.utterances) {
        (Some(one), None) => {
            let one = text("utterance", one)?;
            (Some(one.clone()), vec![one])
        }
        (None, Some(many)) => (None, texts_up_to(usize::MAX, "utterances", many)?),
        (Some(_), Some(_)) => return Err(Fault::EitherOr.at("utterances")),
        (None, None) => return Err(Fault::EitherOr.at("utterance")),
    };
    let route = name.clone();
    let done = app
        .engine
        .run(move |router: &Router| router.add_utterances(&name, utterances, expected))
        .await?;
    Ok(changed(route, single, done.value?))
}

fn checked(body: NewRoute) -> Result<Route, Failure> {
    let name = RouteName::try_from(body.name).map_err(|e| Fault::from(e).at("name"))?;
    let utterances = texts("utterances", body.utterances)?;
    let route = Route::new(name, utterances).map_err(|e| Fault::from(e).at("utterances"))?;
    let mut route = route.with_negatives(texts("negatives", body.negatives)?);
    route.threshold = body.threshold;
    route.score_threshold = body.score_threshold;
    route.description = body.description;
    route.metadata = body.metadata;
    Ok(route)
}

fn changed(route: RouteName, utterance: Option<Text>, revision: Revision) -> Json<Changed> {
    Json(Changed { status: "success", route, utterance, revision })
}
