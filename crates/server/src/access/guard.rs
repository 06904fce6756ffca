//! Compares what a call takes with what a key may.

use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use synaptoroute::NamespaceName;

use super::keys::Entry;
use super::table::{self, About, Verdict};
use super::{Access, Role};
use crate::failure::Failure;
use crate::request::PathNamespace;

/// Where a key stands that is not shown as a bearer's.
const X_API_KEY: &str = "x-api-key";

/// What the guard knows.
#[derive(Clone)]
pub(crate) struct Guard {
    access: Access,
    /// The namespace that a path without one is about.
    root: NamespaceName,
}

/// What a key covers, for the handlers that answer with a part of everything.
#[derive(Clone)]
pub(crate) struct Reach(Arc<Entry>);

impl Reach {
    pub(crate) fn covers(&self, namespace: &NamespaceName) -> bool {
        self.0.covers(namespace)
    }

    /// Refuses a key that is limited to namespaces, where only the body tells that a call is about
    /// all of them.
    pub(crate) fn check_everything(&self) -> Result<(), Failure> {
        match self.0.namespaces {
            None => Ok(()),
            Some(_) => Err(Failure::LimitedKey { name: self.0.name.clone() }),
        }
    }
}

impl Guard {
    pub(crate) fn new(access: Access, root: NamespaceName) -> Self {
        Self { access, root }
    }

    async fn check(&self, parts: &mut Parts) -> Result<(), Refusal> {
        let matched = parts.extensions.get::<MatchedPath>().cloned();
        let verdict = matched.as_ref().map(|path| table::look_up(&parts.method, path.as_str()));
        if let Some(Verdict::Known { rule, .. }) = &verdict
            && rule.role.is_none()
        {
            return Ok(());
        }
        // Nothing is told to a stranger, not even what there is.
        let key = self.identify(&parts.headers)?;
        let (rule, below) = match verdict {
            Some(Verdict::Known { rule, below }) => (rule, below),
            Some(Verdict::OtherMethods(methods)) => {
                let path = parts.uri.path().to_owned();
                let failure = Failure::WrongMethod { method: parts.method.clone(), path };
                return Err(Refusal { failure, allow: Some(allow(&methods)) });
            }
            Some(Verdict::Unlisted) => return Err(Failure::Unlisted.into()),
            // Nothing is there, as the answer will say.
            None => return Ok(()),
        };
        let needed = rule.role.unwrap_or(Role::Admin);
        if key.role < needed {
            let name = key.name.clone();
            return Err(Failure::WrongRole { name, role: key.role, needed }.into());
        }
        if key.namespaces.is_some() {
            self.check_namespace(&key, rule.about, below, parts).await?;
        }
        parts.extensions.insert(Reach(key));
        Ok(())
    }

    /// For keys that are not good for all of them. The name is taken from the path as the
    /// handlers take it, so however it is encoded, both mean the same.
    async fn check_namespace(
        &self,
        key: &Entry,
        about: About,
        below: bool,
        parts: &mut Parts,
    ) -> Result<(), Failure> {
        let namespace = match (about, below) {
            (About::Nothing, _) => return Ok(()),
            (About::Everything, _) => return Err(Failure::LimitedKey { name: key.name.clone() }),
            (About::Content, false) => self.root.clone(),
            (About::Content, true) | (About::Namespace, _) => {
                let PathNamespace(name) = PathNamespace::from_request_parts(parts, &()).await?;
                name
            }
        };
        if key.covers(&namespace) {
            return Ok(());
        }
        // The same whether or not there is one of that name.
        Err(Failure::WrongNamespace { name: key.name.clone(), namespace })
    }

    fn identify(&self, headers: &HeaderMap) -> Result<Arc<Entry>, Failure> {
        let shown = shown(headers)?.ok_or(Failure::NoKey)?;
        self.access.keys().find(shown).cloned().ok_or(Failure::UnknownKey)
    }
}

/// The key that a request shows. Two of them are none: which is meant would be a guess.
fn shown(headers: &HeaderMap) -> Result<Option<&[u8]>, Failure> {
    let only = |name: &str| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (found, None) => Ok(found.map(HeaderValue::as_bytes)),
            _ => Err(Failure::UnknownKey),
        }
    };
    match (only(header::AUTHORIZATION.as_str())?, only(X_API_KEY)?) {
        (None, key) => Ok(key),
        (Some(_), Some(_)) => Err(Failure::UnknownKey),
        (Some(authorization), None) => {
            let (scheme, key) = authorization.split_at_checked(7).ok_or(Failure::UnknownKey)?;
            if scheme.eq_ignore_ascii_case(b"bearer ") {
                Ok(Some(key.trim_ascii()))
            } else {
                Err(Failure::UnknownKey)
            }
        }
    }
}

/// Methods as the `Allow` header lists them.
fn allow(methods: &[&Method]) -> String {
    let names = methods.iter().flat_map(|method| match method.as_str() {
        "GET" => vec!["GET", "HEAD"],
        name => vec![name],
    });
    names.collect::<Vec<_>>().join(",")
}

/// A failure, and the methods there are if that is what is wrong.
struct Refusal {
    failure: Failure,
    allow: Option<String>,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { failure, allow: None }
    }
}

/// Lets a request through if its key may; before its body is read.
pub(crate) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match guard.check(&mut parts).await {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(Refusal { failure, allow }) => {
            let mut response = failure.into_response();
            if let Some(allow) = allow.and_then(|allow| allow.parse().ok()) {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            response
        }
    }
}
