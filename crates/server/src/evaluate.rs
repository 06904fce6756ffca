//! `POST /evaluate`: how good the decisions are, on samples whose routes are known.

use std::sync::Arc;

use axum::extract::State;
use serde::Deserialize;
use synaptoroute::{Report, RouterError, Sample};
use utoipa::ToSchema;

use crate::app::App;
use crate::decide::PART;
use crate::engine::Done;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::request::{JsonBody, RawSample, Scope, samples};

/// Texts whose routes are known.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Evaluate, example = json!({"samples": [
    {"text": "why was I charged twice", "intent": "billing"},
    {"text": "how tall is Mont Blanc", "intent": null},
]}))]
pub(crate) struct Asked {
    /// No text under two intents; a repeat counts once.
    #[schema(min_items = 1, max_items = 10000)]
    samples: Vec<RawSample>,
}

/// Decides for samples whose routes are known, and says how good that was.
///
/// Nothing is changed, nothing is fitted to the samples, and `/metrics` counts none of these
/// decisions. All are made on one revision, by one model; they are worked on in parts, between
/// which others get their turn.
#[utoipa::path(post, path = "/evaluate", tag = "decide", request_body = Asked,
    responses((status = 200, description = "How good the decisions are, and each of them", body = Report)))]
pub(crate) async fn evaluate(
    State(app): State<App>,
    Scope(router): Scope,
    JsonBody(body): JsonBody<Asked>,
) -> Result<Reply, Failure> {
    let view = router.view();
    let samples = samples(body.samples, view.snapshot())?;
    let list: Vec<Sample> = samples.iter().cloned().collect();
    let ticket = app.engine.admit()?;
    let part = |part: &[Sample]| {
        let (view, part) = (Arc::clone(&view), part.to_vec());
        move || view.judge(&part)
    };
    let mut judged = Vec::with_capacity(list.len());
    let each = |number: usize, done: Done<Result<Vec<_>, RouterError>>| {
        let place = |index: usize| {
            let place = samples.place(number * PART + index);
            place.map_or("samples".to_owned(), |place| format!("{place}.text"))
        };
        judged.extend(done.value.map_err(|error| Failure::encoding(error, place))?);
        Ok::<(), Failure>(())
    };
    app.engine.run_parts(&ticket, PART, list.chunks(PART).map(part), each).await?;
    let intake = app.intake.clone();
    let write = move || {
        let mut reply = Reply::new(&intake);
        reply.put(&view.report(&samples, judged))?;
        Ok(reply)
    };
    app.aside.read(write).await?
}
