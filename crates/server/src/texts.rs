//! `POST` and `DELETE` of `/routes/{name}/utterances`, `/routes/{name}/negatives` and
//! `/negatives`: changing texts, one or many.
//!
//! Adding what is there already changes nothing. Removing what is not there is refused, and
//! names the text: whoever removes by a wrong spelling wants to know.

use axum::Json;
use axum::extract::State;
use synaptoroute::{Change, Owner, Revision, Router, RouterError, StoreError, Text};

use crate::app::App;
use crate::change::{Changed, make};
use crate::failure::Failure;
use crate::request::{IfMatch, OneOrMany, PathName, Scope, Texts};

type Answer = Result<Json<Changed>, Failure>;

/// A change of an owner's texts.
type Kind = fn(Owner, Vec<Text>) -> Change;

/// Adds texts that lead to a route; those that are there already change nothing.
#[utoipa::path(post, path = "/routes/{name}/utterances", tag = "routes", params(PathName, IfMatch), request_body = OneOrMany,
    responses((status = 200, description = "The texts are there", body = Changed)))]
pub(crate) async fn add_utterances(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::AddTexts, Owner::Utterances(name), texts).await
}

/// Removes texts of a route, all of which must be there; one must be left.
#[utoipa::path(delete, path = "/routes/{name}/utterances", tag = "routes", params(PathName, IfMatch), request_body = OneOrMany,
    responses((status = 200, description = "The texts are gone", body = Changed)))]
pub(crate) async fn remove_utterances(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::RemoveTexts, Owner::Utterances(name), texts).await
}

/// Adds texts that look like a route and are not.
#[utoipa::path(post, path = "/routes/{name}/negatives", tag = "routes", params(PathName, IfMatch), request_body = OneOrMany,
    responses((status = 200, description = "The texts are there", body = Changed)))]
pub(crate) async fn add_route_negatives(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::AddTexts, Owner::Negatives(name), texts).await
}

/// Removes a route's negatives, all of which must be there.
#[utoipa::path(delete, path = "/routes/{name}/negatives", tag = "routes", params(PathName, IfMatch), request_body = OneOrMany,
    responses((status = 200, description = "The texts are gone", body = Changed)))]
pub(crate) async fn remove_route_negatives(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::RemoveTexts, Owner::Negatives(name), texts).await
}

/// Adds texts that belong to no route.
#[utoipa::path(post, path = "/negatives", tag = "routes", params(IfMatch), request_body = OneOrMany,
    responses((status = 200, description = "The texts are there", body = Changed)))]
pub(crate) async fn add_negatives(
    State(app): State<App>,
    Scope(router): Scope,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::AddTexts, Owner::Namespace, texts).await
}

/// Removes the namespace's negatives, all of which must be there.
#[utoipa::path(delete, path = "/negatives", tag = "routes", params(IfMatch), request_body = OneOrMany,
    responses((status = 200, description = "The texts are gone", body = Changed)))]
pub(crate) async fn remove_negatives(
    State(app): State<App>,
    Scope(router): Scope,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::RemoveTexts, Owner::Namespace, texts).await
}

async fn change(
    app: &App,
    router: Router,
    expected: Option<Revision>,
    kind: Kind,
    owner: Owner,
    texts: Texts,
) -> Answer {
    let route = owner.route().cloned();
    let change = kind(owner, texts.list.clone());
    let field = |text: &Text| {
        let index = texts.list.iter().position(|other| other == text)?;
        Some(texts.field(index))
    };
    let made = make(app, router, change, expected, field).await;
    let revision = made.map_err(|failure| blame(failure, &texts))?;
    let utterance = texts.single.then(|| texts.list.into_iter().next()).flatten();
    Ok(Json(Changed { route, utterance, ..revision.into() }))
}

/// Says where in the body the text stands that is not there to be removed.
fn blame(failure: Failure, texts: &Texts) -> Failure {
    let Failure::Router(RouterError::Store(error)) = failure else {
        return failure;
    };
    match &*error {
        StoreError::UnknownText { position, .. } => {
            Failure::Named { field: texts.field(*position), error: RouterError::Store(error) }
        }
        _ => RouterError::Store(error).into(),
    }
}
