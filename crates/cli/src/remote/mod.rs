//! A running server, asked over HTTP.

mod error;
mod trust;
mod url;

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use synaptoroute::{NamespaceName, Revision};
use ureq::http::{Method, Response, StatusCode, header};
use ureq::tls::TlsConfig;
use ureq::{Agent, Body};

pub(crate) use error::RemoteError;
pub(crate) use trust::trust;
pub(crate) use url::ServerUrl;

/// All but what RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// To be connected.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a server may take to begin its answer: as long as an import of some hundred
/// thousand utterances.
const ANSWER: Duration = Duration::from_secs(600);

/// A server and a namespace of it.
pub(crate) struct Remote {
    agent: Agent,
    url: ServerUrl,
    authorization: Option<String>,
    namespace: NamespaceName,
}

impl Remote {
    pub(crate) fn new(
        url: ServerUrl,
        key: Option<&str>,
        tls: TlsConfig,
        namespace: NamespaceName,
    ) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_recv_response(Some(ANSWER))
            .max_redirects(0)
            .tls_config(tls)
            .build();
        let authorization = key.map(|key| format!("Bearer {key}"));
        Self { agent: config.into(), url, authorization, namespace }
    }

    pub(crate) fn namespace(&self) -> &NamespaceName {
        &self.namespace
    }

    /// The path of something in the namespace; each of `segments` is one, whatever is in it.
    pub(crate) fn path(&self, segments: &[&str]) -> String {
        let whole = ["namespaces", self.namespace.as_str()];
        // The root is the namespace that is implied.
        let is_default = self.namespace == NamespaceName::default();
        let prefix: &[&str] = if is_default { &[] } else { &whole };
        path(&[prefix, segments].concat())
    }

    /// Reads something, and the revision it was read at, where that is told.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<(T, Option<Revision>), RemoteError> {
        let response = self.ask(Method::GET, path, None, None)?;
        let revision = revision(&response);
        Ok((self.read(response)?, revision))
    }

    /// Writes something, if the content is at revision `expected` or that is left open.
    pub(crate) fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
        expected: Option<Revision>,
    ) -> Result<T, RemoteError> {
        let body = body.map(serde_json::to_vec).transpose().map_err(RemoteError::Unwritable)?;
        let response = self.ask(method, path, body, expected)?;
        self.read(response)
    }

    /// The bytes of something, as they come.
    pub(crate) fn download(&self, path: &str) -> Result<Response<Body>, RemoteError> {
        self.ask(Method::GET, path, None, None)
    }

    /// That what was being downloaded ended too early.
    pub(crate) fn broken_off(&self, source: std::io::Error) -> RemoteError {
        RemoteError::BrokenOff { url: self.url.clone(), source }
    }

    /// The namespace's current revision.
    pub(crate) fn revision(&self) -> Result<Revision, RemoteError> {
        let response = self.ask(Method::GET, &self.path(&["settings"]), None, None)?;
        revision(&response).ok_or_else(|| RemoteError::NoSense {
            url: self.url.clone(),
            status: response.status(),
            why: "it names no revision".to_owned(),
        })
    }

    fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        expected: Option<Revision>,
    ) -> Result<Response<Body>, RemoteError> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header(header::ACCEPT, "application/json, */*;q=0.1");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(expected) = expected {
            request = request.header(header::IF_MATCH, format!("\"{expected}\""));
        }
        let unreachable = |source| {
            let url = self.url.clone();
            match source {
                // So the library reports what its TLS says of the other side.
                ureq::Error::Io(io) if url.is_tls() && io.kind() == ErrorKind::InvalidData => {
                    RemoteError::Tls { url, source: io }
                }
                ureq::Error::Rustls(_) | ureq::Error::Tls(_) => {
                    RemoteError::Tls { url, source: std::io::Error::other(source.to_string()) }
                }
                source => RemoteError::Unreachable { url, source },
            }
        };
        let answered = match body {
            Some(body) => {
                let request = request.header(header::CONTENT_TYPE, "application/json").body(body);
                self.agent.run(request.map_err(RemoteError::Unsendable)?)
            }
            None => self.agent.run(request.body(()).map_err(RemoteError::Unsendable)?),
        };
        let mut response = answered.map_err(unreachable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = response.body_mut().read_to_vec().unwrap_or_default();
        Err(RemoteError::refusal(&self.url, status, &body))
    }

    fn read<T: DeserializeOwned>(&self, response: Response<Body>) -> Result<T, RemoteError> {
        let status = response.status();
        let no_sense = |why: String| RemoteError::NoSense { url: self.url.clone(), status, why };
        let body = response.into_body().into_with_config().limit(u64::MAX);
        let body = body.read_to_vec().map_err(|error| no_sense(error.to_string()))?;
        // Nothing is said with these.
        let body = if status == StatusCode::NO_CONTENT { b"null".to_vec() } else { body };
        serde_json::from_slice(&body).map_err(|error| no_sense(error.to_string()))
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A path from the root.
pub(crate) fn path(segments: &[&str]) -> String {
    segments.iter().map(|segment| format!("/{}", encoded(segment))).collect()
}

/// Something as a segment of a path or a value of a query.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// The revision that an answer's entity tag names.
fn revision(response: &Response<Body>) -> Option<Revision> {
    let tag = response.headers().get(header::ETAG)?.to_str().ok()?;
    let number: u64 = tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
    Some(Revision::from(number))
}
