//! By which names this server may be asked.
//!
//! A page may have its name lead to 127.0.0.1 once it is loaded: to the browser the server is
//! then where the page came from, and CORS has nothing to say. What gives it away is that name,
//! which the browser sends along. An address instead of a name leads nowhere else.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::failure::Failure;

/// A name that the server is asked by, such as `router.internal`, whatever the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(String);

/// Why a name is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{found:?} is no name of a host: it is what stands between // and the port in an address, \
     such as router.internal, without either"
)]
pub struct HostNameError {
    found: String,
}

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, HostNameError> {
        let name = plain(text);
        let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if name.is_empty() || !name.bytes().all(letter) {
            return Err(HostNameError { found: text.to_owned() });
        }
        Ok(Self(name))
    }
}

/// As names are compared: a name with the root's dot is the same.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

/// Answers what was asked for by an address, as `localhost`, or by one of these names, and
/// refuses the rest before anything of it is looked at.
pub(crate) async fn known(
    State(names): State<Arc<[HostName]>>,
    request: Request,
    next: Next,
) -> Response {
    match check(&names, request.version(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(failure) => {
            let mut response = failure.into_response();
            // Its body is not read.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
    }
}

fn check(
    names: &[HostName],
    version: Version,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Failure> {
    let mut named = version < Version::HTTP_11;
    // Each that is there: which of them counts is for nobody to guess.
    let in_uri = uri.authority().map(|authority| authority.as_str().as_bytes());
    let in_headers = headers.get_all(header::HOST).iter().map(HeaderValue::as_bytes);
    for found in in_uri.into_iter().chain(in_headers) {
        named = true;
        if !is_known(names, found) {
            return Err(Failure::Host { found: String::from_utf8_lossy(found).into() });
        }
    }
    if named { Ok(()) } else { Err(Failure::Host { found: String::new() }) }
}

fn is_known(names: &[HostName], found: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(found) else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let host = plain(authority.host());
    let v6 = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    v6.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
        || host.parse::<Ipv4Addr>().is_ok()
        || host == "localhost"
        || host.ends_with(".localhost")
        || names.iter().any(|name| name.0 == host)
}
