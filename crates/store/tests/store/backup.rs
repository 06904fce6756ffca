//! Copies of a live database.

use std::fs;

use synaptoroute_router::Change;
use synaptoroute_store::{Reader, StoreError};

use crate::mirror::load;
use crate::support::{apply, open, route};

#[test]
fn a_copy_of_a_live_database_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut store = open(&path);
    for n in 0..30 {
        apply(&mut store, &Change::Upsert(route(&format!("route {n}"), &["a", "b"]))).unwrap();
    }
    // What is committed is in the log, not in the file.
    assert!(fs::metadata(folder.path().join("routes.db-wal")).unwrap().len() > 0);

    let by_writer = folder.path().join("by writer.db");
    let mut told = Vec::new();
    store.backup_to(&by_writer, false, &mut |done, all| told.push((done, all))).unwrap();
    assert!(matches!(told.last(), Some((done, all)) if done == all), "{told:?}");
    let by_reader = folder.path().join("by reader.db");
    Reader::open(&path).unwrap().backup_to(&by_reader, false, &mut |_, _| ()).unwrap();

    let whole = load(&store);
    apply(&mut store, &Change::Upsert(route("later", &["c"]))).unwrap();
    for copy in [by_writer, by_reader] {
        // The file alone: it is moved away from anything beside it.
        let elsewhere = tempfile::tempdir().unwrap();
        let alone = elsewhere.path().join("copy.db");
        fs::rename(&copy, &alone).unwrap();
        let mut copy = open(&alone);
        assert_eq!(load(&copy), whole);
        apply(&mut copy, &Change::Upsert(route("new", &["d"]))).unwrap();
    }
    let left: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("routes.db"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_copy_overwrites_only_if_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let store = open(&path);
    let copy = folder.path().join("copy.db");
    fs::write(&copy, "mine").unwrap();
    let error = store.backup_to(&copy, false, &mut |_, _| ()).unwrap_err();
    assert!(matches!(error, StoreError::Exists { .. }), "{error}");
    assert_eq!(fs::read(&copy).unwrap(), b"mine");
    store.backup_to(&copy, true, &mut |_, _| ()).unwrap();
    assert_eq!(load(&Reader::open(&copy).unwrap()), load(&store));
    let nowhere = folder.path().join("no such folder/copy.db");
    let error = store.backup_to(&nowhere, false, &mut |_, _| ()).unwrap_err();
    assert!(matches!(error, StoreError::File { .. }), "{error}");
}
