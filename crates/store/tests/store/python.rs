//! Files of the Python package.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use synaptoroute_router::SimilarityCut;
use synaptoroute_store::python::{PythonFileError, is_python_file, read};
use synaptoroute_store::{Store, StoreError};

use crate::support::{model, name, open, options, texts};

/// The tables as that package makes them: the embedding came later than the rest.
const TABLES: &str = "
    CREATE TABLE routes (name TEXT PRIMARY KEY, threshold REAL, metadata TEXT);
    CREATE TABLE utterances (id INTEGER PRIMARY KEY AUTOINCREMENT, route_name TEXT,
        utterance TEXT, FOREIGN KEY(route_name) REFERENCES routes(name) ON DELETE CASCADE,
        UNIQUE(route_name, utterance));
    ALTER TABLE utterances ADD COLUMN embedding BLOB;";

/// As that package leaves it: in WAL mode. The connection is still open.
fn make(path: &Path, rows: &str) -> Connection {
    let db = Connection::open(path).unwrap();
    db.pragma_update(None, "journal_mode", "wal").unwrap();
    db.pragma_update(None, "foreign_keys", false).unwrap();
    db.execute_batch(TABLES).unwrap();
    db.execute_batch(rows).unwrap();
    db
}

const ROWS: &str = r#"
    INSERT INTO routes VALUES ('billing', 0.5, '{"team": "finance", "caf\u00e9": [1]}');
    INSERT INTO routes VALUES ('help', NULL, NULL);
    INSERT INTO utterances (route_name, utterance, embedding) VALUES
        ('billing', 'where is my bill', x'00'), ('help', 'help me', NULL),
        ('billing', 'I was charged twice', x'01'), ('deleted', 'left over', NULL);"#;

#[test]
fn texts_cuts_and_metadata_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a file?.db");
    let live = make(&path, ROWS);
    let while_open = read(&path).unwrap();
    drop(live);
    let names = || -> Vec<_> {
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect()
    };
    assert_eq!(names(), ["a file?.db"]);
    assert!(is_python_file(&path));
    let file = read(&path).unwrap();
    assert_eq!(names(), ["a file?.db"], "nothing is left beside it");
    assert_eq!(file, while_open);

    let [billing, help] = file.routes.as_slice() else { panic!("{:?}", file.routes) };
    assert_eq!((&billing.name, &help.name), (&name("billing"), &name("help")));
    assert_eq!(billing.utterances, texts(&["where is my bill", "I was charged twice"]));
    assert_eq!(billing.score_threshold, Some(SimilarityCut::try_from(0.5).unwrap()));
    assert_eq!(billing.threshold, None);
    assert_eq!(
        serde_json::to_string(&billing.metadata).unwrap(),
        r#"{"team":"finance","café":[1]}"#
    );
    assert_eq!(help.score_threshold, None);
    assert!(help.metadata.is_empty());
    // And it is not opened as one of ours.
    let error = Store::open(&path, &model(), options(1)).unwrap_err();
    assert!(matches!(error, StoreError::NotOurs { .. }), "{error}");
}

#[test]
fn a_bad_row_is_named() {
    let good = "INSERT INTO routes VALUES ('r', 0.5, NULL);
        INSERT INTO utterances (route_name, utterance) VALUES ('r', 'u');";
    let cases = [
        (
            "INSERT INTO utterances (route_name, utterance) VALUES ('r', ' ');",
            "utterances, row 2",
            "blank",
        ),
        (
            "INSERT INTO utterances (route_name, utterance) VALUES ('r', x'ff');",
            "utterances, row 2",
            "no text",
        ),
        ("INSERT INTO routes VALUES ('s', 0.5, NULL);", "routes, row 2", "no utterances"),
        ("UPDATE routes SET metadata = '{';", "routes, row 1", "JSON"),
        ("UPDATE routes SET metadata = '[1]';", "routes, row 1", "JSON object"),
        (
            "UPDATE routes SET metadata = '{\"k\": \"' || hex(zeroblob(40000)) || '\"}';",
            "routes, row 1",
            "64 KiB",
        ),
        ("UPDATE routes SET threshold = 1.5;", "routes, row 1", "1.5"),
        ("UPDATE routes SET threshold = 'high';", "routes, row 1", "threshold"),
        (
            "UPDATE routes SET name = ' r'; UPDATE utterances SET route_name = ' r';",
            "routes, row 1",
            "white space",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (index, (rows, place, why)) in cases.into_iter().enumerate() {
        let path = folder.path().join(format!("{index}.db"));
        make(&path, &format!("{good}{rows}"));
        let error = read(&path).unwrap_err();
        assert!(matches!(error, PythonFileError::Row { .. }), "{rows}: {error}");
        let words = error.to_string();
        assert!(words.contains(place) && words.contains(why), "{rows}: {words}");
    }
}

#[test]
fn other_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("ours.db");
    open(&ours);
    let yaml = folder.path().join("routes.yaml");
    fs::write(&yaml, "version: 1\nroutes: []\n").unwrap();
    let missing = folder.path().join("missing.db");
    for path in [&ours, &yaml, &missing] {
        assert!(!is_python_file(path), "{}", path.display());
        assert!(read(path).is_err());
    }
    assert!(matches!(read(&ours), Err(PythonFileError::NotPython { .. })));
    assert!(matches!(read(&missing), Err(PythonFileError::Store(StoreError::Missing { .. }))));
    assert!(!missing.exists());
}
