//! Random changes against a naive map, with restarts, refusals and changes taken back.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, json};
use synaptoroute_router::{
    Change, Cut, ImportMode, Margin, NamespaceName, Owner, Revision, Route, RouteAttributes,
    RouteName, RoutePatch, RoutesFile, Settings, SettingsPatch, SimilarityCut, Text, TopK,
};
use synaptoroute_store::{Reader, Store, StoreError};

use crate::mirror::{Mirror, load};
use crate::naive::{History, Refusal};
use crate::support::{default, model, name, options, revision, text, vectors};

/// What is done to a store.
#[derive(Clone, Debug)]
enum Step {
    /// Changes in one transaction; whether it is committed.
    Transaction(Vec<Request>, bool),
    /// Close, open again and compare everything.
    Reopen,
    /// Compare two revisions; the numbers are [`resolved`].
    Diff(NamespaceName, u64, u64),
}

#[derive(Clone, Debug)]
enum Request {
    /// With an expected revision: right, wrong or none. A rollback's is [`resolved`].
    Change(NamespaceName, Option<bool>, Change),
    Create(NamespaceName),
    Delete(NamespaceName),
}

fn namespace() -> impl Strategy<Value = NamespaceName> {
    prop_oneof![Just(default()), Just(NamespaceName::try_from("other").unwrap())]
}

fn a_name() -> impl Strategy<Value = RouteName> {
    prop_oneof!["billing", "help", "ümläut"].prop_map(|n| name(&n))
}

fn a_text() -> impl Strategy<Value = Text> {
    (0..9).prop_map(|n| text(&format!("text {n}")))
}

fn attributes() -> impl Strategy<Value = RouteAttributes> {
    (
        option::of(prop_oneof![Just(0.0), Just(0.5)]),
        option::of(prop_oneof![Just(-1.0), Just(0.25)]),
        option::of(prop_oneof!["", "what it is for"]),
        prop_oneof![
            3 => Just(Map::new()),
            1 => Just(json!({"z": 1, "a": [null, 2.5]}).as_object().unwrap().clone()),
        ],
    )
        .prop_map(|(threshold, score_threshold, description, metadata)| RouteAttributes {
            threshold: threshold.map(|t| Cut::try_from(t).unwrap()),
            score_threshold: score_threshold.map(|t| SimilarityCut::try_from(t).unwrap()),
            description,
            metadata: metadata.into(),
        })
}

fn plain_attributes() -> impl Strategy<Value = RouteAttributes> {
    prop_oneof![3 => Just(RouteAttributes::default()), 1 => attributes()]
}

fn route(of: RouteName) -> impl Strategy<Value = Route> {
    (vec(a_text(), 1..6), vec(a_text(), 0..3), plain_attributes()).prop_map(
        move |(utterances, negatives, attributes)| {
            let route = Route::new(of.clone(), utterances).unwrap();
            route.with_negatives(negatives).with_attributes(attributes)
        },
    )
}

fn owner() -> impl Strategy<Value = Owner> {
    prop_oneof![
        4 => a_name().prop_map(Owner::Utterances),
        1 => a_name().prop_map(Owner::Negatives),
        1 => Just(Owner::Namespace),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (prop_oneof![Just(0.0), Just(0.5)], prop_oneof![Just(3), Just(7)]).prop_map(|(m, k)| Settings {
        margin: Margin::try_from(m).unwrap(),
        top_k: TopK::try_from(k).unwrap(),
        auto_fit: k == 3,
        ..Settings::default()
    })
}

fn file() -> impl Strategy<Value = RoutesFile> {
    let routes = btree_map(a_name(), Just(()), 0..3).prop_flat_map(|names| {
        names.into_keys().map(|name| route(name).boxed()).collect::<Vec<_>>()
    });
    (routes, vec(a_text(), 0..3), settings()).prop_map(|(routes, negatives, settings)| {
        let mut negatives = negatives;
        negatives.sort_by(|a, b| b.as_str().cmp(a.as_str()));
        negatives.dedup();
        let mut file = RoutesFile::default();
        (file.routes, file.negatives, file.settings) = (routes, negatives, settings);
        file
    })
}

fn patch() -> impl Strategy<Value = RoutePatch> {
    (attributes(), any::<[bool; 4]>()).prop_map(|(to, which)| RoutePatch {
        threshold: which[0].then_some(to.threshold),
        score_threshold: which[1].then_some(to.score_threshold),
        description: which[2].then_some(to.description),
        metadata: which[3].then_some(Some(to.metadata)),
    })
}

fn change() -> impl Strategy<Value = Change> {
    let mode = prop_oneof![Just(ImportMode::Replace), Just(ImportMode::Merge)];
    prop_oneof![
        4 => a_name().prop_flat_map(route).prop_map(Change::Upsert),
        1 => (a_name(), patch()).prop_map(|(name, patch)| Change::Patch(name, patch)),
        1 => a_name().prop_map(Change::DeleteRoute),
        4 => (owner(), vec(a_text(), 0..4)).prop_map(|(o, t)| Change::AddTexts(o, t)),
        4 => (owner(), vec(a_text(), 0..3)).prop_map(|(o, t)| Change::RemoveTexts(o, t)),
        1 => settings().prop_map(|settings| Change::Settings(SettingsPatch {
            margin: Some(Some(settings.margin)),
            top_k: Some(None),
            auto_fit: Some(Some(settings.auto_fit)),
            ..SettingsPatch::default()
        })),
        2 => (file(), mode).prop_map(|(file, mode)| Change::Import(file, mode)),
        4 => (0_u64..30).prop_map(|to| Change::Rollback(revision(to))),
    ]
}

fn request() -> impl Strategy<Value = Request> {
    let expected = prop_oneof![6 => Just(None), 1 => any::<bool>().prop_map(Some)];
    prop_oneof![
        20 => (namespace(), expected, change()).prop_map(|(n, e, c)| Request::Change(n, e, c)),
        2 => namespace().prop_map(Request::Create),
        1 => namespace().prop_map(Request::Delete),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (vec(request(), 1..4), prop_oneof![5 => Just(true), 1 => Just(false)])
            .prop_map(|(requests, commit)| Step::Transaction(requests, commit)),
        1 => Just(Step::Reopen),
        4 => (namespace(), 0_u64..30, 0_u64..30).prop_map(|(n, a, b)| Step::Diff(n, a, b)),
    ]
}

/// Turns a random number into a revision that is likely to be one.
fn resolved(number: u64, history: &History) -> Revision {
    let current = history.revision().get();
    revision(if number == 29 { current + 1 } else { current.saturating_sub(number % 10) })
}

/// The naive map, and a memory that follows the store's edits.
#[derive(Clone, Default)]
struct Known(BTreeMap<NamespaceName, (History, Mirror)>);

impl Known {
    fn request(
        &mut self,
        transaction: &mut synaptoroute_store::Transaction<'_>,
        request: &Request,
        keep: u64,
        salt: u64,
    ) {
        match request {
            Request::Create(name) => {
                let new = !self.0.contains_key(name);
                assert_eq!(transaction.create_namespace(name).unwrap(), new);
                self.0.entry(name.clone()).or_default();
            }
            Request::Delete(name) => {
                let done = transaction.delete_namespace(name, None);
                if *name == default() {
                    assert!(matches!(done, Err(StoreError::DefaultNamespace)));
                } else if self.0.remove(name).is_some() {
                    done.unwrap();
                } else {
                    assert!(matches!(done, Err(StoreError::UnknownNamespace { .. })));
                }
            }
            Request::Change(name, expected, change) => {
                let change = &match (change, self.0.get(name)) {
                    (Change::Rollback(to), Some((history, _))) => {
                        Change::Rollback(resolved(to.get(), history))
                    }
                    (change, _) => change.clone(),
                };
                let vectors = vectors(change, salt);
                let Some((history, mirror)) = self.0.get_mut(name) else {
                    let refused = transaction.apply(name, None, change, &vectors, salt);
                    assert!(matches!(refused, Err(StoreError::UnknownNamespace { .. })));
                    return;
                };
                let expected = expected.map(|right| {
                    if right { history.revision() } else { history.revision().next() }
                });
                let told = transaction.apply(name, expected, change, &vectors, salt);
                match (history.apply(expected, change, keep), told) {
                    (Ok(changed), Ok(applied)) => {
                        assert_eq!(applied.changed, changed, "{change:?}");
                        assert_eq!(applied.edits.is_empty(), !changed);
                        assert_eq!(applied.revision, history.revision());
                        applied.edits.into_iter().for_each(|edit| mirror.replay(edit));
                        assert_eq!(mirror.content(), *history.current(), "{change:?}");
                    }
                    (Err(refusal), Err(error)) => assert_eq!(Refusal::of(&error), refusal),
                    (naive, told) => panic!("{naive:?}, but {told:?} after {change:?}"),
                }
            }
        }
    }

    fn compare(&self, reads: &synaptoroute_store::Reads) {
        let loaded = load(reads);
        assert_eq!(loaded.len(), self.0.len());
        for (name, (history, mirror)) in &self.0 {
            assert_eq!(loaded[name], (history.revision(), mirror.clone()));
            assert_eq!(reads.export(name).unwrap(), history.current().file());
            let log = reads.revisions(name, None, usize::MAX).unwrap();
            let numbers: Vec<u64> = log.iter().map(|entry| entry.revision.get()).collect();
            let oldest = history.oldest.max(1) as u64;
            assert_eq!(numbers, (oldest..=history.revision().get()).rev().collect::<Vec<_>>());
        }
    }

    fn diff(&self, reads: &synaptoroute_store::Reads, name: &NamespaceName, a: u64, b: u64) {
        let Some((history, _)) = self.0.get(name) else {
            let told = reads.diff(name, revision(a), revision(b));
            assert!(matches!(told, Err(StoreError::UnknownNamespace { .. })));
            return;
        };
        let (a, b) = (resolved(a, history), resolved(b, history));
        let told = reads.diff(name, a, b).map_err(|error| Refusal::of(&error));
        assert_eq!(told, history.diff(a, b));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_store_does_what_a_naive_map_does(
        steps in vec(step(), 1..80),
        keep in prop_oneof![Just(1_u64), Just(4), Just(1_000)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("routes.db");
        let mut store = Store::open(&path, &model(), options(keep)).unwrap();
        let mut known = Known::default();
        known.0.insert(default(), Default::default());
        for (salt, step) in steps.iter().enumerate() {
            match step {
                Step::Transaction(requests, commit) => {
                    let mut next = known.clone();
                    let mut transaction = store.begin().unwrap();
                    for request in requests {
                        next.request(&mut transaction, request, keep, salt as u64);
                    }
                    if *commit {
                        transaction.commit().unwrap();
                        known = next;
                    } else {
                        drop(transaction);
                    }
                    known.compare(&store);
                }
                Step::Reopen => {
                    drop(store);
                    store = Store::open(&path, &model(), options(keep)).unwrap();
                    known.compare(&store);
                    known.compare(&Reader::open(&path).unwrap());
                }
                Step::Diff(name, a, b) => known.diff(&store, name, *a, *b),
            }
        }
    }
}
