//! `GET` and `PATCH /settings`: what holds for all routes of a namespace.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use synaptoroute::{Change, SettingsPatch};

use crate::app::App;
use crate::change::{Changed, make};
use crate::failure::Failure;
use crate::request::{IfMatch, JsonBody, Scope, etag};

/// All settings, defaults included.
pub(crate) async fn read(Scope(router): Scope) -> Response {
    let snapshot = router.snapshot();
    (etag(snapshot.revision()), Json(*snapshot.settings())).into_response()
}

/// Changes those that are named; null goes back to the default.
pub(crate) async fn patch(
    State(app): State<App>,
    Scope(router): Scope,
    IfMatch(expected): IfMatch,
    JsonBody(patch): JsonBody<SettingsPatch>,
) -> Result<Json<Changed>, Failure> {
    let change = Change::Settings(patch);
    Ok(Json(make(&app, router, change, expected, |_| None).await?.into()))
}
