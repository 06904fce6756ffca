//! Thousands of random operations with restarts, against a naive map.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use synaptoroute::{
    Change, Changed, Diff, Durability, OpenOptions, Revision, Route, RouteDiff, RouteDiffKind,
    Router, RouterError, StoreError, StoreOptions, Text, TextsDiff,
};

use crate::chance::{Who, any_text};
use crate::naive::{Refusal, Space, State};
use crate::settle::assert_sound;
use crate::support::{Dice, Signs, from_env, name, space, text};

const OPERATIONS: u64 = 10_000;

/// Few, so that many are forgotten.
const KEEP: u64 = 40;

const NAMESPACES: [&str; 3] = ["default", "b", "c d"];

#[test]
fn random_operations_do_what_a_naive_map_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::new(folder.path(), from_env("SYNAPTOROUTE_SEED", 1));
    let operations = from_env("SYNAPTOROUTE_OPERATIONS", OPERATIONS);
    for _ in 0..operations {
        run.operate();
    }
    run.reopen();
    println!("{operations} operations: {}", run.tally());
    assert!(run.compactions > 0 && run.restarts > 0, "{}", run.tally());
    drop(run);
    assert_sound(&folder.path().join("routes.db"));
}

struct Run {
    dice: Dice,
    path: PathBuf,
    router: Option<Router>,
    spaces: BTreeMap<String, Space>,
    bytes: usize,
    changes: usize,
    repeats: usize,
    refusals: usize,
    restarts: usize,
    compactions: usize,
}

fn open(path: &Path) -> Router {
    // Every restart is a clean one, so that a power cut need not be waited for.
    let store = StoreOptions { durability: Durability::Relaxed, keep_revisions: KEEP };
    let options = OpenOptions { store, reembed: false };
    Router::open(Signs::encoder(), path, options, &|_, _| ()).unwrap()
}

impl Run {
    fn new(folder: &Path, seed: u64) -> Self {
        let path = folder.join("routes.db");
        Self {
            dice: Dice::new(seed),
            router: Some(open(&path)),
            path,
            spaces: BTreeMap::from([("default".to_owned(), Space::new(KEEP))]),
            bytes: 0,
            changes: 0,
            repeats: 0,
            refusals: 0,
            restarts: 0,
            compactions: 0,
        }
    }

    fn tally(&self) -> String {
        format!(
            "{} changes, {} repeats, {} refusals, {} restarts, {} compactions seen",
            self.changes, self.repeats, self.refusals, self.restarts, self.compactions
        )
    }

    fn router(&self) -> &Router {
        self.router.as_ref().unwrap()
    }

    fn operate(&mut self) {
        let namespace = NAMESPACES[self.dice.below(3) as usize];
        let exists = self.spaces.contains_key(namespace);
        match self.dice.below(1000) {
            0..4 => self.reopen(),
            4..8 if exists => self.delete(namespace),
            _ if !exists || self.dice.one_in(200) => {
                let new = self.router().create_namespace(&space(namespace)).unwrap();
                assert_eq!(new, !exists);
                self.spaces.entry(namespace.to_owned()).or_insert_with(|| Space::new(KEEP));
            }
            _ => self.change(namespace),
        }
        let known: Vec<&str> = self.spaces.keys().map(String::as_str).collect();
        let found = self.router().namespaces();
        assert!(found.iter().map(|summary| summary.name.as_str()).eq(known));
    }

    fn delete(&mut self, namespace: &str) {
        let handle = self.router().namespace(&space(namespace)).unwrap();
        let deleted = self.router().delete_namespace(&space(namespace));
        if namespace == "default" {
            assert!(deleted.is_err());
            return;
        }
        deleted.unwrap();
        self.spaces.remove(namespace);
        let late = handle.upsert(crate::support::route("late", &["too late"]), None);
        assert!(matches!(late, Err(RouterError::UnknownNamespace { .. })), "{late:?}");
    }

    fn reopen(&mut self) {
        self.router = None;
        self.router = Some(open(&self.path));
        self.restarts += 1;
        self.bytes = 0;
        for (namespace, known) in &self.spaces {
            let found = self.router().namespace(&space(namespace)).unwrap();
            assert_eq!(found.export(), (known.revision().into(), known.now().file()));
            for _ in 0..5 {
                known.now().assert_decides(&found, &any_text(&mut self.dice));
            }
        }
    }

    fn change(&mut self, namespace: &str) {
        let known = &self.spaces[namespace];
        let now = known.revision();
        let change = any_change(&mut self.dice, now);
        let expected = match self.dice.below(16) {
            0 | 1 => Some(now),
            2 => Some(now + 1),
            3 => Some(now.saturating_sub(1)),
            _ => None,
        };
        let found = self.router().namespace(&space(namespace)).unwrap();
        let result = found.change(change.clone(), expected.map(Revision::from), &|_, _| ());
        if expected.is_some_and(|expected| expected != now) {
            let Err(RouterError::RevisionMismatch { found, .. }) = result else {
                panic!("{result:?}")
            };
            assert_eq!(found.get(), now);
            self.refusals += 1;
        } else {
            match known.apply(now, &change) {
                Err(refusal) => {
                    let error = result.unwrap_err();
                    assert!(is(&error, refusal), "{error} for {refusal:?}");
                    self.refusals += 1;
                }
                Ok(next) => {
                    let revision = result.unwrap().get();
                    if next == *known.now() {
                        assert_eq!(revision, now, "a repeat, {change:?}");
                        self.repeats += 1;
                    } else {
                        assert_eq!(revision, now + 1, "{change:?}");
                        self.spaces.get_mut(namespace).unwrap().push(next);
                        self.changes += 1;
                    }
                }
            }
        }
        self.check(namespace, &found);
    }

    fn check(&mut self, namespace: &str, found: &Router) {
        let known = &self.spaces[namespace];
        let snapshot = found.snapshot();
        assert_eq!(snapshot.revision().get(), known.revision());
        known.now().assert_decides(found, &any_text(&mut self.dice));
        if self.dice.one_in(8) {
            assert_eq!(found.export(), (known.revision().into(), known.now().file()));
            check_history(&mut self.dice, known, found);
        }
        if namespace == "default" {
            // Removed rows are counted until a compaction forgets them.
            self.compactions += usize::from(snapshot.bytes() < self.bytes);
            self.bytes = snapshot.bytes();
        }
    }
}

fn any_change(dice: &mut Dice, now: u64) -> Change {
    let who = Who::alone();
    if dice.one_in(100) {
        // Enough for segments of their own.
        let some = dice.below(100);
        let texts = (0..520 + some).map(|i| text(&format!("topic{} many {i}", some % 7))).collect();
        return Change::Upsert(Route::new(name("w-many"), texts).unwrap());
    }
    match dice.below(40) {
        0 => Change::Rollback((now + 1).into()),
        1 => Change::Rollback(now.saturating_sub(dice.below(2 * KEEP)).into()),
        2 => Change::DeleteRoute(name("w-many")),
        _ => who.change(dice, now),
    }
}

fn is(error: &RouterError, refusal: Refusal) -> bool {
    match error {
        RouterError::UnknownRoute { .. } => refusal == Refusal::UnknownRoute,
        RouterError::Store(error) => match **error {
            StoreError::UnknownText { .. } => refusal == Refusal::UnknownText,
            StoreError::LastUtterance { .. } => refusal == Refusal::LastUtterance,
            StoreError::RevisionGone { .. } => refusal == Refusal::Gone,
            StoreError::RevisionUnknown { .. } => refusal == Refusal::NeverMade,
            _ => false,
        },
        _ => false,
    }
}

fn check_history(dice: &mut Dice, known: &Space, found: &Router) {
    let (oldest, now) = (known.oldest(), known.revision());
    let log: Vec<u64> =
        found.revisions(None, 1000).unwrap().iter().map(|entry| entry.revision.get()).collect();
    assert!(log.iter().copied().eq((oldest.max(1)..=now).rev()), "{log:?}");
    let mut any = || oldest + dice.below(now + 1 - oldest);
    let (from, to) = (any(), any());
    let diff = found.diff(from.into(), to.into()).unwrap();
    assert_eq!(diff, diff_of(from, known.at(from), to, known.at(to)));
    if oldest > 0 {
        let error = found.diff((oldest - 1).into(), now.into()).unwrap_err();
        assert!(is(&error, Refusal::Gone), "{error}");
    }
}

fn diff_of(from: u64, before: &State, to: u64, after: &State) -> Diff {
    let mut names: Vec<_> = before.routes.keys().chain(after.routes.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let settings = Changed { before: before.settings, after: after.settings };
    Diff {
        from: from.into(),
        to: to.into(),
        settings: (settings.before != settings.after).then_some(settings),
        negatives: texts_diff(&before.negatives, &after.negatives),
        routes: names
            .into_iter()
            .filter_map(|name| route_diff(before.routes.get(name), after.routes.get(name)))
            .collect(),
    }
}

fn route_diff(before: Option<&Route>, after: Option<&Route>) -> Option<RouteDiff> {
    if before == after {
        return None;
    }
    let kind = match (before, after) {
        (None, _) => RouteDiffKind::Added,
        (_, None) => RouteDiffKind::Removed,
        _ => RouteDiffKind::Changed,
    };
    let texts =
        |of: fn(&Route) -> &[Text]| texts_diff(before.map_or(&[], of), after.map_or(&[], of));
    let attributes = Changed {
        before: before.map(Route::attributes).unwrap_or_default(),
        after: after.map(Route::attributes).unwrap_or_default(),
    };
    Some(RouteDiff {
        name: before.or(after).unwrap().name.clone(),
        kind,
        attributes: (attributes.before != attributes.after).then_some(attributes),
        utterances: texts(|route| &route.utterances),
        negatives: texts(|route| &route.negatives),
    })
}

fn texts_diff(before: &[Text], after: &[Text]) -> TextsDiff {
    let only = |of: &[Text], not: &[Text]| -> Vec<Text> {
        of.iter().filter(|text| !not.contains(text)).cloned().collect()
    };
    let both = |of: &[Text], other: &[Text]| -> Vec<Text> {
        of.iter().filter(|text| other.contains(text)).cloned().collect()
    };
    TextsDiff {
        added: only(after, before),
        removed: only(before, after),
        reordered: both(before, after) != both(after, before),
    }
}
