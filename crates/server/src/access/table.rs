//! What each call takes. A call that is not here is denied.

use axum::http::Method;

use super::role::Role;

/// The prefix of everything that each namespace has.
const WITHIN: &str = "/namespaces/{namespace}";

/// What a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// A namespace's content: at the root that of the namespace that is implied, and below
    /// [`WITHIN`] that of the one in the path.
    Content,
    /// The namespace in the path.
    Namespace,
    /// All there is, so a key that is limited to namespaces does not do.
    Everything,
    /// Nothing that is in a namespace, or only what the key covers.
    Nothing,
}

/// One call.
pub(crate) struct Rule {
    pub(crate) method: Method,
    /// As `app` writes it, without [`WITHIN`] for what is content.
    pub(crate) path: &'static str,
    /// What a key must be good for; `None` where none is asked for.
    pub(crate) role: Option<Role>,
    pub(crate) about: About,
}

const fn rule(method: Method, path: &'static str, role: Role, about: About) -> Rule {
    Rule { method, path, role: Some(role), about }
}

const fn open(path: &'static str) -> Rule {
    Rule { method: Method::GET, path, role: None, about: About::Nothing }
}

use About::{Content, Everything, Namespace, Nothing};
use Role::{Admin, Read, Write};

/// All calls. Below `/docs` are the files of that page.
pub(crate) const RULES: &[Rule] = &[
    rule(Method::POST, "/route", Read, Content),
    rule(Method::POST, "/route/batch", Read, Content),
    rule(Method::POST, "/evaluate", Read, Content),
    rule(Method::POST, "/fit", Write, Content),
    rule(Method::GET, "/fits", Read, Content),
    rule(Method::POST, "/fits/{number}/use", Write, Content),
    rule(Method::POST, "/tune", Admin, Content),
    rule(Method::GET, "/tune", Read, Content),
    rule(Method::DELETE, "/tune", Admin, Content),
    rule(Method::GET, "/routes", Read, Content),
    rule(Method::POST, "/routes", Write, Content),
    rule(Method::GET, "/routes/{name}", Read, Content),
    rule(Method::PATCH, "/routes/{name}", Write, Content),
    rule(Method::DELETE, "/routes/{name}", Write, Content),
    rule(Method::POST, "/routes/{name}/utterances", Write, Content),
    rule(Method::DELETE, "/routes/{name}/utterances", Write, Content),
    rule(Method::POST, "/routes/{name}/negatives", Write, Content),
    rule(Method::DELETE, "/routes/{name}/negatives", Write, Content),
    rule(Method::GET, "/negatives", Read, Content),
    rule(Method::POST, "/negatives", Write, Content),
    rule(Method::DELETE, "/negatives", Write, Content),
    rule(Method::GET, "/settings", Read, Content),
    rule(Method::PATCH, "/settings", Write, Content),
    rule(Method::GET, "/export", Read, Content),
    rule(Method::POST, "/import", Write, Content),
    rule(Method::GET, "/revisions", Read, Content),
    rule(Method::GET, "/revisions/{from}/diff/{to}", Read, Content),
    rule(Method::POST, "/rollback", Write, Content),
    rule(Method::GET, "/lint", Read, Content),
    rule(Method::POST, "/v1/embeddings", Read, Nothing),
    rule(Method::GET, "/namespaces", Read, Nothing),
    rule(Method::PUT, WITHIN, Admin, Namespace),
    rule(Method::DELETE, WITHIN, Admin, Namespace),
    rule(Method::GET, "/models", Read, Everything),
    rule(Method::POST, "/models/{number}/use", Admin, Everything),
    rule(Method::DELETE, "/models/{number}", Admin, Everything),
    rule(Method::GET, "/metrics", Read, Everything),
    rule(Method::GET, "/backup", Admin, Everything),
    open("/health"),
    open("/ready"),
    open("/openapi.json"),
    open("/docs"),
];

/// What the table says of a call.
pub(crate) enum Verdict {
    /// These are its terms.
    Known { rule: &'static Rule, below: bool },
    /// The path takes other methods.
    OtherMethods(Vec<&'static Method>),
    /// It is not there.
    Unlisted,
}

/// Looks up a call by the path that `app` matched, and its method.
pub(crate) fn look_up(method: &Method, matched: &str) -> Verdict {
    // What answers one answers the other.
    let method = if method == Method::HEAD { &Method::GET } else { method };
    let content = matched.strip_prefix(WITHIN).filter(|rest| !rest.is_empty());
    let of_path = RULES.iter().filter(|rule| match content {
        Some(rest) => rule.about == About::Content && rule.path == rest,
        None => rule.path == matched || (rule.path == "/docs" && matched.starts_with("/docs/")),
    });
    let mut others = Vec::new();
    for rule in of_path {
        if rule.method == method {
            return Verdict::Known { rule, below: content.is_some() };
        }
        others.push(&rule.method);
    }
    if others.is_empty() { Verdict::Unlisted } else { Verdict::OtherMethods(others) }
}

#[cfg(test)]
mod tests;
