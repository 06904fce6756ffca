//! `synaptoroute revisions`: what was changed, and when.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use synaptoroute::RevisionEntry;

use crate::args::RevisionsArgs;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::remote::{Remote, encoded};
use crate::words::{moment, one_line};

/// The most a server lists at once.
const PAGE: usize = 100;

/// One revision.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) revision: u64,
    at_unix_ms: u64,
    change: String,
}

impl From<RevisionEntry> for Entry {
    fn from(entry: RevisionEntry) -> Self {
        let RevisionEntry { revision, at_unix_ms, change } = entry;
        Self { revision: revision.get(), at_unix_ms, change }
    }
}

pub(crate) fn run(args: &RevisionsArgs) -> Result<(), Failure> {
    let entries = match args.place.place()? {
        Place::Database(database) => {
            let entries = database.reader()?.revisions(&database.namespace, None, args.limit)?;
            entries.into_iter().map(Entry::from).collect()
        }
        Place::Server(server) => from_server(&server, args.limit)?,
    };
    if args.output.json {
        return entries.iter().try_for_each(output::json);
    }
    if entries.is_empty() {
        output::note("nothing was changed yet");
        return Ok(());
    }
    let row = |entry: &Entry| {
        [entry.revision.to_string(), moment(entry.at_unix_ms), one_line(&entry.change)]
    };
    output::columns(["revision", "UTC", "change"], &entries.iter().map(row).collect::<Vec<_>>())
}

/// The newest of a server's revisions, at most so many.
pub(super) fn from_server(server: &Remote, limit: usize) -> Result<Vec<Entry>, Failure> {
    #[derive(Deserialize)]
    struct Page {
        revisions: Vec<Entry>,
        next: Option<Value>,
    }

    let mut entries: Vec<Entry> = Vec::new();
    let mut cursor = String::new();
    while entries.len() < limit {
        let page = PAGE.min(limit - entries.len());
        let path = format!("{}?limit={page}{cursor}", server.path(&["revisions"]));
        let (page, _): (Page, _) = server.get(&path)?;
        entries.extend(page.revisions);
        cursor = match page.next {
            None | Some(Value::Null) => break,
            Some(Value::String(next)) => format!("&cursor={}", encoded(&next)),
            Some(next) => format!("&cursor={next}"),
        };
    }
    Ok(entries)
}
