//! `POST`, `GET` and `DELETE /tune`: the encoder learns a namespace's routes.
//!
//! It takes minutes, so who asks for it is answered as soon as it has begun, and asks how far it is.
//!
//! - `asked`: what is to be done, as the body says it.
//! - `status`: how far it is, or what came of it.
//! - `job`: the thread that does it, and what is known of that.

mod asked;
mod job;
mod status;

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};

use crate::access::Reach;
use crate::app::App;
use crate::engine::EngineError;
use crate::failure::Failure;
use crate::request::{JsonBody, Scope};
pub(crate) use asked::Asked;
pub(crate) use job::{TuneRefusal, Tuning};
pub(crate) use status::Status;

/// How long it is waited for that what was called off has ended: most steps are shorter.
const MOMENT: Duration = Duration::from_secs(2);

/// Has the encoder learn the routes, and judges it on utterances that it has not seen.
///
/// The answer comes once it has begun; `GET /tune` tells how far it is. Where that made it better,
/// it is installed then: every text of every namespace is embedded by it, and what was fitted is
/// fitted anew, while decisions go on. So a key that is limited to namespaces must say
/// `"install": false`. One tuning is at work at a time. It begins from the model that the service
/// was started with, whatever was learned before.
#[utoipa::path(post, path = "/tune", tag = "models", request_body = Asked,
    responses((status = 202, description = "It has begun", body = Status)))]
pub(crate) async fn begin(
    State(app): State<App>,
    Scope(router): Scope,
    reach: Option<Extension<Reach>>,
    JsonBody(body): JsonBody<Asked>,
) -> Result<(StatusCode, Json<Status>), Failure> {
    let plan = body.plan()?;
    if plan.install
        && let Some(Extension(reach)) = reach
    {
        reach.check_everything()?;
    }
    // Refused when everything is; but it keeps nobody's place while it is at work.
    let _place = app.engine.admit()?;
    let namespace = router.name().clone();
    let begun = app.tuning.start(namespace, &app.engine, move |work| plan.carry_out(&router, work));
    match begun?.await {
        Ok(Ok(status)) => Ok((StatusCode::ACCEPTED, Json(status))),
        Ok(Err(refused)) => Err(refused.into()),
        Err(_gone) => Err(EngineError::Panicked.into()),
    }
}

/// How far the tuning is that is at work, or what came of the last one of this service, of whichever
/// namespace.
///
/// A key that is not good for that namespace sees neither its name nor what came of it.
#[utoipa::path(get, path = "/tune", tag = "models", operation_id = "get_tune",
    responses((status = 200, description = "How far it is", body = Status)))]
pub(crate) async fn read(
    State(app): State<App>,
    Scope(_): Scope,
    reach: Option<Extension<Reach>>,
) -> Json<Status> {
    Json(shown(&app, reach.as_deref()))
}

/// Calls off the tuning that is at work; what is in use stays so.
///
/// It ends with the step that it is at, for which the answer waits two seconds at most. Once
/// everything goes to the store it is not called off any more.
#[utoipa::path(delete, path = "/tune", tag = "models", operation_id = "cancel_tune",
    responses((status = 200, description = "It was called off", body = Status)))]
pub(crate) async fn call_off(
    State(app): State<App>,
    Scope(_): Scope,
    reach: Option<Extension<Reach>>,
) -> Result<Json<Status>, Failure> {
    app.tuning.call_off(|namespace| reach.as_ref().is_none_or(|reach| reach.covers(namespace)))?;
    app.tuning.ended(MOMENT).await;
    Ok(Json(shown(&app, reach.as_deref())))
}

/// What a key may see.
fn shown(app: &App, reach: Option<&Reach>) -> Status {
    let status = app.tuning.status();
    match (&status.namespace, reach) {
        (Some(namespace), Some(reach)) if !reach.covers(namespace) => status.of_another(),
        _ => status,
    }
}
