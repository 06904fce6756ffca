//! `POST` and `DELETE` of `/routes/{name}/utterances`, `/routes/{name}/negatives` and
//! `/negatives`: changing texts, one or many.
//!
//! Adding what is there already changes nothing. Removing what is not there is refused, and
//! names the text: whoever removes by a wrong spelling wants to know.

use axum::Json;
use axum::extract::State;
use synaptoroute::{Change, Owner, Revision, Router, RouterError, StoreError};

use crate::app::App;
use crate::change::{Changed, make};
use crate::failure::Failure;
use crate::request::{IfMatch, PathName, Scope, Texts};

type Answer = Result<Json<Changed>, Failure>;

/// Adds utterances to a route.
pub(crate) async fn add_utterances(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::AddTexts, Owner::Utterances(name), texts).await
}

/// Removes utterances of a route, of which one must be left.
pub(crate) async fn remove_utterances(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::RemoveTexts, Owner::Utterances(name), texts).await
}

/// Adds negatives to a route.
pub(crate) async fn add_route_negatives(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::AddTexts, Owner::Negatives(name), texts).await
}

/// Removes negatives of a route.
pub(crate) async fn remove_route_negatives(
    State(app): State<App>,
    Scope(router): Scope,
    PathName(name): PathName,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::RemoveTexts, Owner::Negatives(name), texts).await
}

/// Adds negatives to the namespace.
pub(crate) async fn add_negatives(
    State(app): State<App>,
    Scope(router): Scope,
    IfMatch(expected): IfMatch,
    texts: Texts,
) -> Answer {
    change(&app, router, expected, Change::AddTexts, Owner::Namespace, texts).await
}

/// Removes negatives of the namespace.
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
    kind: fn(Owner, Vec<synaptoroute::Text>) -> Change,
    owner: Owner,
    texts: Texts,
) -> Answer {
    let route = owner.route().cloned();
    let change = kind(owner, texts.list.clone());
    let field = |text: &synaptoroute::Text| {
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
