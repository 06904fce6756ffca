//! Which part of a list.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::failure::{Failure, Fault};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// `?limit&cursor`.
#[derive(Debug)]
pub(crate) struct Page {
    /// Most entries.
    pub(crate) limit: usize,
    /// The last name of the page before; empty on the first, as no name is.
    pub(crate) after: String,
}

/// What leads to the page after this name. Its letters mean the same in a query string
/// whether the caller percent-encodes them or not.
pub(crate) fn cursor_after(name: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(name)
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let mut page = Self { limit: DEFAULT_LIMIT, after: String::new() };
        // Pairs of strings always parse.
        let Query(pairs) =
            Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).unwrap_or_default();
        for (key, value) in pairs {
            match key.as_str() {
                "limit" => page.limit = limit(value)?,
                "cursor" => page.after = after(&value)?,
                _ => return Err(Fault::UnknownParameter.at(key)),
            }
        }
        Ok(page)
    }
}

fn limit(value: String) -> Result<usize, Failure> {
    match value.parse() {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(Fault::Limit { found: value, max: MAX_LIMIT }.at("limit")),
    }
}

fn after(cursor: &str) -> Result<String, Failure> {
    let name = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    name.and_then(|name| String::from_utf8(name).ok()).ok_or_else(|| Fault::Cursor.at("cursor"))
}
