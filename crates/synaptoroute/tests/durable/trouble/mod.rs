//! What disks and other programs do to a file, made really to happen. Each time: the error is
//! clear, decisions go on from memory, nothing acknowledged is lost, and when the cause is
//! gone changes are taken again.
//!
//! - `full`: the disk is full, or a file has reached its limit.
//! - `locked`: another program has the file locked, or open for writing.
//! - `damaged`: what a page holds is not what was written.
//! - `log`: SQLite's log was cut short or damaged.
//! - `readonly`: the file or its folder cannot be written.

mod damaged;
pub(crate) mod full;
mod locked;
mod log;
mod readonly;

use std::path::Path;

use synaptoroute::{Owner, RouteOptions, Router, Text};

use crate::support::{name, route, text};

/// What processes of their own do for these tests.
pub(crate) fn child(task: &str, path: &Path) {
    match task {
        "fill a disk" => full::fill(path, &full::Room::disk(path)),
        "reach a limit" => full::fill(path, &full::Room::limit()),
        "open" => locked::try_to_open(path),
        "open what is read-only" => readonly::try_to_open(path),
        other => panic!("no task is called {other}"),
    }
}

/// A router with one route, to which adds go.
fn begin(router: &Router) -> Vec<Text> {
    router.upsert(route("all", &["the first"]), None).unwrap();
    vec![text("the first")]
}

fn add(router: &Router, said: &Text) -> Result<(), synaptoroute::RouterError> {
    router.add_utterances(&name("all"), vec![said.clone()], None).map(drop)
}

/// Everything confirmed is there and nothing else; and it is found.
#[track_caller]
fn assert_holds(router: &Router, confirmed: &[Text]) {
    assert_eq!(router.snapshot().texts(&Owner::Utterances(name("all"))), confirmed);
    let (first, last) = (&confirmed[0], &confirmed[confirmed.len() - 1]);
    for said in [first, last] {
        let decision = router.route(said, RouteOptions::default()).unwrap().decision;
        assert_eq!(decision.candidates[0].nearest[0].similarity, 1.0, "{said}");
    }
}

/// The store is in trouble and says so; what writes nothing does not hide it.
#[track_caller]
fn assert_in_trouble(router: &Router, word: &str) {
    let trouble = router.store_trouble().unwrap();
    assert!(trouble.contains(word), "{trouble}");
    router.delete_route(&name("nobody"), None).unwrap_err();
    let _ = router.add_utterances(&name("all"), vec![text("the first")], None);
    assert!(router.store_trouble().is_some(), "nothing was written since");
}
