//! Short ways to say things.

use std::path::Path;
use std::sync::Arc;

use synaptoroute_router::{Change, NamespaceName, Revision, Route, RouteName, Text};
use synaptoroute_store::{Applied, Durability, ModelIdentity, Options, Store, StoreError, Vectors};

pub(crate) const DIMENSIONS: usize = 16;

pub(crate) fn model() -> ModelIdentity {
    ModelIdentity { fingerprint: "f00d".into(), name: "toy".into(), dimensions: DIMENSIONS }
}

/// Commits that do not wait for the disk: what is tested here does not cut the power.
pub(crate) fn options(keep_revisions: u64) -> Options {
    Options { durability: Durability::Relaxed, keep_revisions }
}

pub(crate) fn open(path: &Path) -> Store {
    Store::open(path, &model(), options(1_000)).unwrap()
}

pub(crate) fn default() -> NamespaceName {
    NamespaceName::default()
}

pub(crate) fn name(name: &str) -> RouteName {
    RouteName::try_from(name).unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    Text::try_from(text).unwrap()
}

pub(crate) fn texts(texts: &[&str]) -> Vec<Text> {
    texts.iter().map(|t| text(t)).collect()
}

pub(crate) fn route(route: &str, utterances: &[&str]) -> Route {
    Route::new(name(route), texts(utterances)).unwrap()
}

/// Any vector will do that differs from text to text.
pub(crate) fn vector(text: &Text, salt: u64) -> Arc<[f32]> {
    let seed = text
        .as_str()
        .bytes()
        .fold(salt, |seed, byte| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (0..DIMENSIONS as u64)
        .map(|i| (seed.wrapping_mul(i * 2 + 1) >> 40) as f32 / 16_777_216.0)
        .collect()
}

pub(crate) fn vectors(change: &Change, salt: u64) -> Vectors {
    change.texts().map(|text| (text.clone(), vector(text, salt))).collect()
}

/// One change in a transaction of its own.
pub(crate) fn apply(store: &mut Store, change: &Change) -> Result<Applied, StoreError> {
    let mut transaction = store.begin()?;
    let applied = transaction.apply(&default(), None, change, &vectors(change, 0), 7)?;
    transaction.commit()?;
    Ok(applied)
}

pub(crate) fn revision(number: u64) -> Revision {
    Revision::from(number)
}
