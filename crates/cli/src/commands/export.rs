//! `synaptoroute export`: the routes of a namespace as a file.

use std::path::Path;

use serde::Serialize;
use synaptoroute::{FileFormat, RoutesFile};

use crate::args::{EngineArgs, ExportArgs};
use crate::failure::Failure;
use crate::file;
use crate::output;
use crate::place::Place;
use crate::words::count;

/// What was written.
#[derive(Serialize)]
struct Report<'a> {
    namespace: &'a str,
    content_hash: String,
    /// The file, where it went to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a RoutesFile>,
}

pub(crate) fn run(args: &ExportArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let place = args.place.place()?;
    let (namespace, content) = match &place {
        Place::Database(database) if args.with_fit => {
            (&database.namespace, database.decider(engine_args)?.export_with_fit().1)
        }
        Place::Database(database) => {
            (&database.namespace, database.reader()?.export(&database.namespace)?)
        }
        Place::Server(server) => {
            let query = if args.with_fit { "?fit=true" } else { "" };
            let path = format!("{}{query}", server.path(&["export"]));
            (server.namespace(), server.get(&path)?.0)
        }
    };
    let content_hash = content.content_hash().to_string();
    let named = args.out.as_deref().map_or(FileFormat::Yaml, FileFormat::of);
    let written = || match args.format.map_or(named, FileFormat::from) {
        FileFormat::Json => content.to_json(),
        FileFormat::Yaml => content.to_yaml(),
    };
    if args.with_fit && content.fit.is_none() {
        output::note("note: nothing is fitted, so the file has no fit");
    }
    if let Some(path) = &args.out {
        file::write_whole(path, written().as_bytes())?;
    }
    if args.json {
        let shown = args.out.is_none().then_some(&content);
        let (namespace, file) = (namespace.as_str(), args.out.as_deref());
        return output::json(&Report { namespace, content_hash, file, content: shown });
    }
    match &args.out {
        Some(path) => output::line(format_args!(
            "{}: {} of {namespace}",
            path.display(),
            count(content.routes.len(), "route")
        ))?,
        None => output::text(&written())?,
    }
    output::note(format_args!("content hash {content_hash}"));
    Ok(())
}
