//! `synaptoroute import`: a file of routes into a namespace, all or nothing.

use serde::{Deserialize, Serialize};
use synaptoroute::{ImportMode, Revision, Router, RoutesFile};
use ureq::http::Method;

use crate::args::{EngineArgs, ImportArgs, KeepArgs};
use crate::failure::Failure;
use crate::file;
use crate::output;
use crate::place::{Database, Missing, Place};
use crate::remote::Remote;
use crate::words::count;

/// What came of it.
#[derive(Serialize)]
struct Report {
    status: &'static str,
    namespace: String,
    revision: Revision,
    /// Of what the namespace holds at that revision; null where a server had moved on before
    /// it could tell.
    content_hash: Option<String>,
    /// What of the file was not taken over.
    notes: Vec<String>,
}

pub(crate) fn run(args: &ImportArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let place = args.place.place()?;
    let (file, notes) = file::read_any(&args.file)?;
    let mode = said(args.merge, args.replace);
    for note in &notes {
        output::note(format_args!("note: {note}"));
    }
    let routes = count(file.routes.len(), "route");
    let utterances: usize = file.routes.iter().map(|route| route.utterances.len()).sum();
    let (namespace, (revision, content_hash)) = match &place {
        Place::Database(database) => {
            (&database.namespace, into_database(database, file, mode, engine_args, &args.keep)?)
        }
        Place::Server(server) => (server.namespace(), into_server(server, &file, mode)?),
    };
    let namespace = namespace.to_string();
    if args.output.json {
        let status = "success";
        return output::json(&Report { status, namespace, revision, content_hash, notes });
    }
    output::line(format_args!(
        "{routes} with {} imported into {namespace}: revision {revision}",
        count(utterances, "utterance")
    ))?;
    if let Some(content_hash) = content_hash {
        output::note(format_args!("content hash {content_hash}"));
    }
    Ok(())
}

fn into_database(
    database: &Database,
    file: RoutesFile,
    mode: Option<ImportMode>,
    engine_args: &EngineArgs,
    keep: &KeepArgs,
) -> Result<(Revision, Option<String>), Failure> {
    let router = database.namespace_writer(engine_args, keep, Missing::Create)?;
    let revision = take(&router, file, mode)?.revision;
    Ok((revision, Some(router.export().1.content_hash().to_string())))
}

/// What became of a file.
pub(super) struct Taken {
    /// How it was taken.
    pub(super) mode: ImportMode,
    /// Whether that changed anything.
    pub(super) changed: bool,
    /// The revision that says what it says.
    pub(super) revision: Revision,
}

/// Takes a file, in one transaction. One that says what is there already has nothing to choose
/// and nothing to embed.
pub(super) fn take(
    router: &Router,
    file: RoutesFile,
    mode: Option<ImportMode>,
) -> Result<Taken, Failure> {
    let (before, content) = router.export();
    let same = content.content_hash() == file.content_hash();
    let mode = mode.or(same.then_some(ImportMode::Replace));
    let mode = chosen(mode, router.name().as_str(), &content)?;
    // What was learned of the same content may be another's.
    if same && file.fit.is_none() {
        return Ok(Taken { mode, changed: false, revision: before });
    }
    let revision =
        output::with_progress("utterances", |progress| router.import(file, mode, None, progress))?;
    Ok(Taken { mode, changed: revision != before, revision })
}

fn into_server(
    server: &Remote,
    file: &RoutesFile,
    mode: Option<ImportMode>,
) -> Result<(Revision, Option<String>), Failure> {
    /// As the server answers.
    #[derive(Deserialize)]
    struct Imported {
        revision: Revision,
        content_hash: Option<String>,
    }

    let (mode, expected) = match mode {
        Some(mode) => (mode, None),
        // Whether it is empty is looked at here; that it is so still, by the server.
        None => {
            let (content, revision) = server.get(&server.path(&["export"]))?;
            (chosen(None, server.namespace().as_str(), &content)?, revision)
        }
    };
    let mode = match mode {
        ImportMode::Replace => "replace",
        ImportMode::Merge => "merge",
    };
    let path = format!("{}?mode={mode}", server.path(&["import"]));
    let imported: Imported = server.send(Method::POST, &path, Some(file), expected)?;
    Ok((imported.revision, imported.content_hash))
}

/// What the flags say.
pub(super) fn said(merge: bool, replace: bool) -> Option<ImportMode> {
    match (merge, replace) {
        (true, _) => Some(ImportMode::Merge),
        (_, true) => Some(ImportMode::Replace),
        _ => None,
    }
}

/// How a file is taken: as was said, and into an empty namespace in any case.
fn chosen(
    mode: Option<ImportMode>,
    namespace: &str,
    content: &RoutesFile,
) -> Result<ImportMode, Failure> {
    if *content == RoutesFile::default() {
        return Ok(mode.unwrap_or(ImportMode::Replace));
    }
    mode.ok_or_else(|| {
        let holds = match (content.routes.len(), content.negatives.len()) {
            (0, 0) => "settings of its own".to_owned(),
            (0, negatives) => count(negatives, "negative"),
            (routes, _) => count(routes, "route"),
        };
        Failure::NotEmpty { namespace: namespace.to_owned(), holds }
    })
}
