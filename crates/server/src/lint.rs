//! `GET /lint`: what is doubtful about the routes.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use synaptoroute::LintReport;

use crate::app::App;
use crate::failure::Failure;
use crate::request::{Scope, etag};

/// Looks for what is doubtful about the routes, and says what to do.
///
/// Takes seconds where there are ten thousand texts, on one core; one at a time looks, and
/// others wait.
#[utoipa::path(get, path = "/lint", tag = "routes",
    responses((status = 200, description = "What was found, the gravest first", body = LintReport, headers(("ETag" = String, description = "The content's revision in quotes, for `If-Match`")))))]
pub(crate) async fn lint(
    State(app): State<App>,
    Scope(router): Scope,
) -> Result<Response, Failure> {
    let look = move || {
        let report = router.lint(&|_, _| ());
        (report.revision, Json(report).into_response())
    };
    let ((revision, answer), place) = app.aside.study(look).await?;
    Ok(place.keep((etag(revision), answer).into_response()))
}
