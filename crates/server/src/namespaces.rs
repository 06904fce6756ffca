//! `GET /namespaces`, `PUT` and `DELETE /namespaces/{namespace}`: isolated sets of routes.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use synaptoroute::{NamespaceName, NamespaceSummary, RouterError};
use utoipa::ToSchema;

use crate::access::Reach;
use crate::app::App;
use crate::failure::Failure;
use crate::request::{IfMatch, IfPresent, PathNamespace};

/// All namespaces, by name.
#[derive(Serialize, ToSchema)]
#[schema(as = NamespaceList)]
pub(crate) struct Listing {
    namespaces: Vec<NamespaceSummary>,
}

/// The answer to a change of namespaces.
#[derive(Serialize, ToSchema)]
#[schema(as = NamespaceChange, example = json!({"status": "success", "namespace": "tenant-7"}))]
pub(crate) struct Done {
    /// `success`.
    status: &'static str,
    namespace: NamespaceName,
}

/// All namespaces, by name.
///
/// Of these a key that is limited to some sees those alone.
#[utoipa::path(get, path = "/namespaces", tag = "namespaces", operation_id = "list_namespaces",
    responses((status = 200, description = "The namespaces", body = Listing)))]
pub(crate) async fn list(State(app): State<App>, reach: Option<Extension<Reach>>) -> Json<Listing> {
    let mut namespaces = app.router.namespaces();
    if let Some(Extension(reach)) = reach {
        namespaces.retain(|namespace| reach.covers(&namespace.name));
    }
    Json(Listing { namespaces })
}

/// Makes an empty namespace: 201, or 200 if there is one of that name, which stays as it is.
///
/// With `If-Match` it must be there, at that revision or, with `*`, at any; nothing is made then.
#[utoipa::path(put, path = "/namespaces/{namespace}", tag = "namespaces", operation_id = "create_namespace", params(PathNamespace, IfMatch),
    responses((status = 200, description = "It was there", body = Done),
        (status = 201, description = "It was made", body = Done)))]
pub(crate) async fn create(
    State(app): State<App>,
    PathNamespace(name): PathNamespace,
    wanted: IfPresent,
) -> Result<Response, Failure> {
    let ticket = app.engine.admit()?;
    let there = || {
        let known = app.router.namespace(&name).map_err(|_| Failure::Absent { name: name.clone() });
        known.map(|known| known.snapshot().revision())
    };
    match wanted {
        IfPresent::Unasked => {}
        IfPresent::At(expected) => match there()? {
            found if found == expected => return Ok(done(name).into_response()),
            found => return Err(RouterError::RevisionMismatch { expected, found }.into()),
        },
        IfPresent::Any => return there().map(|_| done(name).into_response()),
    }
    let (router, wanted) = (app.router.clone(), name.clone());
    let create = move || router.create_namespace(&wanted);
    let new = app.engine.finish(ticket, create).await??;
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, done(name)).into_response())
}

/// Removes a namespace with its routes and its history.
#[utoipa::path(delete, path = "/namespaces/{namespace}", tag = "namespaces", operation_id = "delete_namespace", params(PathNamespace, IfMatch),
    responses((status = 200, description = "It is gone", body = Done)))]
pub(crate) async fn remove(
    State(app): State<App>,
    PathNamespace(name): PathNamespace,
    IfMatch(expected): IfMatch,
) -> Result<Json<Done>, Failure> {
    let ticket = app.engine.admit()?;
    let (router, unwanted) = (app.router.clone(), name.clone());
    let delete = move || router.delete_namespace_at(&unwanted, expected);
    app.engine.finish(ticket, delete).await??;
    Ok(done(name))
}

fn done(namespace: NamespaceName) -> Json<Done> {
    Json(Done { status: "success", namespace })
}
