//! `synaptoroute export`: the routes of a namespace as a file.

use std::path::Path;

use serde::Serialize;
use synaptoroute::{FileFormat, RoutesFile};

use crate::args::ExportArgs;
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

pub(crate) fn run(args: &ExportArgs) -> Result<(), Failure> {
    let place = args.place.place()?;
    let (namespace, content) = match &place {
        Place::Database(database) => {
            (&database.namespace, database.reader()?.export(&database.namespace)?)
        }
        Place::Server(server) => (server.namespace(), server.get(&server.path(&["export"]))?.0),
    };
    let content_hash = content.content_hash().to_string();
    let named = args.out.as_deref().map_or(FileFormat::Yaml, FileFormat::of);
    let written = || match args.format.map_or(named, FileFormat::from) {
        FileFormat::Json => content.to_json(),
        FileFormat::Yaml => content.to_yaml(),
    };
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
