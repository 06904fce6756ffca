//! What a change does, and what a refused one leaves.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;

use synaptoroute::{
    Owner, Revision, Route, RouteName, RouteOptions, Router, RouterError, RoutesFile, Snapshot,
    Text,
};

use crate::support::{
    FAIL, SLOW, SUPPORT, ask, file, intent, moody, name, route, router, support, text,
};

fn number(revision: Revision) -> u64 {
    revision.get()
}

/// Both hold the same texts and, to the bit, the same vectors.
#[track_caller]
fn assert_same(a: &Snapshot, b: &Snapshot) {
    assert_eq!(a.content(), b.content());
    assert_eq!(vectors(a), vectors(b));
}

/// Owners with the vectors of their texts, in order.
fn vectors(snapshot: &Snapshot) -> Vec<(Owner, Vec<Arc<[f32]>>)> {
    let of = |name: &RouteName| [Owner::Utterances(name.clone()), Owner::Negatives(name.clone())];
    let owners = snapshot.routes().flat_map(|route| of(&route.name)).chain([Owner::Namespace]);
    let vectors = |owner| {
        let texts = snapshot.placed_texts(&owner);
        (owner, texts.into_iter().map(|placed| placed.vector).collect())
    };
    owners.map(vectors).collect()
}

#[test]
fn each_change_is_a_revision_and_a_repeat_is_none() {
    let router = router();
    let load = |yaml: &str| number(router.load(file(yaml), &|_, _| ()).unwrap());
    let upsert = |route| number(router.upsert(route, None).unwrap());
    let add = |called, texts: &[&str]| {
        let texts = texts.iter().copied().map(text).collect();
        number(router.add_utterances(&name(called), texts, None).unwrap())
    };
    assert_eq!(number(router.snapshot().revision()), 0);
    assert_eq!(load("version: 1\nroutes: []"), 0, "as empty as before");
    assert_eq!(load(SUPPORT), 1);
    assert_eq!(load(SUPPORT), 1);
    assert_eq!(load(&SUPPORT.replace("tell me a joke", "sing a song")), 2, "a negative");
    assert_eq!(load(&format!("{SUPPORT}\nsettings: {{margin: 0.1}}")), 3, "a setting");
    assert_eq!(upsert(route("greeting", &["hello"])), 4);
    assert_eq!(upsert(route("greeting", &["hello", "hello"])), 4, "a repeat in itself");
    assert_eq!(upsert(route("greeting", &["hello", "hi"])), 5);
    assert_eq!(upsert(route("greeting", &["hi", "hello"])), 6, "the order is content");
    assert_eq!(add("greeting", &["hi", "hello"]), 6);
    assert_eq!(add("greeting", &[]), 6);
    assert_eq!(add("greeting", &["hi", "good day", "good day"]), 7);
    let described = |said: &str| {
        let mut route = route("greeting", &["hi", "hello", "good day"]);
        route.description = Some(said.into());
        route
    };
    assert_eq!(upsert(described("a")), 8);
    assert_eq!(upsert(described("a")), 8);
    assert_eq!(upsert(described("b")), 9);
    assert_eq!(load(SUPPORT), 10, "a file takes the place of everything");
    assert_same(&router.snapshot(), &support().snapshot());
}

#[test]
fn a_repeat_keeps_the_very_snapshot() {
    let router = support();
    let before = router.snapshot();
    router.load(file(SUPPORT), &|_, _| ()).unwrap();
    router.add_utterances(&name("billing"), vec![text("where is my bill")], None).unwrap();
    assert!(Arc::ptr_eq(&before, &router.snapshot()));
}

#[test]
fn an_upsert_replaces_the_whole_route() {
    let router = support();
    router.upsert(route("billing", &["my invoice is wrong"]), None).unwrap();
    let snapshot = router.snapshot();
    let billing = snapshot.whole_route("billing").unwrap();
    assert_eq!(billing, route("billing", &["my invoice is wrong"]));
    let counts = snapshot.route("billing").map(|entry| (entry.utterances, entry.negatives));
    assert_eq!(counts, Some((1, 0)));
    assert_eq!(snapshot.routes().count(), 3);
}

#[test]
fn parts_added_one_by_one_make_the_same_as_a_file() {
    let (whole, parts) = (support(), router());
    let content = file(SUPPORT);
    let mut first = file(SUPPORT);
    first.routes.clear();
    parts.load(first, &|_, _| ()).unwrap();
    for route in content.routes.into_iter().rev() {
        let (name, mut later) = (route.name.clone(), route.utterances.clone());
        let mut start = Route::new(name.clone(), vec![later.remove(0)]).unwrap();
        start.negatives = route.negatives;
        start.metadata = route.metadata;
        parts.upsert(start, None).unwrap();
        for utterance in later {
            parts.add_utterances(&name, vec![utterance], None).unwrap();
        }
    }
    assert_same(&whole.snapshot(), &parts.snapshot());
    for query in ["where is my bill", "tell me a joke", "build me a billing system"] {
        let decision = |router| {
            let mut decision = ask(router, query).decision;
            decision.revision = 0.into();
            decision
        };
        assert_eq!(decision(&whole), decision(&parts), "{query}");
    }
}

/// A file of so many short texts.
fn many(count: usize) -> RoutesFile {
    let mut file = file("version: 1\nroutes: []");
    let texts: Vec<Text> = (0..count).map(|i| text(&format!("text {i}"))).collect();
    // Routes of 7 cross the chunks in which texts are shared out.
    for (i, part) in texts.chunks(7).enumerate() {
        file.routes.push(Route::new(name(&format!("r{i:03}")), part.to_vec()).unwrap());
    }
    file
}

#[test]
fn loading_is_the_same_whatever_the_number_of_texts() {
    let single = router();
    let singly: Vec<Vec<f32>> = (0..70)
        .map(|i| single.embed(&[text(&format!("text {i}"))]).unwrap().remove(0).vector)
        .collect();
    for count in [0, 1, 15, 16, 17, 31, 32, 33, 64, 70] {
        let router = router();
        router.load(many(count), &|_, _| ()).unwrap();
        let snapshot = router.snapshot();
        let mut expected = singly.iter();
        for route in snapshot.routes() {
            for placed in snapshot.placed_texts(&Owner::Utterances(route.name.clone())) {
                assert_eq!(&*placed.vector, expected.next().unwrap(), "{count} texts");
            }
        }
        assert_eq!(70 - expected.len(), count);
    }
}

#[test]
fn texts_stay_in_order_when_the_first_take_longest() {
    let (slow, fast) = (moody().0, router());
    let mut content = many(70);
    content.routes[0] = route("r000", &[SLOW]);
    slow.load(content.clone(), &|_, _| ()).unwrap();
    fast.load(content, &|_, _| ()).unwrap();
    assert_same(&slow.snapshot(), &fast.snapshot());
}

#[test]
fn progress_reaches_the_number_of_texts() {
    let seen = Mutex::new(Vec::new());
    router().load(many(70), &|done, of| seen.lock().unwrap().push((done, of))).unwrap();
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    assert!(seen.iter().all(|&(done, of)| done <= of && of == 70), "{seen:?}");
    assert_eq!(seen.last(), Some(&(70, 70)));
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len(), "none twice: {seen:?}");
}

#[test]
fn another_revision_than_expected_changes_nothing() {
    let router = support();
    let before = router.snapshot();
    let (now, new) = (before.revision(), || vec![text("a new one")]);
    for expected in [0, 2, u64::MAX].map(Revision::from) {
        for result in [
            router.upsert(route("greeting", &["hello"]), Some(expected)),
            router.upsert(route("billing", &["hello"]), Some(expected)),
            router.add_utterances(&name("billing"), new(), Some(expected)),
            // Even where nothing would change.
            router.add_utterances(&name("billing"), Vec::new(), Some(expected)),
        ] {
            let error = result.unwrap_err();
            let RouterError::RevisionMismatch { expected: said, found } = error else {
                panic!("{error}")
            };
            assert_eq!((said, found), (expected, now));
        }
    }
    assert!(Arc::ptr_eq(&before, &router.snapshot()));

    let next = router.upsert(route("greeting", &["hello"]), Some(now)).unwrap();
    assert_eq!(next, now.next());
    let next = router.add_utterances(&name("greeting"), new(), Some(next)).unwrap();
    assert_eq!((next, router.snapshot().revision()), (now.next().next(), next));
}

#[test]
fn an_unknown_route_is_named_and_nothing_encoded() {
    let (router, encoder) = moody();
    router.upsert(route("greeting", &["hello"]), None).unwrap();
    let before = (router.snapshot(), encoder.calls.load(Ordering::Relaxed));
    for utterances in [vec![text("hi")], vec![text(FAIL)], Vec::new()] {
        let result = router.add_utterances(&name("Greeting"), utterances, None);
        let error = result.unwrap_err();
        assert!(matches!(&error, RouterError::UnknownRoute { name } if name == "Greeting"));
        assert!(error.to_string().contains("\"Greeting\""), "{error}");
    }
    assert!(Arc::ptr_eq(&before.0, &router.snapshot()));
    assert_eq!(before.1, encoder.calls.load(Ordering::Relaxed));
}

#[test]
fn a_text_that_cannot_be_encoded_changes_nothing() {
    let (router, _) = moody();
    router.load(file(SUPPORT), &|_, _| ()).unwrap();
    let before = router.snapshot();
    let failing_load = |place: usize, texts: usize| {
        let mut content = many(texts);
        content.routes[place / 7].utterances[place % 7] = text(FAIL);
        router.load(content, &|_, _| ())
    };
    let mut negative = file(SUPPORT);
    negative.negatives.push(text(FAIL));
    for (what, place, result) in [
        ("the only text", "routes[0].utterances[0]", failing_load(0, 1)),
        ("the first of many", "routes[0].utterances[0]", failing_load(0, 70)),
        ("one in the middle", "routes[5].utterances[5]", failing_load(40, 70)),
        ("the last of many", "routes[9].utterances[6]", failing_load(69, 70)),
        ("a negative of the file", "negatives[2]", router.load(negative, &|_, _| ())),
        ("a new route", "utterances[1]", router.upsert(route("greeting", &["hello", FAIL]), None)),
        ("a known route", "utterances[0]", router.upsert(route("billing", &[FAIL]), None)),
        (
            "a route's negative",
            "negatives[0]",
            router.upsert(route("a", &["hello"]).with_negatives(vec![text(FAIL)]), None),
        ),
        (
            "an added utterance",
            "utterances[1]",
            router.add_utterances(&name("billing"), vec![text("fine"), text(FAIL)], None),
        ),
    ] {
        let error = result.expect_err(what);
        let RouterError::EncodeText { place: said, .. } = &error else { panic!("{what}: {error}") };
        assert_eq!(said, place, "{what}");
        assert!(Arc::ptr_eq(&before, &router.snapshot()), "{what}");
    }
    let query = text("where is my bill");
    assert!(router.route(&query, RouteOptions::default()).is_ok());
    assert_eq!(number(router.upsert(route("greeting", &["hello"]), None).unwrap()), 2);
}

/// Adds a route and two utterances, and asks for each as soon as it was added.
fn write_and_read(router: &Router, writer: usize, round: usize) -> Vec<Revision> {
    const SUBJECTS: [&str; 4] = ["volcanoes", "violins", "tax law", "penguins"];
    let called = name(&format!("{writer}-{round}"));
    let said = |what: &str| format!("{what} {} number {writer}{round}", SUBJECTS[writer]);
    let first = said("tell me all about");
    let mut revisions = vec![router.upsert(route(called.as_str(), &[&first]), None).unwrap()];
    assert_eq!(intent(&ask(router, &first)), Some(called.as_str()));
    for what in ["books on", "who knows"] {
        let said = said(what);
        let added = router.add_utterances(&called, vec![text(&said)], None).unwrap();
        let options =
            RouteOptions { top_k: Some(100.try_into().unwrap()), ..RouteOptions::default() };
        let decision = router.route(&text(&said), options).unwrap().decision;
        assert!(decision.revision >= added);
        let mine = decision.candidates.iter().find(|candidate| candidate.route == called).unwrap();
        assert_eq!(mine.nearest[0].utterance.as_str(), said);
        assert!(mine.nearest[0].similarity > 0.999, "{}", mine.nearest[0].similarity);
        revisions.push(added);
    }
    revisions
}

#[test]
fn what_was_added_counts_at_once_from_every_thread() {
    let router = support();
    let start = number(router.snapshot().revision());
    let write = |writer| (0..4).flat_map(|round| write_and_read(&router, writer, round)).collect();
    let revisions: Vec<Vec<Revision>> = thread::scope(|scope| {
        let write = &write;
        let writers: Vec<_> = (0..4).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    // No writer's change was lost, and no two were given one revision.
    assert!(revisions.iter().all(|of_one| of_one.is_sorted()));
    let mut all: Vec<u64> = revisions.concat().into_iter().map(number).collect();
    all.sort_unstable();
    assert_eq!(all, (start + 1..=start + 48).collect::<Vec<_>>());
    let snapshot = router.snapshot();
    assert_eq!((number(snapshot.revision()), snapshot.routes().count()), (start + 48, 3 + 16));
    let mut added = snapshot.routes().filter(|route| route.name.as_str().contains('-'));
    assert!(added.all(|route| route.utterances == 3));
}
