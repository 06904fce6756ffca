//! Threads in orders that a machine hardly ever takes: the production code of commits,
//! publishing and compaction under a checker, which chooses at every lock who goes on.
//!
//! `cargo test -p synaptoroute --features shuttle --test interleavings`; a schedule that fails
//! is printed, and `shuttle::replay` runs it again. `SYNAPTOROUTE_SCHEDULES_TIMES=10` tries ten
//! times as many.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;
use synaptoroute::{Owner, Revision, Route, Router, RouterError, Text};

use support::{Signs, check, name, namespace, nearest, route, text};

/// Adds an utterance and sees it at once.
fn add(router: &Router, of: &str, said: &str) -> Revision {
    let revision = router.add_utterances(&name(of), vec![text(said)], None).unwrap();
    assert!(router.snapshot().revision() >= revision);
    assert!(nearest(router, said).contains(&text(said)), "{said} was confirmed");
    revision
}

#[test]
fn whoever_is_confirmed_sees_it_and_no_reader_goes_back() {
    check(3000, || {
        let router = Router::new(Signs::encoder());
        router.upsert(route("a", &["first"]), None).unwrap();
        let mut threads = Vec::new();
        for writer in 0..3 {
            let router = router.clone();
            threads.push(thread::spawn(move || {
                let first = add(&router, "a", &format!("writer{writer} one"));
                let second = add(&router, "a", &format!("writer{writer} two"));
                assert!(first < second, "two changes, two revisions");
            }));
        }
        for _ in 0..2 {
            let router = router.clone();
            threads.push(thread::spawn(move || {
                let mut last = (Revision::from(0), 0);
                for _ in 0..4 {
                    let snapshot = router.snapshot();
                    let now = (snapshot.revision(), snapshot.text_count());
                    assert!(now >= last, "{now:?} after {last:?}");
                    // The route, then a text a revision.
                    assert_eq!(now.1 as u64, now.0.get());
                    last = now;
                    thread::yield_now();
                }
            }));
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(router.snapshot().revision().get(), 7, "nobody's change was lost");
        assert_eq!(router.revisions(None, 100).unwrap().len(), 7);
    });
}

#[test]
fn those_who_are_refused_and_those_who_are_not_all_hear_of_it() {
    check(2000, || {
        let router = Router::new(Signs::encoder());
        let first = router.upsert(route("a", &["first"]), None).unwrap();
        let threads: Vec<_> = (0..4)
            .map(|writer| {
                let router = router.clone();
                thread::spawn(move || {
                    let said = vec![text(&format!("writer{writer}"))];
                    match writer {
                        0 => drop(add(&router, "a", "writer0")),
                        1 => drop(router.add_utterances(&name("b"), said, None).unwrap_err()),
                        2 => {
                            let all = Owner::Utterances(name("a"));
                            drop(router.remove_texts(all, said, None).unwrap_err());
                        }
                        // Whether it is still the first revision is up to the schedule.
                        _ => match router.add_utterances(&name("a"), said, Some(first)) {
                            Ok(revision) => assert_eq!(revision, first.next()),
                            Err(RouterError::RevisionMismatch { found, .. }) => {
                                assert_eq!(found, first.next());
                            }
                            Err(error) => panic!("{error}"),
                        },
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert!((2..=3).contains(&router.snapshot().revision().get()));
        assert_eq!(router.store_trouble(), None);
    });
}

#[test]
fn one_that_panics_leaves_nobody_waiting() {
    check(1000, || {
        let router = Router::new(Signs::encoder());
        router.upsert(route("a", &["first"]), None).unwrap();
        let panics = {
            let router = router.clone();
            thread::spawn(move || {
                match catch_unwind(AssertUnwindSafe(|| router.panic_in_commit())) {
                    // On another's thread, or on this one.
                    Ok(result) => assert!(matches!(result, Err(RouterError::Panicked))),
                    Err(panic) => drop(panic),
                }
            })
        };
        let writers: Vec<_> = (0..3)
            .map(|writer| {
                let router = router.clone();
                thread::spawn(move || {
                    let said = format!("writer{writer}");
                    let all = vec![text(&said)];
                    let add = || router.add_utterances(&name("a"), all, None);
                    match catch_unwind(AssertUnwindSafe(add)) {
                        Ok(Ok(_)) => assert!(nearest(&router, &said).contains(&text(&said))),
                        Ok(Err(error)) => {
                            assert!(matches!(error, RouterError::Panicked), "{error}");
                            assert!(!nearest(&router, &said).contains(&text(&said)));
                        }
                        // It committed for the one that panics.
                        Err(panic) => drop(panic),
                    }
                })
            })
            .collect();
        panics.join().unwrap();
        writers.into_iter().for_each(|thread| thread.join().unwrap());
        let there = router.snapshot().text_count() as u64;
        assert_eq!(router.snapshot().revision().get(), there);
        add(&router, "a", "after it all");
    });
}

#[test]
fn compaction_loses_no_row_and_brings_none_back() {
    check(400, || {
        let router = Router::new(Signs::encoder());
        // Enough for a segment of their own, of which a quarter is removed at once: then
        // there is something to compact.
        let many: Vec<Text> = (0..512).map(|i| text(&format!("many {i}"))).collect();
        let all = || Owner::Utterances(name("a"));
        router.upsert(Route::new(name("a"), many.clone()).unwrap(), None).unwrap();
        router.remove_texts(all(), many[..130].to_vec(), None).unwrap();
        add(&router, "a", "the last segment");
        let gone = Arc::new(AtomicBool::new(false));
        let compactors = (0..2).map(|_| {
            let router = router.clone();
            thread::spawn(move || {
                let _namespaces = router.compact_now();
            })
        });
        let compactors: Vec<_> = compactors.collect();
        let remover = {
            let (router, gone, texts) = (router.clone(), Arc::clone(&gone), many[130..].to_vec());
            thread::spawn(move || {
                router.remove_texts(Owner::Utterances(name("a")), texts, None).unwrap();
                gone.store(true, Ordering::SeqCst);
                router.add_utterances(&name("a"), vec![text("something new")], None).unwrap();
            })
        };
        let reader = {
            let (router, gone) = (router.clone(), Arc::clone(&gone));
            thread::spawn(move || {
                for _ in 0..3 {
                    let was_gone = gone.load(Ordering::SeqCst);
                    let snapshot = router.snapshot();
                    let found = snapshot.texts(&Owner::Utterances(name("a")));
                    assert_eq!(found.len(), snapshot.text_count());
                    let left = found.iter().filter(|text| many[130..].contains(text)).count();
                    // Whole or not at all, and never again.
                    assert!(left == 0 || left == many.len() - 130 && !was_gone, "{left}");
                    if was_gone {
                        assert!(!nearest(&router, "many 300").contains(&text("many 300")));
                    }
                    thread::yield_now();
                }
            })
        };
        compactors.into_iter().for_each(|thread| thread.join().unwrap());
        remover.join().unwrap();
        reader.join().unwrap();
        router.compact_now();
        let there = router.snapshot().texts(&all());
        assert_eq!(there, ["the last segment", "something new"].map(text));
    });
}

#[test]
fn namespaces_come_and_go_under_their_writers() {
    check(2000, || {
        let router = Router::new(Signs::encoder());
        let threads: Vec<_> = (0..3)
            .map(|writer| {
                let router = router.clone();
                thread::spawn(move || {
                    let of = namespace("tenant");
                    router.create_namespace(&of).unwrap();
                    let Ok(handle) = router.namespace(&of) else { return };
                    let (called, said) = (format!("r{writer}"), format!("writer{writer}"));
                    match handle.upsert(route(&called, &[&said]), None) {
                        // Deleted or not: this handle was told, so it sees it.
                        Ok(_) => assert!(nearest(&handle, &said).contains(&text(&said))),
                        Err(RouterError::UnknownNamespace { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                    if writer == 0 {
                        match router.delete_namespace(&of) {
                            Ok(()) => {}
                            Err(error) => panic!("{error}"),
                        }
                        assert!(
                            handle.upsert(route("late", &["late"]), None).is_err(),
                            "its namespace is gone, whoever made another"
                        );
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        router.create_namespace(&namespace("tenant")).unwrap();
        let handle = router.namespace(&namespace("tenant")).unwrap();
        let revisions = handle.revisions(None, 10).unwrap().len() as u64;
        assert_eq!(handle.snapshot().revision().get(), revisions, "memory and store");
        assert_eq!(handle.snapshot().route_count() as u64, revisions);
    });
}
