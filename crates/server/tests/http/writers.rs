//! Many at once: who wins, what is seen, what is never seen again.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use serde_json::{Value, json};
use synaptoroute::StoreOptions;
use synaptoroute_server::Config;

use crate::support::{HOLD, Server, Until};

#[test]
fn of_two_writers_who_expect_one_revision_one_wins() {
    let server = Server::start();
    let start = Barrier::new(2);
    for round in 1..=50 {
        let tag = format!("\"{round}\"");
        let write = |writer: &str| {
            let text = format!("round {round} of {writer}");
            start.wait();
            let reply =
                server.post_if(&tag, "/routes/billing/utterances", &json!({"utterance": text}));
            (reply.status, text)
        };
        let replies = thread::scope(|scope| {
            let (a, b) = (scope.spawn(|| write("a")), scope.spawn(|| write("b")));
            [a.join().unwrap(), b.join().unwrap()]
        });
        let statuses: BTreeSet<u16> = replies.iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, BTreeSet::from([200, 412]), "{round}");
        let read = server.get("/routes/billing");
        assert_eq!(read.header("etag"), Some(&*format!("\"{}\"", round + 1)));
        let utterances = read.ok()["utterances"].as_array().unwrap().clone();
        for (status, text) in &replies {
            let there = utterances.iter().any(|utterance| utterance == text);
            assert_eq!(there, *status == 200, "{text}");
        }
    }
}

#[test]
fn sixty_four_writers_are_each_acknowledged_and_all_there() {
    const WRITERS: usize = 64;
    const EACH: usize = 5;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let server = Server::on_file(&path, StoreOptions::default(), Config::default());
    let start = Barrier::new(WRITERS);
    let write = |writer: usize| -> Vec<u64> {
        start.wait();
        let write = |number: usize| {
            let route = json!({"name": format!("{writer}-{number}"), "utterances": ["hello"]});
            server.post("/routes", &route).revision()
        };
        (0..EACH).map(write).collect()
    };
    let revisions: Vec<Vec<u64>> = thread::scope(|scope| {
        let write = &write;
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert!(revisions.iter().all(|of_one| of_one.is_sorted()), "{revisions:?}");
    let all: BTreeSet<u64> = revisions.iter().flatten().copied().collect();
    assert_eq!(all, (1..=(WRITERS * EACH) as u64).collect(), "each a revision of its own");
    let listed = server.get("/routes?limit=1000").ok();
    assert_eq!(listed["routes"].as_array().unwrap().len(), WRITERS * EACH);
}

#[test]
fn a_thousand_times_what_was_added_is_found_at_once() {
    let server = Server::start();
    let mut missed = Vec::new();
    for number in 0..1000 {
        let text = format!("parcel {number} to the moon");
        let added = server.post("/routes/billing/utterances", &json!({"utterance": text}));
        let added = added.revision();
        let decision = server.post("/route", &json!({"query": text, "top_k": 1})).ok();
        let nearest = &decision["candidates"][0]["nearest"][0];
        let found = nearest["utterance"] == *text && decision["revision"] == added;
        if !found {
            missed.push(format!("{text}: {decision}"));
        }
    }
    assert!(missed.is_empty(), "{} missed: {}", missed.len(), missed.join("\n"));
}

#[test]
fn what_was_deleted_never_matches_again() {
    const TEXT: &str = "the purple elephant sings";
    const ROUNDS: usize = 30;
    let server = Server::start();
    let (done, own) = (AtomicBool::new(false), json!({"utterance": TEXT}));
    let shows = |decision: &Value| decision["candidates"].to_string().contains(TEXT);
    let ask = || server.post("/route", &json!({"query": TEXT, "top_k": 100})).ok();
    thread::scope(|scope| {
        let until = Until(&done);
        // Others ask meanwhile. What each saw deleted may only come back with a later revision.
        let readers: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = (0, false);
                    while !done.load(Ordering::Relaxed) {
                        let decision = ask();
                        let now = (decision["revision"].as_u64().unwrap(), shows(&decision));
                        assert!(now.0 >= seen.0, "from {seen:?} back to {now:?}");
                        // It is there at even revisions: added at 2, deleted at 3, and so on.
                        assert_eq!(now.1, now.0 % 2 == 0, "{decision}");
                        seen = now;
                    }
                })
            })
            .collect();
        for round in 0..ROUNDS as u64 {
            let path = "/routes/cancel%20order/utterances";
            assert_eq!(server.post(path, &own).revision(), 2 * round + 2);
            assert!(shows(&ask()));
            assert_eq!(server.delete(path, &own).revision(), 2 * round + 3);
            let answers = thread::scope(|asking| {
                let askers: Vec<_> = (0..4).map(|_| asking.spawn(ask)).collect();
                askers.into_iter().map(|asker| asker.join().unwrap()).collect::<Vec<_>>()
            });
            assert!(!answers.iter().any(shows), "round {round}: {answers:?}");
        }
        drop(until);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}

/// A foreign program keeps the file locked: a change waits for it, and nobody else.
#[test]
fn queries_do_not_wait_for_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let config = Config { workers: 1, ..Config::default() };
    let server = Server::on_file(&path, StoreOptions::default(), config);
    let route = json!({"name": "greeting", "utterances": ["hello"]});
    assert_eq!(server.post("/routes", &route).revision(), 1);
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("BEGIN IMMEDIATE").unwrap();
    let held = json!({"name": "farewell", "utterances": [HOLD]});
    thread::scope(|scope| {
        let writer = scope.spawn(|| server.post("/routes", &held));
        server.stage.wait_until_held();
        server.stage.release();
        // The change is encoded, and the only thread free for these or waiting with it.
        for _ in 0..10 {
            let decision = server.post("/route", &json!({"query": "hello"})).ok();
            assert_eq!(decision["revision"], 1);
        }
        assert_eq!(server.get("/routes").header("etag"), Some("\"1\""));
        foreign.execute_batch("ROLLBACK").unwrap();
        assert_eq!(writer.join().unwrap().revision(), 2);
    });
}
