//! Addresses of servers, checked.

use std::fmt;
use std::str::FromStr;

use ureq::http::Uri;

/// The address of a server, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerUrl(String);

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let no_url = || format!("{url:?} is no address of a server; write http://HOST:PORT");
        let parts: Uri = url.parse().map_err(|_| no_url())?;
        match parts.scheme_str() {
            Some("http" | "https") => {}
            _ => return Err(no_url()),
        }
        if parts.host().is_none_or(str::is_empty) || parts.query().is_some() {
            return Err(no_url());
        }
        Ok(Self(url.trim_end_matches('/').to_owned()))
    }
}

impl ServerUrl {
    /// Whether it is asked by TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.0.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
    }

    /// Whether it says as whom to ask, which is a secret more often than not.
    pub(crate) fn has_user(&self) -> bool {
        let authority = self.0.split('/').nth(2);
        authority.is_some_and(|authority| authority.contains('@'))
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
