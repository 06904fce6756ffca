//! From edits to a snapshot.

use super::Snapshot;
use super::binding::{follow, learned_as};
use crate::edit::{Edit, Owner};
use crate::index::{Group, Row, SEALED};
use crate::name::RouteName;
use crate::revision::Revision;
use crate::route::RouteAttributes;
use crate::routes::RouteEntry;
use crate::text::Text;

/// A snapshot in the making.
#[derive(Debug)]
pub struct SnapshotBuilder {
    snapshot: Snapshot,
    /// Added, and not yet in the index.
    pending: Vec<Row>,
}

impl From<Snapshot> for SnapshotBuilder {
    fn from(snapshot: Snapshot) -> Self {
        Self { snapshot, pending: Vec::new() }
    }
}

impl SnapshotBuilder {
    /// Makes one edit.
    ///
    /// # Panics
    ///
    /// If it adds texts to a route that is not there, removes what is not there, or vectors
    /// have another width.
    pub fn edit(&mut self, edit: Edit) {
        match edit {
            Edit::Settings(settings) => self.snapshot.settings = settings,
            Edit::PutRoute(name, attributes) => {
                if let Some(entry) = self.snapshot.routes.get_mut(name.as_str()) {
                    entry.attributes = attributes;
                } else {
                    self.add_route(name, attributes);
                }
            }
            Edit::RemoveRoute(name) => {
                self.flush();
                let snapshot = &mut self.snapshot;
                let removed = snapshot.routes.remove(name.as_str()).expect("the route is there");
                let utterances = snapshot.index.remove_group(Group::utterances(removed.slot));
                let negatives = snapshot.index.remove_group(Group::negatives(removed.slot));
                snapshot.free.push(removed.slot);
                let owner = Owner::Utterances(name.clone());
                utterances.iter().for_each(|text| snapshot.texts.take(&owner, text));
                let owner = Owner::Negatives(name);
                negatives.iter().for_each(|text| snapshot.texts.take(&owner, text));
            }
            Edit::Add(owner, texts) => {
                let group = self.count(&owner, |count| count + texts.len());
                self.follow(&owner, texts.iter().map(|placed| &placed.text), true);
                self.pending.extend(texts.into_iter().map(|placed| Row {
                    group,
                    place: placed.place,
                    text: placed.text,
                    vector: placed.vector,
                }));
                // Whole segments go at once: what waits stays short.
                while self.pending.len() >= SEALED {
                    let rest = self.pending.split_off(SEALED);
                    self.flush();
                    self.pending = rest;
                }
            }
            Edit::Remove(owner, places) => {
                self.flush();
                let group = self.count(&owner, |count| count - places.len());
                let removed = self.snapshot.index.remove(group, &places);
                assert_eq!(removed.len(), places.len(), "texts that are there");
                self.follow(&owner, removed.iter(), false);
            }
        }
    }

    /// The snapshot, as this revision.
    #[must_use]
    pub fn finish(mut self, revision: Revision) -> Snapshot {
        self.flush();
        self.snapshot.revision = revision;
        self.snapshot
    }

    fn add_route(&mut self, name: RouteName, attributes: RouteAttributes) {
        let snapshot = &mut self.snapshot;
        let slot = snapshot.free.pop().unwrap_or_else(|| {
            snapshot.slots += 1;
            snapshot.slots - 1
        });
        let learned = snapshot.fit.as_ref().and_then(|fit| learned_as(fit, &name));
        let (utterances, negatives) = (0, 0);
        snapshot.routes.insert(RouteEntry {
            name,
            attributes,
            utterances,
            negatives,
            slot,
            learned,
        });
    }

    /// Has the digest, and what is known of the fit, follow texts that come or go.
    fn follow<'a>(&mut self, owner: &Owner, texts: impl Iterator<Item = &'a Text>, come: bool) {
        let snapshot = &mut self.snapshot;
        let texts: Vec<&Text> = texts.collect();
        for text in &texts {
            if come { snapshot.texts.add(owner, text) } else { snapshot.texts.take(owner, text) }
        }
        if let (Owner::Utterances(name), Some(fit)) = (owner, &snapshot.fit)
            && let Some(entry) = snapshot.routes.get_mut(name.as_str())
        {
            follow(fit, entry, &texts, come);
        }
    }

    /// The owner's group, whose number of rows is changed.
    fn count(&mut self, owner: &Owner, change: impl FnOnce(usize) -> usize) -> Group {
        let routes = &mut self.snapshot.routes;
        let (count, group) = match owner {
            Owner::Namespace => (&mut self.snapshot.negatives, Group::NAMESPACE),
            Owner::Utterances(name) => {
                let entry = routes.get_mut(name.as_str()).expect("the route is there");
                (&mut entry.utterances, Group::utterances(entry.slot))
            }
            Owner::Negatives(name) => {
                let entry = routes.get_mut(name.as_str()).expect("the route is there");
                (&mut entry.negatives, Group::negatives(entry.slot))
            }
        };
        *count = change(*count);
        group
    }

    fn flush(&mut self) {
        if !self.pending.is_empty() {
            self.snapshot.index.append(&mut self.pending);
        }
    }
}
