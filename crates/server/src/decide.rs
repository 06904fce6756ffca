//! `POST /route`, `POST /route/batch`: where texts belong.

use axum::extract::State;
use serde::Deserialize;
use synaptoroute::{Answer, RouteOptions, RouterError, Text, TopK};
use utoipa::ToSchema;

use crate::app::App;
use crate::engine::Done;
use crate::failure::Failure;
use crate::reply::Reply;
use crate::request::{JsonBody, Scope, text, texts_up_to};

/// Most queries of a batch: some ten seconds of one core. Who has more sends several.
const MAX_QUERIES: usize = 10_000;

/// Texts of one job. A batch does not make a text cheaper, so this only says how long a
/// request that came later waits: a few milliseconds with texts of a sentence.
pub(crate) const PART: usize = 8;

/// Bytes of a query that is short: some sixty tokens, a few milliseconds.
const SHORT: usize = 256;

/// A text to decide for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"query": "I was charged twice", "top_k": 2}))]
pub(crate) struct Query {
    #[schema(value_type = Text)]
    query: String,
    /// Candidates to list, in place of the setting.
    top_k: Option<TopK>,
    /// Adds an `explanation`: what spoke for each candidate, and what would have changed the outcome.
    explain: Option<bool>,
}

/// Texts to decide for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"queries": ["I was charged twice", "how do I bake bread"]}))]
pub(crate) struct Queries {
    #[schema(value_type = Vec<Text>, min_items = 1, max_items = 10000)]
    queries: Vec<String>,
    /// Candidates to list, in place of the setting.
    top_k: Option<TopK>,
    /// Adds an `explanation`: what spoke for each candidate, and what would have changed the outcome.
    explain: Option<bool>,
}

/// As many as there were queries, in their order.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is written piece by piece, as they come")]
pub(crate) struct Decisions {
    decisions: Vec<Answer>,
}

/// Decides for one query.
#[utoipa::path(post, path = "/route", tag = "decide", request_body = Query,
    responses((status = 200, description = "The decision; `none` is one too", body = Answer,
        example = json!({
            "intent": "billing",
            "route": "billing",
            "outcome": "matched",
            "confidence": 0.83,
            "threshold": 0.4,
            "calibrated": false,
            "reason": "accepted",
            "candidates": [{
                "route": "billing",
                "score": 0.81,
                "confidence": 0.83,
                "nearest": [{"utterance": "I was charged twice", "similarity": 1.0}],
            }],
            "metadata": {"team": "finance"},
            "revision": 1,
            "fit": null,
            "model": "bge-small-en-v1.5-int8",
            "truncated": false,
            "timing": {"queue_us": 48, "tokenise_us": 21, "encode_us": 850, "search_us": 6, "decide_us": 23},
        }))))]
pub(crate) async fn route(
    State(app): State<App>,
    Scope(router): Scope,
    JsonBody(body): JsonBody<Query>,
) -> Result<Reply, Failure> {
    let query = text("query", body.query)?;
    let options = RouteOptions { top_k: body.top_k, explain: body.explain.unwrap_or_default() };
    let (asked, scope) = (query.clone(), router.clone());
    let is_short = query.as_str().len() <= SHORT;
    let work = move || router.route(&query, options);
    let done =
        if is_short { app.engine.run_short(work).await? } else { app.engine.run(work).await? };
    let queue_us = done.queue_us();
    let failed = |error| Failure::encoding(error, |_| "query".to_owned());
    let mut answer = done.value.map_err(failed)?;
    answer.timing.queue_us = queue_us;
    app.observer.decided(scope.name(), &asked, &answer);
    let mut reply = Reply::new(&app.intake);
    reply.put(&answer)?;
    Ok(reply)
}

/// Decides for each query, in order.
///
/// A batch is worked on in parts, between which others get their turn. A part sees one
/// revision; a batch that runs while routes change can see two, and each decision says
/// which was its own. An answer has 64 MiB at most; a batch whose decisions come to more is
/// refused (413).
#[utoipa::path(post, path = "/route/batch", tag = "decide", request_body = Queries,
    responses((status = 200, description = "The decisions", body = Decisions)))]
pub(crate) async fn route_batch(
    State(app): State<App>,
    Scope(router): Scope,
    JsonBody(body): JsonBody<Queries>,
) -> Result<Reply, Failure> {
    let queries = texts_up_to(MAX_QUERIES, "queries", body.queries)?;
    let options = RouteOptions { top_k: body.top_k, explain: body.explain.unwrap_or_default() };
    let ticket = app.engine.admit()?;
    let part = |part: &[Text]| {
        let (router, part) = (router.clone(), part.to_vec());
        move || router.route_batch(&part, options)
    };
    let mut reply = Reply::new(&app.intake);
    reply.text(r#"{"decisions":["#)?;
    let mut rest = queries.iter();
    let each = |number: usize, done: Done<Result<_, RouterError>>| {
        let place = |index: usize| format!("queries[{}]", number * PART + index);
        let timed = timed(done).map_err(|error| Failure::encoding(error, place))?;
        for (place, (answer, query)) in timed.iter().zip(&mut rest).enumerate() {
            app.observer.decided(router.name(), query, answer);
            reply.text(if (number, place) == (0, 0) { "" } else { "," })?;
            reply.put(answer)?;
        }
        Ok::<(), Failure>(())
    };
    app.engine.run_parts(&ticket, PART, queries.chunks(PART).map(part), each).await?;
    reply.text("]}")?;
    Ok(reply)
}

fn timed(done: Done<Result<Vec<Answer>, RouterError>>) -> Result<Vec<Answer>, RouterError> {
    let queue_us = done.queue_us();
    let mut answers = done.value?;
    for answer in &mut answers {
        answer.timing.queue_us = queue_us;
    }
    Ok(answers)
}
