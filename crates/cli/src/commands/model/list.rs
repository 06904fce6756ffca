//! `synaptoroute model list`: the models that a database had, and which it has.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use synaptoroute::ModelEntry;

use crate::args::ModelListArgs;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::remote::path;
use crate::words::moment;

/// One of them, as a server writes it.
#[derive(Serialize, Deserialize)]
struct Entry {
    number: u64,
    name: String,
    fingerprint: String,
    in_use: bool,
    at_unix_ms: Option<u64>,
    /// Length of its file, where that lies in the database.
    bytes: Option<u64>,
    learned: Option<Learned>,
    /// What there was to tell when it was tuned.
    report: Option<Value>,
}

/// The routes that a tuned one learned.
#[derive(Serialize, Deserialize)]
struct Learned {
    namespace: String,
    revision: u64,
}

impl From<ModelEntry> for Entry {
    fn from(entry: ModelEntry) -> Self {
        let ModelEntry { number, identity, at_unix_ms, learned, report, bytes, in_use, .. } = entry;
        Self {
            number,
            name: identity.name,
            fingerprint: identity.fingerprint,
            in_use,
            at_unix_ms,
            bytes,
            learned: learned.map(|learned| Learned {
                namespace: learned.namespace.to_string(),
                revision: learned.revision.get(),
            }),
            report: report.and_then(|report| serde_json::from_str(&report).ok()),
        }
    }
}

pub(crate) fn run(args: &ModelListArgs) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Listed {
        models: Vec<Entry>,
    }

    let entries: Vec<Entry> = match args.place.place()? {
        Place::Database(database) => {
            database.reader()?.models()?.into_iter().map(Entry::from).collect()
        }
        Place::Server(server) => server.get::<Listed>(&path(&["models"]))?.0.models,
    };
    if args.output.json {
        return entries.iter().try_for_each(output::json);
    }
    let names = ["model", "name", "UTC", "learned from", "MB", ""];
    output::columns(names, &entries.iter().map(row).collect::<Vec<_>>())
}

fn row(entry: &Entry) -> [String; 6] {
    let or_dash = |known: Option<String>| known.unwrap_or_else(|| "-".to_owned());
    let learned = entry.learned.as_ref();
    [
        entry.number.to_string(),
        entry.name.clone(),
        or_dash(entry.at_unix_ms.map(moment)),
        or_dash(learned.map(|from| format!("{}, revision {}", from.namespace, from.revision))),
        or_dash(entry.bytes.map(|bytes| format!("{:.1}", bytes as f64 / 1e6))),
        if entry.in_use { "in use" } else { "" }.to_owned(),
    ]
}
