//! Vectors of another model.

use std::cell::Cell;

use synaptoroute_router::{Change, NamespaceName, Text};
use synaptoroute_store::{
    Learned, ModelIdentity, NewFit, NewModel, Reader, ReembedError, Reembedding, Store, StoreError,
};

use crate::mirror::load;
use crate::support::{apply, default, model, open, options, revision, route};

fn other() -> ModelIdentity {
    ModelIdentity { fingerprint: "beef".into(), name: "other".into(), dimensions: 3 }
}

fn reembed<E>(
    store: &mut Store,
    embed: impl FnMut(&[Text]) -> Result<Vec<Vec<f32>>, E>,
    progress: &dyn Fn(usize, usize),
) -> Result<(), ReembedError<E>> {
    let model = NewModel::elsewhere(other());
    let new = Reembedding { model: &model, before: None, fits: &[], at_unix_ms: 9 };
    store.reembed(new, embed, |_| Ok(()), progress)
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
    let error = reembed(&mut store, fails, &|_, _| ()).unwrap_err();
    assert!(matches!(&error, ReembedError::Embed(why) if why == "out of memory"), "{error}");
    let short = |batch: &[Text]| embed(batch).map(|mut vectors| vectors.split_off(1));
    let error = reembed(&mut store, short, &|_, _| ()).unwrap_err();
    assert!(matches!(&error, ReembedError::Count { expected: 512, found: 511 }), "{error}");
    assert_eq!(store.model().fingerprint, "f00d");
    assert_eq!(load(&store), before);

    let told = Cell::new((0, 0));
    reembed(&mut store, embed, &|done, all| told.set((done, all))).unwrap();
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

fn fit() -> NewFit {
    NewFit { revision: revision(1), automatic: true, report: "{}".into(), fit: "{}".into() }
}

/// Puts the other model in with everything that can come with it.
fn install(store: &mut Store, read: Result<(), StoreError>) -> Result<(), ReembedError<String>> {
    let learned = Learned { namespace: default(), revision: revision(1) };
    let model = NewModel {
        identity: other(),
        file: Some(vec![1, 2, 3]),
        learned: Some(learned),
        report: Some("{\"steps\":1}".into()),
    };
    let gone = NamespaceName::try_from("gone").unwrap();
    let fits = [(default(), fit()), (gone, fit())];
    let new = Reembedding { model: &model, before: Some(&[7]), fits: &fits, at_unix_ms: 9 };
    store.reembed(new, embed, |_| read, &|_, _| ())
}

#[test]
fn a_model_comes_with_its_file_and_its_fits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut store = open(&path);
    apply(&mut store, &Change::Upsert(route("a", &["one", "two"]))).unwrap();
    install(&mut store, Ok(())).unwrap();

    drop(store);
    let store = Store::open(&path, &model(), options(1_000)).unwrap();
    assert_eq!(*store.model(), other());
    let models = store.models().unwrap();
    let brief: Vec<_> =
        models.iter().map(|m| (m.number, m.bytes, m.in_use, m.at_unix_ms)).collect();
    assert_eq!(brief, [(2, Some(3), true, Some(9)), (1, Some(1), false, None)]);
    assert_eq!(models[0].learned.as_ref().unwrap().revision, revision(1));
    assert_eq!(models[0].report.as_deref(), Some("{\"steps\":1}"));
    assert_eq!(store.model_file("beef").unwrap(), Some(vec![1, 2, 3]));
    assert_eq!(store.model_file("nobody").unwrap(), None);
    assert_eq!(store.fits_in_force().unwrap(), [(default(), "{}".to_owned())]);
    assert_eq!(store.texts().unwrap().len(), 2);
}

#[test]
fn what_cannot_be_read_back_is_not_committed() {
    let mut store = Store::in_memory(&model(), options(1_000)).unwrap();
    apply(&mut store, &Change::Upsert(route("a", &["one", "two"]))).unwrap();
    let before = load(&store);
    let error = install(&mut store, Err(StoreError::UnknownChange)).unwrap_err();
    assert!(matches!(error, ReembedError::Store(StoreError::UnknownChange)), "{error}");
    assert_eq!(*store.model(), model());
    assert_eq!(load(&store), before);
    assert_eq!(store.models().unwrap().len(), 1);
    // It takes changes as before.
    apply(&mut store, &Change::Upsert(route("b", &["three"]))).unwrap();
}

#[test]
fn models_that_are_not_in_use_can_be_removed() {
    let mut store = Store::in_memory(&model(), options(1_000)).unwrap();
    install(&mut store, Ok(())).unwrap();
    let mut remove = |number| {
        let mut transaction = store.begin().unwrap();
        let removed = transaction.remove_model(number);
        transaction.commit().unwrap();
        removed
    };
    assert!(matches!(remove(2), Err(StoreError::ModelInUse { number: 2 })));
    for unknown in [0, 3, u64::MAX] {
        assert!(matches!(remove(unknown), Err(StoreError::UnknownModel { .. })), "{unknown}");
    }
    remove(1).unwrap();
    // Back again, it is a model that was never here.
    assert_eq!(store.models().unwrap().len(), 1);
    assert!(matches!(store.model_entry(1), Err(StoreError::UnknownModel { number: 1 })));
}
