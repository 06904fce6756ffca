//! Requests as an input writes them.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, IF_MATCH};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use serde_json::Value;

/// Most requests of an input; more would find nothing that these do not.
const MOST: usize = 4;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// `None` if one of them is none that HTTP could carry.
    pub(super) fn parse_all(mut rest: &[u8]) -> Option<Vec<Self>> {
        const BETWEEN: &[u8] = b"\n%%\n";
        let mut calls = Vec::new();
        while calls.len() < MOST {
            let end = find(rest, BETWEEN);
            calls.push(Self::parse(&rest[..end.unwrap_or(rest.len())])?);
            let Some(end) = end else { break };
            rest = &rest[end + BETWEEN.len()..];
        }
        Some(calls)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        const BLANK: &[u8] = b"\n\n";
        let (head, body) = match find(text, BLANK) {
            Some(end) => (&text[..end], &text[end + BLANK.len()..]),
            None => (text.trim_ascii_end(), &[][..]),
        };
        let mut lines = head.split(|&byte| byte == b'\n');
        let first = lines.next()?;
        let blank = first.iter().position(|&byte| byte == b' ')?;
        let (method, path) = (&first[..blank], &first[blank + 1..]);
        let mut headers = HeaderMap::new();
        for line in lines {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            headers.append(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?);
        }
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        Some(Self {
            method: Method::from_bytes(method).ok()?,
            uri: Uri::try_from(path).ok().filter(|uri| uri.path().starts_with('/'))?,
            headers,
            body: body.to_vec(),
        })
    }

    /// One of ours.
    pub(super) fn json(method: Method, path: &str, body: &Value) -> Self {
        Self::new(method, path, "application/json", body.to_string())
    }

    pub(super) fn new(method: Method, path: &str, kind: &'static str, body: String) -> Self {
        let uri = Uri::try_from(path).expect("a path that came from one");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Self { method, uri, headers, body: body.into_bytes() }
    }

    pub(super) fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    /// Whether it may be called off, or depends on the revision it meets.
    pub(super) fn is_conditional(&self) -> bool {
        self.headers.contains_key(IF_MATCH) || self.has_deadline()
    }

    pub(super) fn has_deadline(&self) -> bool {
        self.headers.contains_key("x-timeout-ms")
    }

    /// What leads to the namespace that it is about; empty where the path names none.
    pub(super) fn scope(&self) -> &str {
        let path = self.uri.path();
        let Some(rest) = path.strip_prefix("/namespaces/") else { return "" };
        rest.find('/').map_or("", |end| &path[..path.len() - rest.len() + end])
    }

    /// The path below that.
    pub(super) fn call(&self) -> &str {
        &self.uri.path()[self.scope().len()..]
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
