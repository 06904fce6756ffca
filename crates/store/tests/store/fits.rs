//! Fits beside the revisions: kept, chosen again, forgotten with their namespace.

use rusqlite::Connection;
use synaptoroute_router::{NamespaceName, Revision};
use synaptoroute_store::{NewFit, Store, StoreError};

use crate::support::{default, model, options};

fn fit(number: u64) -> NewFit {
    NewFit {
        revision: Revision::from(number),
        automatic: number.is_multiple_of(2),
        report: format!("{{\"report\":{number}}}"),
        fit: format!("{{\"fit\":{number}}}"),
    }
}

fn put(store: &mut Store, namespace: &NamespaceName, number: u64) -> u64 {
    let mut transaction = store.begin().unwrap();
    let given = transaction.put_fit(namespace, &fit(number), 1_000 + number).unwrap();
    transaction.commit().unwrap();
    given
}

fn choose(store: &mut Store, number: u64) -> Result<String, StoreError> {
    let mut transaction = store.begin().unwrap();
    let chosen = transaction.choose_fit(&default(), number);
    transaction.commit().unwrap();
    chosen
}

#[test]
fn the_last_few_are_kept_and_can_be_chosen_again() {
    let mut store = Store::in_memory(&model(), options(1_000)).unwrap();
    let numbers: Vec<u64> = (1..=9).map(|number| put(&mut store, &default(), number)).collect();
    assert_eq!(numbers, (1..=9).collect::<Vec<u64>>());
    let kept = store.fits(&default()).unwrap();
    let kept: Vec<(u64, bool)> = kept.iter().map(|fit| (fit.number, fit.in_force)).collect();
    assert_eq!(kept, [(9, true), (8, false), (7, false), (6, false), (5, false)]);

    assert_eq!(choose(&mut store, 6).unwrap(), "{\"fit\":6}");
    assert_eq!(store.fits_in_force().unwrap(), [(default(), "{\"fit\":6}".to_owned())]);
    let kept = store.fits(&default()).unwrap();
    assert_eq!(kept.iter().filter(|fit| fit.in_force).count(), 1);
    assert!(kept.iter().any(|fit| fit.number == 6 && fit.in_force && fit.automatic));
}

/// The service answered 500 to a number that SQLite cannot count to.
#[test]
fn a_number_that_was_never_given_is_unknown() {
    let mut store = Store::in_memory(&model(), options(1_000)).unwrap();
    put(&mut store, &default(), 1);
    for number in [0, 2, i64::MAX as u64 + 1, u64::MAX] {
        let error = choose(&mut store, number).unwrap_err();
        assert!(matches!(error, StoreError::UnknownFit { number: found } if found == number));
        assert!(!error.is_store_failure());
    }
    assert_eq!(store.fits_in_force().unwrap().len(), 1, "nothing changed");
}

#[test]
fn a_namespace_takes_its_fits_along() {
    let mut store = Store::in_memory(&model(), options(1_000)).unwrap();
    let other = NamespaceName::try_from("other").unwrap();
    let mut transaction = store.begin().unwrap();
    transaction.create_namespace(&other).unwrap();
    transaction.commit().unwrap();
    put(&mut store, &other, 1);
    put(&mut store, &default(), 2);
    let mut transaction = store.begin().unwrap();
    transaction.delete_namespace(&other, None).unwrap();
    transaction.create_namespace(&other).unwrap();
    transaction.commit().unwrap();
    assert!(store.fits(&other).unwrap().is_empty());
    assert_eq!(store.fits_in_force().unwrap(), [(default(), "{\"fit\":2}".to_owned())]);
}

#[test]
fn a_fit_that_the_disk_changed_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let mut store = Store::open(&path, &model(), options(1_000)).unwrap();
    put(&mut store, &default(), 1);
    drop(store);
    Connection::open(&path).unwrap().execute("UPDATE fits SET fit = '{}'", []).unwrap();
    let mut store = Store::open(&path, &model(), options(1_000)).unwrap();
    assert!(matches!(store.fits_in_force().unwrap_err(), StoreError::Damaged { .. }));
    assert!(matches!(choose_error(&mut store), StoreError::Damaged { .. }));
}

fn choose_error(store: &mut Store) -> StoreError {
    let mut transaction = store.begin().unwrap();
    transaction.choose_fit(&default(), 1).unwrap_err()
}
