//! The names and numbers in a path, and the namespace that it leads to.
//!
//! Any name that routes may have can stand there, percent-encoded. Two are hard to get there:
//! most clients take `.` and `..` for steps in the path, however they are encoded, and go
//! elsewhere before they send anything. The server takes them as it gets them.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, OptionalFromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use synaptoroute::{NamespaceName, Revision, RouteName, Router};

use crate::app::App;
use crate::failure::{Failure, Fault};
use crate::observe;

/// The `{name}` of the path: a route's.
pub(crate) struct PathName(pub(crate) RouteName);

/// The `{namespace}` of the path, whether or not there is one of that name.
pub(crate) struct PathNamespace(pub(crate) NamespaceName);

/// The `{from}` and `{to}` of the path.
pub(crate) struct PathRevisions {
    pub(crate) from: Revision,
    pub(crate) to: Revision,
}

/// The `{number}` of the path: a fit's.
pub(crate) struct PathNumber(pub(crate) u64);

/// The `{number}` of the path: a model's.
pub(crate) struct PathModel(pub(crate) u64);

/// The router of the namespace that the path names; where it names none, the server's own.
pub(crate) struct Scope(pub(crate) Router);

/// Refuses a path with a percent sign that encodes nothing, before it is taken for itself.
pub(crate) async fn well_formed(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let encoded =
        |rest: &str| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    // What stands before the first sign is no sequence; after each there must be one.
    if path.split('%').skip(1).all(encoded) {
        next.run(request).await
    } else {
        Failure::PathEncoding { path: path.to_owned() }.into_response()
    }
}

/// A parameter of the path, percent-decoded; `None` if the path has none of that name.
async fn parameter(parts: &mut Parts, key: &str) -> Result<Option<String>, Failure> {
    type Pairs = Path<Vec<(String, String)>>;
    let pairs = <Pairs as OptionalFromRequestParts<()>>::from_request_parts(parts, &()).await;
    let pairs = pairs.map_err(|rejection| {
        let at = match rejection {
            PathRejection::FailedToDeserializePathParams(error) => match error.into_kind() {
                ErrorKind::InvalidUtf8InPathParam { key } => key,
                _ => key.to_owned(),
            },
            _ => key.to_owned(),
        };
        Fault::NameNotUtf8.at(at)
    })?;
    let mut pairs = pairs.map_or_else(Vec::new, |Path(pairs)| pairs).into_iter();
    Ok(pairs.find_map(|(name, value)| (name == key).then_some(value)))
}

impl<S: Send + Sync> FromRequestParts<S> for PathName {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let name = parameter(parts, "name").await?.unwrap_or_default();
        RouteName::try_from(name).map(Self).map_err(|e| Fault::from(e).at("name"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathNamespace {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let name = parameter(parts, "namespace").await?.unwrap_or_default();
        NamespaceName::try_from(name).map(Self).map_err(|e| Fault::from(e).at("namespace"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathRevisions {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let (from, to) = (revision(parts, "from").await?, revision(parts, "to").await?);
        Ok(Self { from, to })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathNumber {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        number(parts, "number", |found| Fault::Fit { found }).await.map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathModel {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        number(parts, "number", |found| Fault::Model { found }).await.map(Self)
    }
}

async fn revision(parts: &mut Parts, key: &'static str) -> Result<Revision, Failure> {
    number(parts, key, |found| Fault::Revision { found }).await.map(Revision::from)
}

/// A whole number of the path, or what is wrong with what stands there.
async fn number(
    parts: &mut Parts,
    key: &'static str,
    fault: impl FnOnce(String) -> Fault,
) -> Result<u64, Failure> {
    let found = parameter(parts, key).await?.unwrap_or_default();
    let whole = found.parse().ok().filter(|_| !found.starts_with('+'));
    whole.ok_or_else(|| fault(found).at(key))
}

impl FromRequestParts<App> for Scope {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let router = match parameter(parts, "namespace").await? {
            None => app.router.clone(),
            Some(name) => {
                let name = NamespaceName::try_from(name);
                let name = name.map_err(|e| Fault::from(e).at("namespace"))?;
                app.router.namespace(&name)?
            }
        };
        observe::inside(router.name());
        Ok(Self(router))
    }
}
