//! Files of earlier versions. A fixture is what that version wrote, schema and all: it is
//! never made anew.

use std::path::Path;

use rusqlite::Connection;
use synaptoroute_router::{Change, Cut, SimilarityCut};
use synaptoroute_store::{ModelIdentity, Reader, Store, StoreError};

use crate::mirror::load;
use crate::support::{apply, default, options, revision, texts};

/// Every schema before the present one.
const FIXTURES: [(i64, &str); 3] = [
    (1, include_str!("fixtures/schema-1.sql")),
    (2, include_str!("fixtures/schema-2.sql")),
    (3, include_str!("fixtures/schema-3.sql")),
];

fn make(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

fn newer_model() -> ModelIdentity {
    ModelIdentity { fingerprint: "beef".into(), name: "newer".into(), dimensions: 4 }
}

#[test]
fn an_older_file_is_brought_to_the_present() {
    for (schema, sql) in FIXTURES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("routes.db");
        make(&path, sql);
        let refused = Reader::open(&path).unwrap_err();
        assert!(matches!(refused, StoreError::TooOld { found } if found == schema));

        for opening in ["first", "second"] {
            let store = Store::open(&path, &newer_model(), options(1_000)).unwrap();
            assert_eq!(store.model().fingerprint, "f00d", "{opening}: the file's own model");
            let models = store.models().unwrap();
            let [model] = models.as_slice() else { panic!("{models:?}") };
            assert!(model.in_use && model.bytes.is_none(), "{model:?}");
            let loaded = load(&store);
            assert_eq!(loaded.len(), 2);
            assert_eq!(loaded[&default()].0, revision(9));
            let file = store.export(&default()).unwrap();
            assert_eq!(file.settings.margin.get(), 0.5);
            assert_eq!(file.negatives, texts(&["what is the capital of France"]));
            let [billing] = file.routes.as_slice() else { panic!("{:?}", file.routes) };
            let utterances = ["where is my bill", "I was charged twice", "ça coûte combien ?"];
            assert_eq!(billing.utterances, texts(&utterances));
            assert_eq!(billing.negatives, texts(&["build me a billing system"]));
            assert_eq!(billing.threshold, Some(Cut::try_from(0.6).unwrap()));
            assert_eq!(billing.score_threshold, Some(SimilarityCut::try_from(0.25).unwrap()));
            assert_eq!(billing.description.as_deref(), Some("Invoices"));
            let keys: Vec<&String> = billing.metadata.keys().collect();
            assert_eq!(keys, ["z", "a"]);
        }
    }
}

#[test]
fn its_history_stays_usable() {
    for (_, sql) in FIXTURES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("routes.db");
        make(&path, sql);
        let mut store = Store::open(&path, &newer_model(), options(1_000)).unwrap();
        let applied = apply(&mut store, &Change::Rollback(revision(2))).unwrap();
        assert_eq!(applied.revision, revision(10));
        let names: Vec<String> =
            store.export(&default()).unwrap().routes.into_iter().map(|r| r.name.into()).collect();
        assert_eq!(names, ["billing", "gone"]);
        assert!(store.diff(&default(), revision(2), revision(10)).unwrap().is_empty());
        load(&store);
    }
}
