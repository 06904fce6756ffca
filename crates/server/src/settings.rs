//! `GET` and `PATCH /settings`: what holds for all routes of a namespace.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use synaptoroute::{Change, Settings, SettingsPatch};

use crate::app::App;
use crate::change::{Changed, make};
use crate::failure::Failure;
use crate::request::{IfMatch, JsonBody, Scope, etag};

/// All settings, defaults included.
#[utoipa::path(get, path = "/settings", tag = "settings", operation_id = "get_settings",
    responses((status = 200, description = "The settings", body = Settings, headers(("ETag" = String, description = "The content's revision in quotes, for `If-Match`")))))]
pub(crate) async fn read(Scope(router): Scope) -> Response {
    let snapshot = router.snapshot();
    (etag(snapshot.revision()), Json(*snapshot.settings())).into_response()
}

/// Changes those that are named; null goes back to the default.
#[utoipa::path(patch, path = "/settings", tag = "settings", operation_id = "patch_settings", params(IfMatch), request_body = SettingsPatch,
    responses((status = 200, description = "The settings are so", body = Changed)))]
pub(crate) async fn patch(
    State(app): State<App>,
    Scope(router): Scope,
    IfMatch(expected): IfMatch,
    JsonBody(patch): JsonBody<SettingsPatch>,
) -> Result<Json<Changed>, Failure> {
    let change = Change::Settings(patch);
    Ok(Json(make(&app, router, change, expected, |_| None).await?.into()))
}
