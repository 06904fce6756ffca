//! Whoever is told of a change sees it, on every thread; and nobody sees what was deleted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use synaptoroute::{Durability, Owner, RouteOptions, Router, Text};

use crate::child::open;
use crate::support::{Dice, Over, Signs, name, route, text};

/// The utterances of all candidates of an answer.
fn nearest(router: &Router, query: &Text) -> Vec<Text> {
    let options = RouteOptions { top_k: Some(100.try_into().unwrap()), ..RouteOptions::default() };
    let candidates = router.route(query, options).unwrap().decision.candidates;
    candidates.into_iter().flat_map(|c| c.nearest).map(|near| near.utterance).collect()
}

#[test]
fn a_thousand_adds_are_each_found_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let router = open(&folder.path().join("routes.db"), Durability::Relaxed);
    router.upsert(route("all", &["the first"]), None).unwrap();
    let missed: usize = thread::scope(|scope| {
        let writers = (0..4).map(|writer| {
            let router = &router;
            scope.spawn(move || {
                let mut missed = 0;
                for number in 0..250 {
                    // A topic of its own: nothing else is as near.
                    let said = text(&format!("topic{writer}-{number} is new"));
                    router.add_utterances(&name("all"), vec![said.clone()], None).unwrap();
                    missed += usize::from(nearest(router, &said).first() != Some(&said));
                }
                missed
            })
        });
        let writers: Vec<_> = writers.collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).sum()
    });
    assert_eq!(missed, 0, "of 1,000");
}

#[test]
fn a_deleted_utterance_never_matches_again_on_any_thread() {
    const TEXTS: usize = 300;
    let router = Router::new(Signs::encoder());
    let said = |number: usize| text(&format!("topic{number} is to go"));
    let mut all: Vec<Text> = (0..TEXTS).map(said).collect();
    all.push(text("topic is to stay"));
    router.add_texts(Owner::Namespace, vec![text("against all")], None).unwrap();
    router.upsert(synaptoroute::Route::new(name("all"), all).unwrap(), None).unwrap();
    // All before this one are deleted.
    let (deleted, over) = (AtomicUsize::new(0), Over::default());
    let asked: usize = thread::scope(|scope| {
        let ends = over.at_the_end();
        let readers: Vec<_> = (0..4)
            .map(|seed| {
                let (router, deleted, over) = (&router, &deleted, &over);
                scope.spawn(move || {
                    let (mut dice, mut asked) = (Dice::new(seed), 0);
                    while !over.is() {
                        let before = deleted.load(Ordering::Acquire);
                        if before > 0 {
                            let gone = said(dice.below(before as u64) as usize);
                            assert!(!nearest(router, &gone).contains(&gone), "{gone}");
                            asked += 1;
                        }
                    }
                    asked
                })
            })
            .collect();
        for number in 0..TEXTS {
            router.remove_texts(Owner::Utterances(name("all")), vec![said(number)], None).unwrap();
            deleted.store(number + 1, Ordering::Release);
            // Something else comes, so that segments grow, are closed and compacted meanwhile.
            let more = (0..8).map(|i| text(&format!("topic{} is new", TEXTS + number * 8 + i)));
            router.add_utterances(&name("all"), more.collect(), None).unwrap();
        }
        drop(ends);
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    assert!(asked > 0, "nobody asked");
}

#[test]
fn what_a_reader_sees_is_one_revision_and_never_an_older_one() {
    let router = Router::new(Signs::encoder());
    let over = Over::default();
    thread::scope(|scope| {
        let ends = over.at_the_end();
        let readers: Vec<_> = (0..3)
            .map(|_| {
                let (router, over) = (&router, &over);
                scope.spawn(move || {
                    let mut last = 0;
                    while !over.is() {
                        let (revision, content) = router.export();
                        assert!(revision.get() >= last, "{revision} after {last}");
                        last = revision.get();
                        // Each revision is one route with as many utterances as its number.
                        let counts: Vec<usize> =
                            content.routes.iter().map(|route| route.utterances.len()).collect();
                        assert_eq!(counts.iter().sum::<usize>() as u64, last);
                        assert!(counts.len() <= 1);
                    }
                })
            })
            .collect();
        for revision in 1..=100_usize {
            let texts = (0..revision).map(|i| text(&format!("topic{revision} number {i}")));
            let route = synaptoroute::Route::new(name("only"), texts.collect()).unwrap();
            assert_eq!(router.upsert(route, None).unwrap().get(), revision as u64);
        }
        drop(ends);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
}
