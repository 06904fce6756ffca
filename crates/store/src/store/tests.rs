//! What only the inside can see: plans of statements, and a disk that fills up.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use synaptoroute_router::{
    Change, NamespaceName, Owner, Revision, Route, RouteName, RoutePatch, Text,
};

use super::Store;
use crate::{Applied, ModelIdentity, Options, StoreError, Vectors};

fn store() -> Store {
    let model = ModelIdentity { fingerprint: "f00d".into(), name: "toy".into(), dimensions: 2 };
    Store::in_memory(&model, Options { keep_revisions: 5, ..Options::default() }).unwrap()
}

fn apply(store: &mut Store, change: &Change) -> Result<Applied, StoreError> {
    let vectors: Vectors =
        change.texts().map(|text| (text.clone(), vec![0.6, 0.8].into())).collect();
    let mut transaction = store.begin()?;
    let applied = transaction.apply(&NamespaceName::default(), None, change, &vectors, 0)?;
    transaction.commit()?;
    Ok(applied)
}

fn name(name: &str) -> RouteName {
    RouteName::try_from(name).unwrap()
}

fn texts(range: std::ops::Range<usize>) -> Vec<Text> {
    range.map(|n| Text::try_from(format!("text {n}")).unwrap()).collect()
}

fn upsert(of: &str, range: std::ops::Range<usize>) -> Change {
    Change::Upsert(Route::new(name(of), texts(range)).unwrap())
}

#[test]
fn no_change_scans_a_table() {
    let mut store = store();
    let ran = Arc::new(Mutex::new(BTreeSet::new()));
    let record = {
        let ran = Arc::clone(&ran);
        move |event: TraceEvent<'_>| {
            if let TraceEvent::Profile(statement, _) = event {
                ran.lock().unwrap().insert(statement.sql().into_owned());
            }
        }
    };
    store.reads.db.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(record)).unwrap();
    let billing = || Owner::Utterances(name("billing"));
    for change in [
        upsert("billing", 0..9),
        upsert("billing", 2..12),
        upsert("help", 0..3),
        Change::AddTexts(billing(), texts(10..14)),
        Change::RemoveTexts(billing(), texts(2..4)),
        Change::Patch(name("help"), RoutePatch { threshold: Some(None), ..Default::default() }),
        Change::DeleteRoute(name("help")),
        upsert("help", 3..4),
        Change::AddTexts(Owner::Namespace, texts(0..1)),
        upsert("billing", 9..12),
        Change::Rollback(Revision::from(6)),
    ] {
        apply(&mut store, &change).unwrap();
    }
    store.reads.db.trace_v2(TraceEventCodes::empty(), None::<fn(TraceEvent<'_>)>).unwrap();
    let ran = ran.lock().unwrap();
    assert!(ran.len() > 25, "{ran:#?}");
    for sql in ran.iter().filter(|sql| !sql.starts_with("PRAGMA")) {
        let mut plan = store.reads.db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        for parameter in 1..=plan.parameter_count() {
            plan.raw_bind_parameter(parameter, 1).unwrap();
        }
        let mut steps = plan.raw_query();
        while let Some(step) = steps.next().unwrap() {
            let step: String = step.get(3).unwrap();
            let cheap = !step.starts_with("SCAN") || step == "SCAN CONSTANT ROW";
            assert!(cheap && !step.contains("TEMP B-TREE FOR ORDER"), "{step}: {sql}");
        }
    }
}

#[test]
fn a_full_disk_voids_the_transaction_and_nothing_else() {
    let mut store = store();
    apply(&mut store, &upsert("billing", 0..9)).unwrap();
    let pages: i64 = store.reads.db.pragma_query_value(None, "page_count", |r| r.get(0)).unwrap();
    let limit = |store: &Store, pages: i64| {
        let set = store
            .reads
            .db
            .pragma_update_and_check(None, "max_page_count", pages, |r| r.get::<_, i64>(0));
        set.unwrap()
    };
    limit(&store, pages);
    let before = store.export(&NamespaceName::default()).unwrap();

    let vectors: Vectors =
        texts(0..900).into_iter().map(|text| (text, vec![0.6, 0.8].into())).collect();
    let mut transaction = store.begin().unwrap();
    let mut apply_one =
        |change: &Change| transaction.apply(&NamespaceName::default(), None, change, &vectors, 0);
    apply_one(&Change::AddTexts(Owner::Namespace, texts(0..1))).unwrap();
    let error = apply_one(&upsert("great", 0..900)).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull { .. }), "{error:?}");
    let error = apply_one(&Change::AddTexts(Owner::Namespace, texts(1..2))).unwrap_err();
    assert!(matches!(error, StoreError::Void), "{error:?}");
    assert!(matches!(transaction.commit(), Err(StoreError::Void)));
    assert_eq!(store.export(&NamespaceName::default()).unwrap(), before);
    store.probe().unwrap();

    limit(&store, 1 << 20);
    apply(&mut store, &upsert("great", 0..900)).unwrap();
}
