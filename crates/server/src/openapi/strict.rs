//! Holds callers to the document: what it does not list is refused.

use std::collections::HashSet;
use std::sync::LazyLock;

use axum::extract::{MatchedPath, Query, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn};

use super::{CONTRACT, operations};
use crate::failure::Fault;

/// Methods and paths of the calls that take no parameters after a question mark.
static BARE: LazyLock<HashSet<(&'static str, String)>> = LazyLock::new(|| {
    let mut paths = CONTRACT.paths.paths.clone();
    let calls = paths.iter_mut().flat_map(|(path, item)| {
        operations(item).map(move |(method, operation)| ((method, path.clone()), operation))
    });
    calls.filter(|(_, operation)| !takes_query(operation)).map(|(call, _)| call).collect()
});

/// Refuses parameters on calls that take none; where some are taken, the handler knows which.
pub(crate) async fn known_parameters(request: Request, next: Next) -> Response {
    if let Some(key) = stray(&request) {
        return Fault::NoParameters.at(key).into_response();
    }
    next.run(request).await
}

/// The first parameter of a call that takes none.
fn stray(request: &Request) -> Option<String> {
    if request.uri().query().is_none_or(str::is_empty) {
        return None;
    }
    let path = request.extensions().get::<MatchedPath>()?.as_str().to_owned();
    let method = match request.method() {
        &Method::HEAD => "GET",
        other => other.as_str(),
    };
    if !BARE.contains(&(method, path)) {
        return None;
    }
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(request.uri());
    pairs.unwrap_or_default().0.into_iter().next().map(|(key, _)| key)
}

fn takes_query(operation: &Operation) -> bool {
    operation
        .parameters
        .iter()
        .flatten()
        .any(|given| matches!(given, RefOr::T(given) if given.parameter_in == ParameterIn::Query))
}
