//! Vectors of another model.

use std::cell::Cell;

use synaptoroute_router::{Change, Text};
use synaptoroute_store::{ModelIdentity, Reader, ReembedError, Store, StoreError};

use crate::mirror::load;
use crate::support::{apply, open, options, revision, route};

fn other() -> ModelIdentity {
    ModelIdentity { fingerprint: "beef".into(), name: "other".into(), dimensions: 3 }
}

fn embed(batch: &[Text]) -> Result<Vec<Vec<f32>>, String> {
    Ok(batch.iter().map(|text| vec![text.as_str().len() as f32, 1.0, 2.0]).collect())
}

#[test]
fn every_vector_is_replaced_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut store = open(&path);
    let many: Vec<String> = (0..1_200).map(|n| format!("text {n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    apply(&mut store, &Change::Upsert(route("great", &many))).unwrap();
    apply(&mut store, &Change::Upsert(route("great", &["text 3"]))).unwrap();
    let before = load(&store);
    let reader = Reader::open(&path).unwrap();

    let batches = Cell::new(0);
    let fails = |batch: &[Text]| {
        batches.set(batches.get() + 1);
        if batches.get() == 3 { Err("out of memory".to_owned()) } else { embed(batch) }
    };
    let error = store.reembed(&other(), fails, &|_, _| ()).unwrap_err();
    assert!(matches!(&error, ReembedError::Embed(why) if why == "out of memory"), "{error}");
    let short = |batch: &[Text]| embed(batch).map(|mut vectors| vectors.split_off(1));
    let error = store.reembed(&other(), short, &|_, _| ()).unwrap_err();
    assert!(matches!(&error, ReembedError::Count { expected: 512, found: 511 }), "{error}");
    assert_eq!(store.model().fingerprint, "f00d");
    assert_eq!(load(&store), before);

    let told = Cell::new((0, 0));
    store.reembed(&other(), embed, &|done, all| told.set((done, all))).unwrap();
    assert_eq!(told.get(), (1_200, 1_200));
    assert_eq!(*store.model(), other());
    let after = load(&store);
    assert_ne!(after, before);
    let refused = reader.load(&mut |_, _, _| ()).unwrap_err();
    assert!(matches!(refused, StoreError::ModelChanged), "{refused}");

    drop(store);
    let mut store = Store::open(&path, &other(), options(1_000)).unwrap();
    assert_eq!(*store.model(), other());
    assert_eq!(load(&store), after);
    // What only an earlier revision holds has new vectors too.
    apply(&mut store, &Change::Rollback(revision(1))).unwrap();
    load(&store);
}
