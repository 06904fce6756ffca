//! `If-Match` and `ETag`: the content's revision in quotes.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, header};
use synaptoroute::Revision;

use crate::failure::Failure;

/// The revision a writer insists on; `None` where any will do.
///
/// Several tags are refused: the content has one revision, so at most one can match.
pub(crate) struct IfMatch(pub(crate) Option<Revision>);

/// What a writer insists on that would otherwise make what is missing.
pub(crate) enum IfPresent {
    /// Nothing.
    Unasked,
    /// That there is something, by `*`.
    Any,
    /// That it is at this revision.
    At(Revision),
}

impl<S: Send + Sync> FromRequestParts<S> for IfPresent {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let IfMatch(expected) = IfMatch::from_request_parts(parts, state).await?;
        Ok(match expected {
            Some(revision) => Self::At(revision),
            None if parts.headers.contains_key(header::IF_MATCH) => Self::Any,
            None => Self::Unasked,
        })
    }
}

/// The header of an answer that was read from this revision.
pub(crate) fn etag(revision: Revision) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{revision}\""))]
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut given = parts.headers.get_all(header::IF_MATCH).iter();
        let Some(first) = given.next() else {
            return Ok(Self(None));
        };
        let found = String::from_utf8_lossy(first.as_bytes()).trim().to_owned();
        if given.next().is_some() {
            return Err(Failure::Precondition { found });
        }
        if found == "*" {
            return Ok(Self(None));
        }
        let strong = found.strip_prefix("W/").unwrap_or(&found);
        let inner = strong
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|inner| !inner.contains('"'));
        let Some(inner) = inner else {
            return Err(Failure::Precondition { found });
        };
        // By RFC 9110 a weak tag never matches, nor does one that was never given out.
        match inner.parse::<u64>().map(Revision::from) {
            Ok(revision) if found == format!("\"{revision}\"") => Ok(Self(Some(revision))),
            _ => Err(Failure::ForeignTag { found }),
        }
    }
}
