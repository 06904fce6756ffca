//! Bytes that a disk changed: noticed, or without effect, but never believed.

use std::fs;
use std::path::Path;

use synaptoroute_router::{Change, Owner, Route, RouteAttributes, SettingsPatch, Text};
use synaptoroute_store::{Reader, StoreError};

use crate::mirror::{Mirror, load};
use crate::support::{apply, default, name, open, route, text, texts};

/// A file of some pages, closed; what it holds.
fn make(path: &Path) -> Vec<(Mirror, u64)> {
    let mut store = open(path);
    for of in ["billing", "help", "weather"] {
        let utterances: Vec<Text> = (0..12).map(|n| text(&format!("{of} number {n}"))).collect();
        let attributes = RouteAttributes {
            description: Some(format!("what {of} is for")),
            ..RouteAttributes::default()
        };
        let route = Route::new(name(of), utterances).unwrap().with_attributes(attributes);
        apply(&mut store, &Change::Upsert(route)).unwrap();
    }
    apply(&mut store, &Change::AddTexts(Owner::Namespace, texts(&["none of these"]))).unwrap();
    let settings =
        SettingsPatch { top_k: Some(Some(9.try_into().unwrap())), ..SettingsPatch::default() };
    apply(&mut store, &Change::Settings(settings)).unwrap();
    content(&store)
}

fn content(reads: &synaptoroute_store::Reads) -> Vec<(Mirror, u64)> {
    load(reads).into_values().map(|(revision, mirror)| (mirror, revision.get())).collect()
}

/// As [`content`], where reading may fail.
fn read(path: &Path) -> Result<Vec<(Mirror, u64)>, StoreError> {
    let reader = Reader::open(path)?;
    reader.load(&mut |_, _, _| ())?;
    Ok(content(&reader))
}

#[test]
fn a_flipped_byte_is_noticed_or_harmless() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let whole = make(&path);
    let bytes = fs::read(&path).unwrap();
    let mut noticed = 0;
    // 61 is prime to all that lies at regular distances in the file.
    for at in (0..bytes.len()).step_by(61) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&path, &damaged).unwrap();
        match read(&path) {
            Ok(content) => assert_eq!(content, whole, "byte {at}"),
            Err(error) => {
                assert!(error.is_store_failure(), "byte {at}: {error}");
                noticed += 1;
            }
        }
    }
    // The vectors alone are more than this.
    assert!(noticed > 100, "{noticed} of {}", bytes.len() / 61);
}

#[test]
fn a_damaged_vector_names_its_text_and_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    make(&path);
    let mut bytes = fs::read(&path).unwrap();
    let needle = b"help number 3";
    let found = bytes.windows(needle.len()).position(|w| w == needle).unwrap();
    bytes[found + needle.len() + 5] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = read(&path).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    let words = error.to_string();
    assert!(words.contains("text 16 ") && words.contains("backup"), "{words}");
}

#[test]
fn a_truncated_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    make(&path);
    let bytes = fs::read(&path).unwrap();
    for keep in [bytes.len() - 1, bytes.len() / 2, 5_000, 100] {
        fs::write(&path, &bytes[..keep]).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{keep} bytes: {error:?}");
    }
}

#[test]
fn a_damaged_log_loses_what_was_not_yet_in_the_file_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    make(&path);
    let mut store = open(&path);
    let mut contents = vec![content(&store)];
    for n in 0..4 {
        apply(&mut store, &Change::Upsert(route(&format!("new {n}"), &["a", "b"]))).unwrap();
        contents.push(content(&store));
    }
    // What is on disk when the machine stops now.
    let log = fs::read(folder.path().join("routes.db-wal")).unwrap();
    let file = fs::read(&path).unwrap();
    drop(store);
    for cut in (0..log.len()).step_by(1_001) {
        let other = tempfile::tempdir().unwrap();
        let path = other.path().join("routes.db");
        fs::write(&path, &file).unwrap();
        fs::write(other.path().join("routes.db-wal"), &log[..cut]).unwrap();
        let store = open(&path);
        assert!(contents.contains(&content(&store)), "cut at {cut}");
        assert!(store.export(&default()).is_ok());
    }
}
