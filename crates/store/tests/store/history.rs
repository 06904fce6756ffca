//! The log, forgetting, and a file that stays as small as what is kept.

use std::fs;

use synaptoroute_router::{Change, ImportMode, Owner, RoutesFile, SettingsPatch};
use synaptoroute_store::{Store, StoreError};

use crate::support::{apply, default, model, name, open, options, revision, route, texts, vectors};

#[test]
fn the_log_says_what_was_done() {
    let mut store = Store::in_memory(&model(), options(1_000)).unwrap();
    let billing = || Owner::Utterances(name("billing"));
    let mut file = RoutesFile::default();
    file.routes.push(route("help", &["h"]));
    for change in [
        Change::Upsert(route("billing", &["a"])),
        Change::AddTexts(billing(), texts(&["a", "b", "c"])),
        Change::RemoveTexts(billing(), texts(&["c"])),
        Change::AddTexts(Owner::Negatives(name("billing")), texts(&["n"])),
        Change::AddTexts(Owner::Namespace, texts(&["n"])),
        Change::Settings(SettingsPatch {
            margin: Some(Some(0.5.try_into().unwrap())),
            ..SettingsPatch::default()
        }),
        Change::Import(file, ImportMode::Replace),
        Change::Rollback(revision(3)),
        Change::DeleteRoute(name("billing")),
    ] {
        apply(&mut store, &change).unwrap();
    }
    let log = store.revisions(&default(), None, 100).unwrap();
    let words: Vec<&str> = log.iter().rev().map(|entry| entry.change.as_str()).collect();
    assert_eq!(
        words,
        [
            "upsert billing",
            "add 2 utterances of billing",
            "remove 1 utterance of billing",
            "add 1 negative of billing",
            "add 1 negative",
            "settings",
            "import 1 route, replacing all",
            "rollback to 3",
            "delete billing",
        ]
    );
    assert!(log.iter().all(|entry| entry.at_unix_ms == 7));
    let page = store.revisions(&default(), Some(revision(5)), 2).unwrap();
    let page: Vec<u64> = page.iter().map(|entry| entry.revision.get()).collect();
    assert_eq!(page, [4, 3]);
}

#[test]
fn what_is_no_longer_kept_says_what_is() {
    let mut store = Store::in_memory(&model(), options(3)).unwrap();
    for n in 0..6 {
        apply(&mut store, &Change::Upsert(route("billing", &[&format!("text {n}")]))).unwrap();
    }
    assert_eq!(store.oldest_kept(&default()).unwrap(), revision(4));
    let gone = apply(&mut store, &Change::Rollback(revision(3))).unwrap_err();
    assert!(matches!(gone, StoreError::RevisionGone { .. }), "{gone}");
    assert_eq!(gone.to_string(), "revision 3 is no longer kept; the oldest that is kept is 4");
    let unknown = store.diff(&default(), revision(4), revision(7)).unwrap_err();
    assert!(matches!(unknown, StoreError::RevisionUnknown { .. }), "{unknown}");
    apply(&mut store, &Change::Rollback(revision(4))).unwrap();
    assert_eq!(store.export(&default()).unwrap().routes[0].utterances, texts(&["text 3"]));
}

#[test]
fn keeping_fewer_revisions_takes_effect_with_the_next_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut store = open(&path);
    for n in 0..50 {
        apply(&mut store, &Change::Upsert(route("billing", &[&format!("text {n}")]))).unwrap();
    }
    drop(store);
    for (keep, oldest) in [(10, 42), (1_000, 42)] {
        let mut store = Store::open(&path, &model(), options(keep)).unwrap();
        let add = Change::AddTexts(Owner::Namespace, texts(&[&format!("keep {keep}")]));
        apply(&mut store, &add).unwrap();
        assert_eq!(store.oldest_kept(&default()).unwrap(), revision(oldest));
    }
}

#[test]
fn overwriting_one_route_leaves_the_file_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut store = Store::open(&path, &model(), options(100)).unwrap();
    let mut sizes = Vec::new();
    for round in 0..20 {
        let mut transaction = store.begin().unwrap();
        for n in 0..500 {
            let utterances: Vec<String> =
                (0..5).map(|i| format!("utterance {i} of {}", round * 500 + n)).collect();
            let utterances: Vec<&str> = utterances.iter().map(String::as_str).collect();
            let change = Change::Upsert(route("billing", &utterances));
            transaction.apply(&default(), None, &change, &vectors(&change, 0), 0).unwrap();
        }
        transaction.commit().unwrap();
        drop(store);
        sizes.push(fs::metadata(&path).unwrap().len());
        store = Store::open(&path, &model(), options(100)).unwrap();
    }
    assert_eq!(store.namespaces().unwrap()[0].1, revision(10_000));
    let (early, late) = (sizes[1], sizes[19]);
    assert!(late <= early + early / 20, "{sizes:?}");
}

#[test]
fn what_one_great_change_leaves_is_swept_by_the_small_ones_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut store = Store::open(&path, &model(), options(2)).unwrap();
    let many: Vec<String> = (0..3_000).map(|n| format!("text number {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    apply(&mut store, &Change::Upsert(route("great", &many))).unwrap();
    apply(&mut store, &Change::DeleteRoute(name("great"))).unwrap();
    for n in 0..400 {
        apply(&mut store, &Change::Upsert(route("small", &[&format!("small {n}")]))).unwrap();
    }
    drop(store);
    let rows: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM texts", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 2, "those of the two kept revisions");
}
