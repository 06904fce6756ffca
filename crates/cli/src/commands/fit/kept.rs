//! The fits that are kept, and going back to one.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use synaptoroute::FitEntry;
use ureq::http::Method;

use crate::args::{EngineArgs, FitArgs};
use crate::commands::eval::percent;
use crate::failure::Failure;
use crate::output;
use crate::place::{Missing, Place};
use crate::words::moment;

/// One of them, as a server writes it.
#[derive(Serialize, Deserialize)]
struct Entry {
    number: u64,
    at_unix_ms: u64,
    revision: u64,
    automatic: bool,
    in_force: bool,
    report: Value,
}

impl From<FitEntry> for Entry {
    fn from(entry: FitEntry) -> Self {
        let FitEntry { number, at_unix_ms, revision, automatic, in_force, report, .. } = entry;
        let report = serde_json::from_str(&report).unwrap_or(Value::Null);
        Self { number, at_unix_ms, revision: revision.get(), automatic, in_force, report }
    }
}

pub(super) fn list(place: &Place, json: bool) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Fits {
        fits: Vec<Entry>,
        auto_fit_trouble: Option<String>,
    }

    let entries: Vec<Entry> = match place {
        Place::Database(database) => {
            let entries = database.reader()?.fits(&database.namespace)?;
            entries.into_iter().map(Entry::from).collect()
        }
        Place::Server(server) => {
            let (fits, _): (Fits, _) = server.get(&server.path(&["fits"]))?;
            if let Some(trouble) = fits.auto_fit_trouble {
                output::note(format_args!(
                    "note: the last fit in the background failed: {trouble}"
                ));
            }
            fits.fits
        }
    };
    if json {
        return entries.iter().try_for_each(output::json);
    }
    if entries.is_empty() {
        output::note("nothing was fitted yet");
        return Ok(());
    }
    let names = ["fit", "UTC", "revision", "made", "objective", "accuracy", "threshold", ""];
    output::columns(names, &entries.iter().map(row).collect::<Vec<_>>())
}

fn row(entry: &Entry) -> [String; 8] {
    let report = &entry.report;
    let accuracy = report["after"]["accuracy"]["value"].as_f64();
    let imported = report["after"].is_null();
    [
        entry.number.to_string(),
        moment(entry.at_unix_ms),
        entry.revision.to_string(),
        match (entry.automatic, imported) {
            (true, _) => "by itself",
            (_, true) => "elsewhere",
            _ => "when asked",
        }
        .to_owned(),
        report["objective"].as_str().unwrap_or("-").to_owned(),
        accuracy.map_or("-".to_owned(), percent),
        report["threshold"].as_f64().map_or("-".to_owned(), |cut| format!("{cut:.3}")),
        if entry.in_force { "in force" } else { "" }.to_owned(),
    ]
}

/// Puts it in force.
pub(super) fn choose(
    place: &Place,
    number: u64,
    args: &FitArgs,
    engine_args: &EngineArgs,
) -> Result<(), Failure> {
    match place {
        Place::Database(database) => {
            let router = database.namespace_writer(engine_args, &args.keep, Missing::Refuse)?;
            router.use_fit(number)?;
        }
        Place::Server(server) => {
            let path = server.path(&["fits", &number.to_string(), "use"]);
            let _chosen: Value = server.send(Method::POST, &path, None::<&()>, None)?;
        }
    }
    if args.json {
        return output::json(&json!({"status": "success", "number": number}));
    }
    output::line(format_args!("fit {number} is in force"))
}
