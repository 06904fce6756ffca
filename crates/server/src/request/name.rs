//! A route's name in a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use synaptoroute::RouteName;

use crate::failure::{Failure, Fault};

/// The `{name}` of the path, percent-decoded.
pub(crate) struct PathName(pub(crate) RouteName);

impl<S: Send + Sync> FromRequestParts<S> for PathName {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Path(name) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Fault::NameNotUtf8.at("name"))?;
        RouteName::try_from(name).map(Self).map_err(|e| Fault::from(e).at("name"))
    }
}
