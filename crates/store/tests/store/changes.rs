//! What single changes say and refuse.

use std::collections::HashMap;

use synaptoroute_router::{Change, Edit, Owner, RoutePatch};
use synaptoroute_store::{Store, StoreError};

use crate::support::{
    apply, default, model, name, options, revision, route, text, texts, vector, vectors,
};

fn store() -> Store {
    let mut store = Store::in_memory(&model(), options(1_000)).unwrap();
    apply(&mut store, &Change::Upsert(route("billing", &["a", "b", "c"]))).unwrap();
    store
}

fn utterances() -> Owner {
    Owner::Utterances(name("billing"))
}

#[test]
fn a_text_keeps_the_vector_that_the_file_has() {
    let mut store = store();
    let change = Change::AddTexts(Owner::Namespace, texts(&["a"]));
    let mut transaction = store.begin().unwrap();
    let applied = transaction.apply(&default(), None, &change, &vectors(&change, 99), 0).unwrap();
    transaction.commit().unwrap();
    let [Edit::Add(Owner::Namespace, added)] = applied.edits.as_slice() else {
        panic!("{:?}", applied.edits)
    };
    assert_eq!(added[0].vector, vector(&text("a"), 0));
}

#[test]
fn an_upsert_touches_only_what_differs() {
    let mut store = store();
    let same = apply(&mut store, &Change::Upsert(route("billing", &["a", "b", "c"]))).unwrap();
    assert_eq!((same.revision, same.changed, same.edits.len()), (revision(1), false, 0));
    let fewer = apply(&mut store, &Change::Upsert(route("billing", &["a", "c", "d"]))).unwrap();
    let [Edit::Remove(_, gone), Edit::Add(_, added)] = fewer.edits.as_slice() else {
        panic!("{:?}", fewer.edits)
    };
    assert_eq!((gone.len(), added.len()), (1, 1));
    let turned = apply(&mut store, &Change::Upsert(route("billing", &["c", "a", "d"]))).unwrap();
    let [Edit::Remove(_, gone), Edit::Add(_, added)] = turned.edits.as_slice() else {
        panic!("{:?}", turned.edits)
    };
    assert_eq!((gone.len(), added.len()), (2, 2));
}

#[test]
fn a_refused_change_leaves_nothing_and_the_others_stay() {
    let mut store = store();
    let mut transaction = store.begin().unwrap();
    let mut refuse = |change: &Change, given: &[&str]| {
        let given: HashMap<_, _> = given.iter().map(|t| (text(t), vector(&text(t), 0))).collect();
        transaction.apply(&default(), None, change, &given, 0).unwrap_err()
    };

    let add = Change::AddTexts(utterances(), texts(&["d", "e"]));
    let error = refuse(&add, &["d"]);
    assert!(matches!(&error, StoreError::MissingVector { text } if text == "e"), "{error}");

    let remove = Change::RemoveTexts(utterances(), texts(&["a", "x"]));
    let error = refuse(&remove, &[]);
    assert_eq!(
        error.to_string(),
        r#"text 1, "x", is not among the utterances of route "billing"; read them again"#
    );

    let all = Change::RemoveTexts(utterances(), texts(&["a", "b", "c", "a"]));
    assert!(matches!(refuse(&all, &[]), StoreError::LastUtterance { .. }));

    let unknown = [
        Change::DeleteRoute(name("nobody")),
        Change::Patch(name("nobody"), RoutePatch::default()),
        Change::AddTexts(Owner::Negatives(name("nobody")), Vec::new()),
    ];
    for change in unknown {
        assert!(matches!(refuse(&change, &[]), StoreError::UnknownRoute { .. }));
    }

    let good = Change::AddTexts(Owner::Namespace, texts(&["z"]));
    let applied = transaction.apply(&default(), None, &good, &vectors(&good, 0), 0).unwrap();
    transaction.commit().unwrap();
    assert_eq!(applied.revision, revision(2));
    let file = store.export(&default()).unwrap();
    assert_eq!(file.routes, [route("billing", &["a", "b", "c"])]);
    assert_eq!(file.negatives, texts(&["z"]));
}

#[test]
fn a_vector_of_another_width_is_refused() {
    let mut store = store();
    let change = Change::AddTexts(Owner::Namespace, texts(&["z"]));
    let narrow = HashMap::from([(text("z"), vec![1.0; 3].into())]);
    let error = store.begin().unwrap().apply(&default(), None, &change, &narrow, 0).unwrap_err();
    assert!(matches!(error, StoreError::VectorWidth { expected: 16, found: 3 }), "{error}");
}

#[test]
fn an_expected_revision_is_compared_within_the_transaction() {
    let mut store = store();
    let mut transaction = store.begin().unwrap();
    let mut add = |expected, what| {
        let change = Change::AddTexts(Owner::Namespace, texts(&[what]));
        transaction.apply(&default(), Some(revision(expected)), &change, &vectors(&change, 0), 0)
    };
    add(1, "y").unwrap();
    let error = add(1, "z").unwrap_err();
    assert_eq!(error.to_string(), "the content is at revision 2, not 1; read it again and retry");
    add(2, "z").unwrap();
}
