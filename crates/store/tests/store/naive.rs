//! What a store should do, done with maps, clones and comparisons of everything.

use std::collections::{BTreeMap, BTreeSet};

use synaptoroute_router::{
    Change, Changed, Diff, ImportMode, Owner, Revision, Route, RouteAttributes, RouteDiff,
    RouteDiffKind, RouteName, RoutesFile, Settings, Text, TextsDiff,
};
use synaptoroute_store::StoreError;

type Lists = (RouteAttributes, Vec<Text>, Vec<Text>);

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    pub(crate) settings: Settings,
    pub(crate) negatives: Vec<Text>,
    pub(crate) routes: BTreeMap<RouteName, Lists>,
}

/// Every revision's content, the last being the current one.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) contents: Vec<Content>,
    pub(crate) oldest: usize,
}

/// Why a request is refused, without the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownRoute,
    UnknownText,
    LastUtterance,
    RevisionMismatch,
    RevisionGone,
    RevisionUnknown,
}

impl Refusal {
    pub(crate) fn of(error: &StoreError) -> Self {
        assert!(!error.is_store_failure(), "{error}");
        match error {
            StoreError::UnknownRoute { .. } => Self::UnknownRoute,
            StoreError::UnknownText { .. } => Self::UnknownText,
            StoreError::LastUtterance { .. } => Self::LastUtterance,
            StoreError::RevisionMismatch { .. } => Self::RevisionMismatch,
            StoreError::RevisionGone { .. } => Self::RevisionGone,
            StoreError::RevisionUnknown { .. } => Self::RevisionUnknown,
            other => panic!("{other}"),
        }
    }
}

impl Default for History {
    fn default() -> Self {
        Self { contents: vec![Content::default()], oldest: 0 }
    }
}

impl History {
    pub(crate) fn current(&self) -> &Content {
        self.contents.last().unwrap()
    }

    pub(crate) fn revision(&self) -> Revision {
        Revision::from(self.contents.len() as u64 - 1)
    }

    pub(crate) fn at(&self, revision: Revision) -> Result<&Content, Refusal> {
        let index = revision.get() as usize;
        let content = self.contents.get(index).ok_or(Refusal::RevisionUnknown)?;
        if index < self.oldest { Err(Refusal::RevisionGone) } else { Ok(content) }
    }

    /// Whether it made a revision.
    pub(crate) fn apply(
        &mut self,
        expected: Option<Revision>,
        change: &Change,
        keep: u64,
    ) -> Result<bool, Refusal> {
        if expected.is_some_and(|expected| expected != self.revision()) {
            return Err(Refusal::RevisionMismatch);
        }
        let next = match change {
            Change::Rollback(to) => self.at(*to)?.clone(),
            change => self.current().clone().after(change)?,
        };
        if next == *self.current() {
            return Ok(false);
        }
        self.contents.push(next);
        self.oldest = self.oldest.max(self.contents.len().saturating_sub(keep as usize));
        Ok(true)
    }

    pub(crate) fn diff(&self, from: Revision, to: Revision) -> Result<Diff, Refusal> {
        let (a, b) = (self.at(from)?, self.at(to)?);
        let names: BTreeSet<&RouteName> = a.routes.keys().chain(b.routes.keys()).collect();
        let routes = names.into_iter().filter_map(|name| {
            let (before, after) = (a.routes.get(name), b.routes.get(name));
            let kind = match (before, after) {
                (None, _) => RouteDiffKind::Added,
                (_, None) => RouteDiffKind::Removed,
                (before, after) if before == after => return None,
                _ => RouteDiffKind::Changed,
            };
            let before = before.cloned().unwrap_or_default();
            let after = after.cloned().unwrap_or_default();
            Some(RouteDiff {
                name: name.clone(),
                kind,
                attributes: changed(before.0, after.0),
                utterances: texts_diff(&before.1, &after.1),
                negatives: texts_diff(&before.2, &after.2),
            })
        });
        Ok(Diff {
            from,
            to,
            settings: changed(a.settings, b.settings),
            negatives: texts_diff(&a.negatives, &b.negatives),
            routes: routes.collect(),
        })
    }
}

fn changed<T: PartialEq>(before: T, after: T) -> Option<Changed<T>> {
    (before != after).then_some(Changed { before, after })
}

fn texts_diff(before: &[Text], after: &[Text]) -> TextsDiff {
    let only = |list: &[Text], other: &[Text]| -> Vec<Text> {
        list.iter().filter(|text| !other.contains(text)).cloned().collect()
    };
    let both = |list: &[Text], other: &[Text]| -> Vec<Text> {
        list.iter().filter(|text| other.contains(text)).cloned().collect()
    };
    TextsDiff {
        added: only(after, before),
        removed: only(before, after),
        reordered: both(before, after) != both(after, before),
    }
}

impl Content {
    fn after(mut self, change: &Change) -> Result<Self, Refusal> {
        match change {
            Change::Upsert(route) => self.put(route),
            Change::Patch(name, patch) => {
                let route = self.routes.get_mut(name).ok_or(Refusal::UnknownRoute)?;
                route.0 = patch.clone().apply(&route.0);
            }
            Change::DeleteRoute(name) => {
                self.routes.remove(name).ok_or(Refusal::UnknownRoute)?;
            }
            Change::AddTexts(owner, texts) => add(self.list(owner)?, texts),
            Change::RemoveTexts(owner, texts) => {
                let list = self.list(owner)?;
                if texts.iter().any(|text| !list.contains(text)) {
                    return Err(Refusal::UnknownText);
                }
                list.retain(|text| !texts.contains(text));
                if list.is_empty() && matches!(owner, Owner::Utterances(_)) {
                    return Err(Refusal::LastUtterance);
                }
            }
            Change::Settings(patch) => self.settings = patch.apply(&self.settings),
            Change::Import(file, ImportMode::Replace) => {
                self = Self {
                    settings: file.settings,
                    negatives: file.negatives.clone(),
                    routes: BTreeMap::new(),
                };
                file.routes.iter().for_each(|route| self.put(route));
            }
            Change::Import(file, ImportMode::Merge) => {
                let default = Settings::default();
                if file.settings.margin != default.margin {
                    self.settings.margin = file.settings.margin;
                }
                if file.settings.top_k != default.top_k {
                    self.settings.top_k = file.settings.top_k;
                }
                if file.settings.auto_fit != default.auto_fit {
                    self.settings.auto_fit = file.settings.auto_fit;
                }
                add(&mut self.negatives, &file.negatives);
                file.routes.iter().for_each(|route| self.put(route));
            }
            other => panic!("{other:?}"),
        }
        Ok(self)
    }

    fn put(&mut self, route: &Route) {
        let lists = (route.attributes(), route.utterances.clone(), route.negatives.clone());
        self.routes.insert(route.name.clone(), lists);
    }

    fn list(&mut self, owner: &Owner) -> Result<&mut Vec<Text>, Refusal> {
        let route = |routes, name| -> Result<&mut Lists, Refusal> {
            BTreeMap::get_mut(routes, name).ok_or(Refusal::UnknownRoute)
        };
        Ok(match owner {
            Owner::Utterances(name) => &mut route(&mut self.routes, name)?.1,
            Owner::Negatives(name) => &mut route(&mut self.routes, name)?.2,
            Owner::Namespace => &mut self.negatives,
        })
    }

    pub(crate) fn file(&self) -> RoutesFile {
        let mut file = RoutesFile::default();
        file.settings = self.settings;
        file.negatives = self.negatives.clone();
        for (name, (attributes, utterances, negatives)) in &self.routes {
            let route = Route::new(name.clone(), utterances.clone()).unwrap();
            let route = route.with_negatives(negatives.clone());
            file.routes.push(route.with_attributes(attributes.clone()));
        }
        file
    }
}

fn add(list: &mut Vec<Text>, texts: &[Text]) {
    for text in texts {
        if !list.contains(text) {
            list.push(text.clone());
        }
    }
}
