//! What stands behind the question mark.

use axum::extract::{FromRequestParts, Query};
use axum::http::Uri;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use synaptoroute::ImportMode;

use crate::failure::{Failure, Fault};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// `?limit&cursor`: which part of a list.
#[derive(Debug)]
pub(crate) struct Page {
    /// Most entries.
    pub(crate) limit: usize,
    /// What the last entry of the page before is known by; `None` on the first page.
    pub(crate) after: Option<String>,
}

/// `?mode`: what becomes of content that an imported file does not name.
pub(crate) struct Mode(pub(crate) ImportMode);

/// `?fit`: whether what was learned is wanted too.
pub(crate) struct WithFit(pub(crate) bool);

/// What leads to the page after the entry that is known by this. Its letters mean the same in
/// a query string whether the caller percent-encodes them or not.
pub(crate) fn cursor(last: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(last)
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let [given_limit, cursor] = parameters(&parts.uri, ["limit", "cursor"])?;
        Ok(Self {
            limit: given_limit.map_or(Ok(DEFAULT_LIMIT), limit)?,
            after: cursor.map(after).transpose()?,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Mode {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let [mode] = parameters(&parts.uri, ["mode"])?;
        match mode.as_deref() {
            None | Some("merge") => Ok(Self(ImportMode::Merge)),
            Some("replace") => Ok(Self(ImportMode::Replace)),
            Some(found) => Err(Fault::Mode { found: found.to_owned() }.at("mode")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for WithFit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let [fit] = parameters(&parts.uri, ["fit"])?;
        match fit.as_deref() {
            None | Some("false") => Ok(Self(false)),
            Some("true") => Ok(Self(true)),
            Some(found) => Err(Fault::Flag { found: found.to_owned() }.at("fit")),
        }
    }
}

/// The values of these parameters. Another is refused, and so is one that is given twice:
/// whichever were taken, half of the callers would have meant the other.
fn parameters<const N: usize>(
    uri: &Uri,
    known: [&'static str; N],
) -> Result<[Option<String>; N], Failure> {
    // Pairs of strings always parse.
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).unwrap_or_default();
    let mut values = [const { None }; N];
    for (key, value) in pairs {
        let Some(place) = known.iter().position(|known| *known == key) else {
            return Err(Fault::UnknownParameter { known: known.join("`, `") }.at(key));
        };
        if values[place].replace(value).is_some() {
            return Err(Fault::RepeatedParameter.at(key));
        }
    }
    Ok(values)
}

fn limit(value: String) -> Result<usize, Failure> {
    match value.parse() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(Fault::Limit { found: value, max: MAX_LIMIT }.at("limit")),
    }
}

fn after(cursor: String) -> Result<String, Failure> {
    let last = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    last.and_then(|last| String::from_utf8(last).ok()).ok_or_else(|| Fault::Cursor.at("cursor"))
}
