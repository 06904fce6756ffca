//! `POST /fit`, `GET /fits`, `POST /fits/{number}/use`: what is learned from routes and samples.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use synaptoroute::{
    EvidenceSet, FitEntry, FitOptions, FitReport, Objective, Revision, RouterError,
};
use utoipa::ToSchema;

use crate::app::App;
use crate::failure::Failure;
use crate::request::{JsonBody, PathNumber, RawSample, Scope, etag, refused, samples};

/// What to fit by; nothing of it is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Fit, example = json!({
    "samples": [
        {"text": "why was I charged twice", "intent": "billing"},
        {"text": "how tall is Mont Blanc", "intent": null},
    ],
    "objective": "max_false_accept=0.05",
    "dry_run": true,
}))]
pub(crate) struct Asked {
    /// Texts whose routes are known, which cuts are then chosen by; without any, the utterances
    /// and the built-in background texts are all there is.
    #[schema(min_items = 1, max_items = 10000)]
    samples: Option<Vec<RawSample>>,
    /// What cuts are chosen for, in place of the setting.
    #[schema(value_type = Option<String>, pattern = "^(accuracy|f1|(keep|max_false_accept|min_precision)=(0(\\.[0-9]{1,9})?|1)|cost=[1-9][0-9]{0,2})$")]
    objective: Option<Objective>,
    /// Which evidence may count besides the nearest utterances, in place of the setting.
    evidence: Option<EvidenceSet>,
    /// Only tells what would come of it.
    dry_run: Option<bool>,
}

/// The kept fits, the newest first.
#[derive(Serialize, ToSchema)]
struct Fits {
    fits: Vec<Kept>,
    /// Why the last fit in the background failed, of whichever namespace; null if it did not.
    auto_fit_trouble: Option<String>,
}

/// A fit that is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = KeptFit)]
struct Kept {
    /// Counts up within the namespace.
    number: u64,
    /// When it was made, in milliseconds since 1970.
    at_unix_ms: u64,
    /// The content that it was made from.
    revision: Revision,
    /// Whether nobody asked for it.
    automatic: bool,
    /// Whether decisions are made with it.
    in_force: bool,
    /// What it said of itself when it was made.
    #[schema(value_type = FitReport)]
    report: Value,
}

impl From<FitEntry> for Kept {
    fn from(entry: FitEntry) -> Self {
        let FitEntry { number, at_unix_ms, revision, automatic, in_force, report, .. } = entry;
        // Not as a report of this version: an older one may have told less.
        let report = serde_json::from_str(&report).unwrap_or(Value::Null);
        Self { number, at_unix_ms, revision, automatic, in_force, report }
    }
}

/// The answer to the choice of a fit.
#[derive(Serialize, ToSchema)]
#[schema(as = FitChosen, example = json!({"status": "success", "number": 3, "revision": 42}))]
pub(crate) struct Chosen {
    /// `success`.
    status: &'static str,
    /// The fit that is in force now.
    number: u64,
    /// What the content is at; no fit changes it.
    revision: Revision,
}

/// Fits evidence, confidence and cuts to the routes, and to samples if there are any.
///
/// The rule as it was and the one that was found are compared on texts that neither has learned
/// from; where the fit in force does better, it stays. It takes no new revision. One fit is made
/// at a time, on all cores; a deadline that passes once it has begun does not end it.
#[utoipa::path(post, path = "/fit", tag = "fit", request_body = Asked,
    responses((status = 200, description = "What was found, and whether it is in force", body = FitReport)))]
pub(crate) async fn fit(
    State(app): State<App>,
    Scope(router): Scope,
    JsonBody(body): JsonBody<Asked>,
) -> Result<Json<FitReport>, Failure> {
    let Asked { samples: given, objective, evidence, dry_run } = body;
    let given = given.map(|given| samples(given, &router.snapshot())).transpose()?;
    let dry_run = dry_run.unwrap_or_default();
    let work = move || {
        let options = FitOptions { objective, evidence, samples: given.as_ref(), dry_run };
        router.fit(options, &|_, _| ())
    };
    app.aside.fit(work).await?.map(Json).map_err(named)
}

/// Says where in the body a sample stands.
fn named(error: RouterError) -> Failure {
    match error {
        RouterError::EncodeText { place, source } => {
            Failure::Unencodable { field: format!("{place}.text"), source }
        }
        // Its route was there a moment ago.
        RouterError::Samples(error) => refused(error),
        other => other.into(),
    }
}

/// The kept fits, the newest first, each with its report.
#[utoipa::path(get, path = "/fits", tag = "fit", operation_id = "list_fits",
    responses((status = 200, description = "The fits", body = Fits, headers(("ETag" = String, description = "The content's revision in quotes, for `If-Match`")))))]
pub(crate) async fn list(
    State(app): State<App>,
    Scope(router): Scope,
) -> Result<Response, Failure> {
    let current = router.snapshot().revision();
    let read = move || -> Result<Fits, RouterError> {
        let auto_fit_trouble = router.auto_fit_trouble();
        let fits = router.fits()?.into_iter().map(Kept::from).collect();
        Ok(Fits { fits, auto_fit_trouble })
    };
    let fits = app.aside.read(read).await??;
    Ok((etag(current), Json(fits)).into_response())
}

/// Goes back to a kept fit, and to what it was asked for.
///
/// If texts have changed since it was made, they are soon fitted anew in the background, by its
/// objective, evidence and samples.
#[utoipa::path(post, path = "/fits/{number}/use", tag = "fit", operation_id = "use_fit", params(PathNumber),
    responses((status = 200, description = "It is in force", body = Chosen)))]
pub(crate) async fn choose(
    State(app): State<App>,
    Scope(router): Scope,
    PathNumber(number): PathNumber,
) -> Result<Json<Chosen>, Failure> {
    let ticket = app.engine.admit()?;
    let work = move || -> Result<Revision, RouterError> {
        router.use_fit(number)?;
        Ok(router.snapshot().revision())
    };
    let revision = app.engine.finish(ticket, work).await??;
    Ok(Json(Chosen { status: "success", number, revision }))
}
