//! `GET /revisions`, `GET /revisions/{from}/diff/{to}`, `POST /rollback`: going back in time.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use synaptoroute::{Change, Diff, Revision, RevisionEntry};
use utoipa::ToSchema;

use crate::app::App;
use crate::change::{Changed, make};
use crate::failure::{Failure, Fault};
use crate::request::{IfMatch, JsonBody, Page, PathRevisions, Scope, cursor, etag};

/// Revisions, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = RevisionLog)]
struct Log {
    revisions: Vec<RevisionEntry>,
    /// The next page's `cursor`; null on the last.
    next: Option<String>,
}

/// Where to go back to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rollback, example = json!({"revision": 1}))]
pub(crate) struct Target {
    revision: Revision,
}

/// A page of the kept revisions, newest first.
#[utoipa::path(get, path = "/revisions", tag = "history", operation_id = "list_revisions", params(Page),
    responses((status = 200, description = "A page of revisions", body = Log, headers(("ETag" = String, description = "The content's revision in quotes, for `If-Match`")))))]
pub(crate) async fn list(
    State(app): State<App>,
    Scope(router): Scope,
    page: Page,
) -> Result<Response, Failure> {
    let before = page.after.map(|after| match after.parse::<u64>() {
        Ok(number) => Ok(Revision::from(number)),
        Err(_) => Err(Fault::Cursor.at("cursor")),
    });
    let (before, limit) = (before.transpose()?, page.limit);
    // Taken before the log is read, so that it is never newer than what is shown.
    let current = router.snapshot().revision();
    let mut revisions = app.aside.read(move || router.revisions(before, limit + 1)).await??;
    let more = revisions.len() > limit;
    revisions.truncate(limit);
    let last = revisions.last().filter(|_| more);
    let next = last.map(|last| cursor(&last.revision.to_string()));
    Ok((etag(current), Json(Log { revisions, next })).into_response())
}

/// What one must do to get from one revision's content to another's, whichever is older.
#[utoipa::path(get, path = "/revisions/{from}/diff/{to}", tag = "history", operation_id = "diff_revisions", params(PathRevisions),
    responses((status = 200, description = "What differs", body = Diff, headers(("ETag" = String, description = "The content's revision in quotes, for `If-Match`")))))]
pub(crate) async fn diff(
    State(app): State<App>,
    Scope(router): Scope,
    PathRevisions { from, to }: PathRevisions,
) -> Result<Response, Failure> {
    let current = router.snapshot().revision();
    let (diff, place) = app.aside.copy(move || router.diff(from, to)).await?;
    Ok(place.keep((etag(current), Json(diff?)).into_response()))
}

/// Goes back to a kept revision's content, as a revision of its own.
#[utoipa::path(post, path = "/rollback", tag = "history", params(IfMatch), request_body = Target,
    responses((status = 200, description = "The content is as it was", body = Changed)))]
pub(crate) async fn rollback(
    State(app): State<App>,
    Scope(router): Scope,
    IfMatch(expected): IfMatch,
    JsonBody(body): JsonBody<Target>,
) -> Result<Json<Changed>, Failure> {
    let change = Change::Rollback(body.revision);
    Ok(Json(make(&app, router, change, expected, |_| None).await?.into()))
}
