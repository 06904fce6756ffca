//! What nobody should do, and what someone did.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use synaptoroute::{
    Change, Durability, Embedding, EncodeError, Encoder, ModelInfo, Owner, Route, RoutePatch,
    Router, RouterError, Text,
};

use crate::child::open;
use crate::settle::assert_sound;
use crate::support::{Over, Signs, name, route, space, text};

fn utterances(router: &Router, of: &str) -> Vec<Text> {
    router.snapshot().texts(&Owner::Utterances(name(of)))
}

#[test]
fn a_cut_of_minus_zero_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Relaxed);
    router.upsert(route("a", &["hello"]), None).unwrap();
    let patch = RoutePatch {
        threshold: Some(Some((-0.0).try_into().unwrap())),
        score_threshold: Some(Some((-0.0).try_into().unwrap())),
        ..RoutePatch::default()
    };
    router.patch(&name("a"), patch, None).unwrap();
    let before = router.export();
    drop(router);
    assert_eq!(open(&path, Durability::Relaxed).export(), before);
    assert_eq!(before.1.routes[0].score_threshold.map(f64::from), Some(0.0));
}

#[test]
fn a_vector_that_is_no_unit_vector_is_refused_and_hurts_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Relaxed);
    router.upsert(route("a", &["hello"]), None).unwrap();
    let unit = [0.125_f32; 64];
    let with = |value: f32| {
        let mut vector = unit;
        vector[7] = value;
        vector.to_vec()
    };
    for (what, vector) in [
        ("long", vec![2.0; 64]),
        ("a little long", unit.map(|x| x * 1.002).to_vec()),
        ("short", unit.map(|x| x * 0.5).to_vec()),
        ("nothing", vec![0.0; 64]),
        ("NaN", with(f32::NAN)),
        ("infinite", with(f32::INFINITY)),
        ("huge", with(f32::MAX)),
        ("narrow", vec![0.25; 16]),
        ("wide", vec![0.0625; 256]),
        ("empty", Vec::new()),
    ] {
        let add = Change::AddTexts(Owner::Utterances(name("a")), vec![text("new"), text("newer")]);
        let draft = router.draft(add, None).unwrap();
        let error = router.commit(draft, vec![unit.to_vec(), vector]).unwrap_err();
        assert!(!error.is_store_failure(), "{what}: {error}");
        assert!(
            error.to_string().contains("newer") || error.to_string().contains("numbers"),
            "{error}"
        );
        assert_eq!(utterances(&router, "a"), [text("hello")], "{what}");
        assert_eq!(router.store_trouble(), None, "{what}");
    }
    router.upsert(route("b", &["new"]), None).unwrap();
    let before = router.export();
    drop(router);
    assert_eq!(open(&path, Durability::Relaxed).export(), before);
}

#[test]
fn a_handle_on_a_deleted_namespace_does_not_change_its_namesake() {
    let router = Router::new(Signs::encoder());
    let of = space("tenant");
    router.create_namespace(&of).unwrap();
    let old = router.namespace(&of).unwrap();
    old.upsert(route("a", &["hello"]), None).unwrap();
    router.delete_namespace(&of).unwrap();
    router.create_namespace(&of).unwrap();
    let new = router.namespace(&of).unwrap();
    let gone = |result: Result<_, RouterError>| {
        assert!(matches!(result, Err(RouterError::UnknownNamespace { .. })), "{result:?}");
    };
    gone(old.upsert(route("b", &["too late"]), None).map(drop));
    gone(old.revisions(None, 10).map(drop));
    gone(old.diff(0.into(), 0.into()).map(drop));
    assert_eq!((new.snapshot().revision().get(), new.snapshot().route_count()), (0, 0));
    // What it last saw it sees still.
    assert_eq!(utterances(&old, "a"), [text("hello")]);
    new.upsert(route("b", &["in time"]), None).unwrap();
    assert_eq!(new.revisions(None, 10).unwrap().len(), 1);
}

#[test]
fn namespaces_come_and_go_while_others_write_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Relaxed);
    let of = space("tenant");
    thread::scope(|scope| {
        for writer in 0..4 {
            let (router, of) = (&router, &of);
            scope.spawn(move || {
                for round in 0..150 {
                    let _ = router.create_namespace(of).unwrap();
                    let Ok(handle) = router.namespace(of) else { continue };
                    let said = format!("writer{writer} says {round}");
                    let route = route(&format!("r{writer}"), &[&said]);
                    match handle.upsert(route, None) {
                        // Its own route: only a deletion of all takes it away.
                        Ok(_) => {
                            assert_eq!(utterances(&handle, &format!("r{writer}")), [text(&said)])
                        }
                        Err(RouterError::UnknownNamespace { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                    if round % 3 == 0 {
                        match router.delete_namespace(of) {
                            Ok(()) | Err(RouterError::UnknownNamespace { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            });
        }
    });
    router.create_namespace(&of).unwrap();
    let before = router.namespace(&of).unwrap().export();
    drop(router);
    let router = open(&path, Durability::Relaxed);
    assert_eq!(router.namespace(&of).unwrap().export(), before);
    drop(router);
    assert_sound(&path);
}

#[test]
fn a_closed_file_is_free_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    for round in 0..5 {
        let router = open(&path, Durability::Relaxed);
        let many: Vec<Text> = (0..4000).map(|i| text(&format!("hello {round} {i}"))).collect();
        let all = Owner::Utterances(name("a"));
        router.upsert(Route::new(name("a"), many.clone()).unwrap(), None).unwrap();
        router.upsert(route("b", &[&format!("the last {round}")]), None).unwrap();
        // Now there is much to compact, and the compactor is at it when the router goes.
        router.remove_texts(all, many[..2000].to_vec(), None).unwrap();
        drop(router);
    }
}

#[test]
fn a_backup_never_replaces_a_database_that_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Full);
    router.upsert(route("a", &["hello"]), None).unwrap();
    let other_path = folder.path().join("other.db");
    let other = open(&other_path, Durability::Full);
    other.upsert(route("b", &["goodbye"]), None).unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for to in [&path, &folder.path().join(".").join("routes.db"), &link, &other_path] {
        let error = router.backup(to, true, &|_, _| ()).unwrap_err();
        assert!(error.to_string().contains("in use"), "{}: {error}", to.display());
    }
    router.upsert(route("c", &["after"]), None).unwrap();
    drop((router, other));
    assert_eq!(open(&path, Durability::Full).snapshot().route_count(), 2);
    assert_eq!(open(&other_path, Durability::Full).snapshot().route_count(), 1);
}

#[test]
fn a_backup_is_not_mixed_with_the_log_of_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Full);
    router.upsert(route("a", &["hello"]), None).unwrap();
    for leave_database in [true, false] {
        // What a killed process leaves: a database, and a log that is yet to go into it.
        let to = folder.path().join(format!("copy-{leave_database}.db"));
        let log = to.with_extension("db-wal");
        let killed = open(&to, Durability::Full);
        for number in 0..20 {
            killed.upsert(route("b", &[&format!("goodbye {number}")]), None).unwrap();
        }
        let kept = [&to, &log].map(|file| fs::read(file).unwrap());
        drop(killed);
        fs::write(&log, &kept[1]).unwrap();
        if leave_database {
            fs::write(&to, &kept[0]).unwrap();
        } else {
            fs::remove_file(&to).unwrap();
        }
        if !leave_database {
            // Somebody may want to bring the log and its database together again.
            let error = router.backup(&to, false, &|_, _| ()).unwrap_err();
            assert!(error.to_string().contains("db-wal exists"), "{error}");
            assert_eq!(fs::read(&log).unwrap(), kept[1]);
        }
        router.backup(&to, true, &|_, _| ()).unwrap();
        let copy = open(&to, Durability::Full);
        assert_eq!(copy.export(), router.export());
        assert_eq!(copy.revisions(None, 10).unwrap(), router.revisions(None, 10).unwrap());
        drop(copy);
        assert_sound(&to);
    }
}

#[test]
fn a_reader_beside_a_writer_sees_one_revision_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Relaxed);
    router.upsert(route("a", &["hello"]), None).unwrap();
    let over = Over::default();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let _ends = over.at_the_end();
            for _ in 0..200 {
                let seen = Router::read_only(Signs::encoder(), &path).unwrap();
                let count = utterances(&seen, "a").len() as u64;
                assert_eq!(seen.snapshot().revision().get(), count);
            }
        });
        let mut number = 0;
        while !over.is() {
            let more = vec![text(&format!("hello {number}"))];
            router.add_utterances(&name("a"), more, None).unwrap();
            number += 1;
        }
        reader.join().unwrap();
    });
}

#[test]
fn one_file_has_one_writer_by_whatever_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    // Two links to a file that is yet to be made.
    let links = ["one.db", "two.db"].map(|link| folder.path().join(link));
    for link in &links {
        std::os::unix::fs::symlink(&path, link).unwrap();
    }
    let first = open(&links[0], Durability::Relaxed);
    for second in [&links[0], &links[1], &path] {
        refused(second);
    }
    first.upsert(route("a", &["hello"]), None).unwrap();
    drop(first);
    assert_eq!(open(&path, Durability::Relaxed).snapshot().route_count(), 1);
}

#[track_caller]
fn refused(path: &Path) {
    let options = crate::child::options(Durability::Relaxed);
    let error = Router::open(Signs::encoder(), path, options, &|_, _| ()).unwrap_err();
    assert!(error.to_string().contains("in use"), "{}: {error}", path.display());
}

/// Panics when it is asked what it is.
struct Fickle(Arc<dyn Encoder>, AtomicBool);

impl Encoder for Fickle {
    fn model(&self) -> &ModelInfo {
        assert!(!self.1.load(Ordering::Relaxed), "asked once too often");
        self.0.model()
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>, EncodeError> {
        self.0.encode(texts)
    }
}

#[test]
fn what_is_durable_becomes_visible_though_publishing_it_panics() {
    let encoder = Arc::new(Fickle(Signs::encoder(), AtomicBool::new(false)));
    let router = Router::new(Arc::clone(&encoder) as Arc<dyn Encoder>);
    router.upsert(route("a", &["hello"]), None).unwrap();
    encoder.1.store(true, Ordering::Relaxed);
    // A namespace is made for vectors as wide as the model's: it is asked when all is on disk.
    assert!(router.create_namespace(&space("b")).unwrap());
    encoder.1.store(false, Ordering::Relaxed);
    let made = router.namespace(&space("b")).unwrap();
    made.upsert(route("b", &["goodbye"]), None).unwrap();
    router.add_utterances(&name("a"), vec![text("hello again")], None).unwrap();
    assert_eq!(utterances(&router, "a"), [text("hello"), text("hello again")]);
    assert_eq!(utterances(&made, "b"), [text("goodbye")]);
}

#[test]
fn a_text_that_the_file_knows_keeps_its_vector() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Relaxed);
    router.create_namespace(&space("b")).unwrap();
    router.upsert(route("a", &["hello"]), None).unwrap();
    let other = router.namespace(&space("b")).unwrap();
    // A caller with a vector of its own, for a text that another namespace has.
    let draft = other.draft(Change::Upsert(route("b", &["hello", "new"])), None).unwrap();
    other.commit(draft, vec![vec![-0.125; 64], vec![0.125; 64]]).unwrap();
    let vectors = |router: &Router| {
        let texts = router.snapshot().placed_texts(&Owner::Utterances(name("b")));
        texts.into_iter().map(|placed| placed.vector.to_vec()).collect::<Vec<_>>()
    };
    let encoded = router.embed(&[text("hello")]).unwrap().remove(0).vector;
    let before = vectors(&other);
    assert_eq!(before, [encoded, vec![0.125; 64]]);
    // Its last use in one namespace is not its last use.
    router.delete_route(&name("a"), None).unwrap();
    drop((router, other));
    let router = open(&path, Durability::Relaxed);
    assert_eq!(vectors(&router.namespace(&space("b")).unwrap()), before);
}

#[test]
fn a_hundred_thousand_texts_are_one_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path, Durability::Full);
    let many: Vec<Text> = (0..100_000).map(|i| text(&format!("topic{} is {i}", i % 100))).collect();
    router.upsert(Route::new(name("a"), many.clone()).unwrap(), None).unwrap();
    router.upsert(Route::new(name("b"), many[..50_000].to_vec()).unwrap(), None).unwrap();
    router.delete_route(&name("a"), None).unwrap();
    router.rollback(1.into(), None).unwrap();
    assert_eq!(utterances(&router, "a"), many);
    assert_eq!(router.snapshot().route_count(), 1);
    drop(router);
    let router = open(&path, Durability::Full);
    assert_eq!((router.snapshot().revision().get(), utterances(&router, "a")), (4, many));
    drop(router);
    assert_sound(&path);
}
