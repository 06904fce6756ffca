//! `POST` and `DELETE` of `/routes/{name}/utterances`, `/routes/{name}/negatives` and
//! `/negatives`: changing texts, one or many.
//!
//! Adding what is there already changes nothing. Removing what is not there is refused, and
//! names the text: whoever removes by a wrong spelling wants to know.

use axum::Json;
use axum::extract::State;
use axum::routing::{MethodRouter, post};
use synaptoroute::{Change, Owner, Revision, RouteName, Router, RouterError, StoreError, Text};

use crate::app::App;
use crate::change::{Changed, make};
use crate::failure::Failure;
use crate::request::{IfMatch, PathName, Scope, Texts};

type Answer = Result<Json<Changed>, Failure>;

/// A change of an owner's texts.
type Kind = fn(Owner, Vec<Text>) -> Change;

/// `POST` adds a route's texts, `DELETE` removes them; of utterances one must be left.
pub(crate) fn of_route(owner: fn(RouteName) -> Owner) -> MethodRouter<App> {
    let handler = move |kind: Kind| {
        move |State(app): State<App>,
              Scope(router): Scope,
              PathName(name): PathName,
              IfMatch(expected): IfMatch,
              texts: Texts| async move {
            change(&app, router, expected, kind, owner(name), texts).await
        }
    };
    post(handler(Change::AddTexts)).delete(handler(Change::RemoveTexts))
}

/// The same for the namespace's negatives.
pub(crate) fn of_namespace() -> MethodRouter<App> {
    let handler = |kind: Kind| {
        move |State(app): State<App>,
              Scope(router): Scope,
              IfMatch(expected): IfMatch,
              texts: Texts| async move {
            change(&app, router, expected, kind, Owner::Namespace, texts).await
        }
    };
    post(handler(Change::AddTexts)).delete(handler(Change::RemoveTexts))
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
