//! A clean stop with many writes in flight.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use synaptoroute::{Durability, Owner, Router, Text};

use crate::child::open;
use crate::settle::{World, assert_sound};
use crate::support::{name, route, text};
use crate::writers::{Line, Work};

#[test]
fn a_stop_loses_nothing_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut world = World::new(u64::MAX);
    for round in 0..5 {
        let router = open(&path, Durability::Full);
        let (lines, done) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        let say = |line: &Line| {
            lines.lock().unwrap().push(line.clone());
            done.fetch_add(1, Ordering::Relaxed);
        };
        // The order to stop comes when all are at work.
        let goes_on = |_| done.load(Ordering::Relaxed) < 1000;
        Work { writers: 8, own: true, seed: round, first: 0, goes_on: &goes_on, say: &say }
            .run(&router);
        // At once again: a file that is closed is free.
        drop(router);
        let router = open(&path, Durability::Full);
        world.settle(&router, &lines.into_inner().unwrap()).unwrap();
        drop(router);
        assert_sound(&path);
    }
}

#[test]
fn thousands_of_adds_in_flight_are_answered_and_what_was_confirmed_is_there() {
    const WRITERS: usize = 64;
    const EACH: usize = 50;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Full);
    router.upsert(route("all", &["the first"]), None).unwrap();
    let confirmed: Vec<Text> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let router = router.clone();
                scope.spawn(move || add(&router, writer, EACH))
            })
            .collect();
        // The handles that are left are the writers' own: the last of them closes the file.
        drop(router);
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(confirmed.len(), WRITERS * EACH);
    let router = open(&path, Durability::Full);
    let there = router.snapshot().texts(&Owner::Utterances(name("all")));
    assert_eq!(there.len(), 1 + confirmed.len());
    assert!(confirmed.iter().all(|text| there.contains(text)));
    assert_eq!(router.snapshot().revision().get(), 1 + confirmed.len() as u64);
}

fn add(router: &Router, writer: usize, count: usize) -> Vec<Text> {
    let said = (0..count).map(|number| text(&format!("writer{writer} says {number}")));
    let confirm = |said: Text| {
        router.add_utterances(&name("all"), vec![said.clone()], None).unwrap();
        said
    };
    said.map(confirm).collect()
}
