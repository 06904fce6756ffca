//! What writers said, against what a database holds afterwards.
//!
//! The log of revisions says in which order changes happened; who made each is told by its
//! words. Made again in that order, they must come to the very content that is there: so none
//! is missing, none is half there, and none is there that nobody made.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use synaptoroute::{Change, ImportMode, Owner, Router};

use crate::chance::any_text;
use crate::naive::Space;
use crate::support::{Dice, space};
use crate::writers::{Line, Step};

/// What is known of all namespaces.
pub(crate) struct World {
    pub(crate) spaces: BTreeMap<String, Space>,
    keep: u64,
}

/// What is wrong with a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Something acknowledged is not there.
    Lost(String),
    /// It is in a state in which it never was.
    Torn(String),
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Acknowledged(u64),
    Refused,
    /// Nobody was told: it may have happened.
    Unknown,
}

struct Record {
    step: Step,
    end: End,
}

impl World {
    pub(crate) fn new(keep: u64) -> Self {
        let spaces = BTreeMap::from([("default".to_owned(), Space::new(keep))]);
        Self { spaces, keep }
    }

    /// Takes what writers said since, and finds that the router's content follows from it.
    pub(crate) fn settle(&mut self, router: &Router, lines: &[Line]) -> Result<(), Fault> {
        let mut records = records(lines);
        for namespace in self.spaces.keys() {
            records.entry(namespace.clone()).or_default();
        }
        for (namespace, records) in records {
            let known = self.spaces.remove(&namespace);
            if let Some(space) = self.settle_space(router, &namespace, known, &records)? {
                self.spaces.insert(namespace, space);
            }
        }
        let found: Vec<String> =
            router.namespaces().into_iter().map(|summary| summary.name.to_string()).collect();
        if !found.iter().eq(self.spaces.keys()) {
            return Err(Fault::Torn(format!("namespaces {found:?}")));
        }
        Ok(())
    }

    fn settle_space(
        &self,
        router: &Router,
        namespace: &str,
        mut known: Option<Space>,
        records: &[Record],
    ) -> Result<Option<Space>, Fault> {
        // Those of its present life, and what may have begun or ended it.
        let (mut changes, mut doubt) = (Vec::new(), None);
        for record in records {
            match (&record.step, record.end) {
                (_, End::Refused) => {}
                (Step::Change(change), end) => changes.push((change, end)),
                (step, End::Unknown) => doubt = Some(step),
                (Step::Create, _) => known = Some(Space::new(self.keep)),
                (Step::Delete, _) => known = None,
            }
            if known.is_none() {
                changes.clear();
            }
        }
        let lost = |what: &str| Err(Fault::Lost(format!("{what} of namespace {namespace}")));
        match (router.namespace(&space(namespace)).ok(), known, doubt) {
            (Some(found), Some(mut known), _) => {
                let torn = |what| Fault::Torn(format!("namespace {namespace}: {what}"));
                compare(&found, &mut known, &changes).map_err(|fault| match fault {
                    Fault::Lost(what) => Fault::Lost(format!("namespace {namespace}: {what}")),
                    Fault::Torn(what) => torn(what),
                })?;
                Ok(Some(known))
            }
            (Some(found), None, Some(Step::Create)) => {
                let mut known = Space::new(self.keep);
                compare(&found, &mut known, &[])?;
                Ok(Some(known))
            }
            (None, None, _) | (None, Some(_), Some(Step::Delete)) => Ok(None),
            (None, Some(_), _) => lost("creation"),
            (Some(_), None, _) => lost("deletion"),
        }
    }
}

/// By namespace, in the order in which they were tried.
fn records(lines: &[Line]) -> BTreeMap<String, Vec<Record>> {
    let mut ends: BTreeMap<(u64, u64), End> = BTreeMap::new();
    for line in lines {
        match *line {
            Line::Done { writer, number, revision } => {
                ends.insert((writer, number), End::Acknowledged(revision));
            }
            Line::Refused { writer, number } => {
                ends.insert((writer, number), End::Refused);
            }
            Line::Try { .. } => {}
        }
    }
    let mut records: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for line in lines {
        if let Line::Try { writer, number, namespace, what } = line {
            let end = ends.get(&(*writer, *number)).copied().unwrap_or(End::Unknown);
            let step = what.step(*writer, namespace);
            records.entry(namespace.clone()).or_default().push(Record { step, end });
        }
    }
    records
}

/// Follows the log from what is known to what is there.
fn compare(found: &Router, known: &mut Space, changes: &[(&Change, End)]) -> Result<(), Fault> {
    let (revision, content) = found.export();
    let revision = revision.get();
    let lost = |what: String| Err(Fault::Lost(what));
    let torn = |what: String| Err(Fault::Torn(what));
    if revision < known.revision() {
        return lost(format!("revision {} of an earlier run", known.revision()));
    }
    let log: BTreeMap<u64, String> = found
        .revisions(None, usize::MAX)
        .map_err(|error| Fault::Torn(error.to_string()))?
        .into_iter()
        .map(|entry| (entry.revision.get(), entry.change))
        .collect();
    if !log.keys().copied().eq(1..=revision) {
        return torn(format!("the log has a hole: {:?} of {revision}", log.keys()));
    }
    let mut makers = HashSet::new();
    for number in known.revision() + 1..=revision {
        let words = &log[&number];
        let made = |&(at, &(change, end)): &(usize, &(&Change, End))| {
            let may = end == End::Acknowledged(number) || end == End::Unknown;
            may && !makers.contains(&at) && is_called(change, words)
        };
        let Some((at, &(change, _))) = changes.iter().enumerate().find(made) else {
            return torn(format!("nobody made revision {number}, {words}"));
        };
        makers.insert(at);
        match known.apply(number - 1, change) {
            Ok(next) if next != *known.now() => known.push(next),
            other => return torn(format!("revision {number}, {words}: {:?}", other.err())),
        }
    }
    for (at, &(change, end)) in changes.iter().enumerate() {
        let End::Acknowledged(number) = end else { continue };
        if number > revision {
            return lost(format!("revision {number} of {revision}, {change:?}"));
        }
        // What made no revision of its own was so already.
        if !makers.contains(&at) && known.apply(number, change).as_ref() != Ok(known.at(number)) {
            return lost(format!("a change acknowledged as of revision {number}, {change:?}"));
        }
    }
    if content != known.now().file() {
        return torn(format!("revision {revision} is {content:?}, not {:?}", known.now()));
    }
    let mut dice = Dice::new(revision);
    for _ in 0..8 {
        known.now().assert_decides(found, &any_text(&mut dice));
    }
    Ok(())
}

/// Whether the log tells such a change in these words.
fn is_called(change: &Change, words: &str) -> bool {
    let texts = |verb: &str, owner: &Owner| {
        // How many is not known here: those that were there already are not counted.
        let Some(rest) = words.strip_prefix(verb) else { return false };
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ');
        let (one, of) = match owner {
            Owner::Utterances(name) => ("utterance", format!(" of {name}")),
            Owner::Negatives(name) => ("negative", format!(" of {name}")),
            Owner::Namespace => ("negative", String::new()),
        };
        rest == format!("{one}{of}") || rest == format!("{one}s{of}")
    };
    match change {
        Change::Upsert(route) => words == format!("upsert {}", route.name),
        Change::Patch(name, _) => words == format!("patch {name}"),
        Change::DeleteRoute(name) => words == format!("delete {name}"),
        Change::AddTexts(owner, _) => texts("add ", owner),
        Change::RemoveTexts(owner, _) => texts("remove ", owner),
        Change::Settings(_) => words == "settings",
        Change::Import(file, mode) => {
            let how = if *mode == ImportMode::Replace { "replacing all" } else { "merging" };
            let count = file.routes.len();
            words == format!("import {count} route{}, {how}", if count == 1 { "" } else { "s" })
        }
        Change::Rollback(to) => words == format!("rollback to {to}"),
        _ => false,
    }
}

/// Panics unless SQLite itself finds nothing wrong with the file.
#[track_caller]
pub(crate) fn assert_sound(path: &Path) {
    let db = rusqlite::Connection::open(path).unwrap();
    let found: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok", "{}", path.display());
    let foreign = db.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap();
    assert!(!foreign, "a row points nowhere");
}
