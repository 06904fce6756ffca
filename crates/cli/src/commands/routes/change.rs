//! Adding to routes and removing from them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use synaptoroute::{Owner, Revision, Route, RouteName, Text};
use ureq::http::{Method, StatusCode};

use crate::args::{EngineArgs, KeepArgs};
use crate::failure::Failure;
use crate::output;
use crate::place::{Missing, Place};
use crate::remote::{Remote, RemoteError};

/// How often a route is made anew where others are quicker, each time with another change.
const TRIES: usize = 10;

/// The server's answer, and this program's.
#[derive(Serialize, Deserialize)]
pub(super) struct Report {
    status: String,
    route: String,
    revision: Revision,
}

impl Report {
    fn new(route: &RouteName, revision: Revision) -> Self {
        Self { status: "success".to_owned(), route: route.to_string(), revision }
    }
}

pub(super) fn print(report: &Report, json: bool) -> Result<(), Failure> {
    if json {
        return output::json(report);
    }
    output::line(format_args!("{}: revision {}", report.route, report.revision))
}

/// Adds texts to a route; where there is none, utterances make it.
pub(super) fn add(
    place: &Place,
    name: &RouteName,
    texts: &[Text],
    negatives: bool,
    engine_args: &EngineArgs,
    keep: &KeepArgs,
) -> Result<Report, Failure> {
    let owner =
        if negatives { Owner::Negatives(name.clone()) } else { Owner::Utterances(name.clone()) };
    match place {
        Place::Database(database) => {
            let missing = if negatives { Missing::Refuse } else { Missing::Create };
            let router = database.namespace_writer(engine_args, keep, missing)?;
            let there = router.snapshot().route(name.as_str()).is_some();
            let revision = if there || negatives {
                router.add_texts(owner, texts.to_vec(), None)?
            } else {
                router.upsert(Route::new(name.clone(), texts.to_vec())?, None)?
            };
            Ok(Report::new(name, revision))
        }
        Place::Server(server) if negatives => Ok(add_texts(server, name, "negatives", texts)?),
        Place::Server(server) => Ok(add_or_make(server, name, texts)?),
    }
}

fn add_texts(
    server: &Remote,
    name: &RouteName,
    kind: &str,
    texts: &[Text],
) -> Result<Report, RemoteError> {
    let path = server.path(&["routes", name.as_str(), kind]);
    let answer: Changed =
        server.send(Method::POST, &path, Some(&json!({ "utterances": texts })), None)?;
    Ok(Report::new(name, answer.revision))
}

/// As a server answers a change.
#[derive(Deserialize)]
struct Changed {
    revision: Revision,
}

/// A route is made only if it is not there at the moment at which it is made: whoever makes
/// it at the same time loses nothing.
fn add_or_make(server: &Remote, name: &RouteName, texts: &[Text]) -> Result<Report, RemoteError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match add_texts(server, name, "utterances", texts) {
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {}
            done => return done,
        }
        let revision = server.revision()?;
        let there: Result<(Value, _), _> = server.get(&server.path(&["routes", name.as_str()]));
        match there {
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {}
            Err(error) => return Err(error),
            Ok(_) => continue,
        }
        let body = json!({ "name": name, "utterances": texts });
        let path = server.path(&["routes"]);
        match server.send::<Changed>(Method::POST, &path, Some(&body), Some(revision)) {
            Err(error)
                if error.status() == Some(StatusCode::PRECONDITION_FAILED) && tries < TRIES => {}
            made => return Ok(Report::new(name, made?.revision)),
        }
    }
}

/// What is to go.
pub(super) struct Removed<'a> {
    route: &'a RouteName,
    /// Not the route, but these texts of it: of which kind, and which.
    texts: Option<(&'static str, &'a [Text])>,
}

impl<'a> Removed<'a> {
    pub(super) fn of(route: &'a RouteName, utterances: &'a [Text], negatives: &'a [Text]) -> Self {
        let texts = match (utterances, negatives) {
            ([], []) => None,
            ([], texts) => Some(("negatives", texts)),
            (texts, _) => Some(("utterances", texts)),
        };
        Self { route, texts }
    }
}

/// Removes a route or texts of it.
pub(super) fn remove(
    place: &Place,
    removed: &Removed<'_>,
    engine_args: &EngineArgs,
    keep: &KeepArgs,
) -> Result<Report, Failure> {
    let Removed { route, texts } = removed;
    let revision = match place {
        Place::Database(database) => {
            let router = database.namespace_writer(engine_args, keep, Missing::Refuse)?;
            match *texts {
                None => router.delete_route(route, None)?,
                Some((kind, texts)) => {
                    let name = RouteName::clone(route);
                    let owner = match kind {
                        "negatives" => Owner::Negatives(name),
                        _ => Owner::Utterances(name),
                    };
                    router.remove_texts(owner, texts.to_vec(), None)?
                }
            }
        }
        Place::Server(server) => {
            let changed: Changed = match *texts {
                None => {
                    let path = server.path(&["routes", route.as_str()]);
                    server.send(Method::DELETE, &path, None::<&()>, None)?
                }
                Some((kind, texts)) => {
                    let path = server.path(&["routes", route.as_str(), kind]);
                    let body = json!({ "utterances": texts });
                    server.send(Method::DELETE, &path, Some(&body), None)?
                }
            };
            changed.revision
        }
    };
    Ok(Report::new(route, revision))
}
