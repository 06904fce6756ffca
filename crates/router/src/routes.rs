//! Routes by name, shared between snapshots.

use std::sync::Arc;

use crate::index::Group;
use crate::name::RouteName;
use crate::route::RouteAttributes;

/// Entries of a leaf before it is split. A change copies the pointers of one leaf and those to
/// all leaves, so this wants to be about the square root of the number of routes; 64 keeps
/// both short from ten routes to some ten thousand.
const LEAF: usize = 64;

/// A route as a snapshot knows it: all but its texts, which lie in the index.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RouteEntry {
    /// Its name.
    pub name: RouteName,
    /// What it has besides its texts.
    pub attributes: RouteAttributes,
    /// How many utterances it has.
    pub utterances: usize,
    /// How many negatives it has.
    pub negatives: usize,
    /// Which groups of rows are its own.
    pub(crate) slot: u32,
    /// Where it stands in the fit, and what it lost since.
    pub(crate) learned: Option<LearnedAs>,
}

/// A route that a fit knows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LearnedAs {
    /// Its row in the fit.
    pub(crate) row: u32,
    /// Utterances it was learned from that are gone.
    pub(crate) missing: u32,
}

impl RouteEntry {
    /// The groups of its utterances and of its negatives.
    pub(crate) fn groups(&self) -> [Group; 2] {
        [Group::utterances(self.slot), Group::negatives(self.slot)]
    }
}

/// An ordered map of routes. A copy shares everything with the original, and a change of the
/// copy copies one leaf.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes {
    /// None is empty; names ascend through all of them.
    leaves: Vec<Arc<Vec<Arc<RouteEntry>>>>,
    len: usize,
}

impl Routes {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &RouteEntry> {
        self.leaves.iter().flat_map(|leaf| leaf.iter()).map(AsRef::as_ref)
    }

    /// Those whose names come after `name`.
    pub(crate) fn after(&self, name: &str) -> impl Iterator<Item = &RouteEntry> {
        let leaf = self.leaf_of(name);
        let first = self
            .leaves
            .get(leaf)
            .map_or(0, |leaf| leaf.partition_point(|entry| entry.name.as_str() <= name));
        let tail = self.leaves.get(leaf..).unwrap_or_default();
        tail.iter().flat_map(|leaf| leaf.iter()).skip(first).map(AsRef::as_ref)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&RouteEntry> {
        let leaf = self.leaves.get(self.leaf_of(name))?;
        let place = leaf.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        leaf.get(place).map(AsRef::as_ref)
    }

    /// The entry to change in place; what is shared of its leaf is copied first.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut RouteEntry> {
        let leaf = self.leaf_of(name);
        let leaf = Arc::make_mut(self.leaves.get_mut(leaf)?);
        let place = leaf.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        Some(Arc::make_mut(&mut leaf[place]))
    }

    /// Changes every entry in place.
    pub(crate) fn for_each_mut(&mut self, mut change: impl FnMut(&mut RouteEntry)) {
        for leaf in &mut self.leaves {
            Arc::make_mut(leaf).iter_mut().for_each(|entry| change(Arc::make_mut(entry)));
        }
    }

    /// Adds an entry whose name is new.
    pub(crate) fn insert(&mut self, entry: RouteEntry) {
        let name = entry.name.clone();
        let at = self.leaf_of(name.as_str());
        self.len += 1;
        let Some(leaf) = self.leaves.get_mut(at) else {
            self.leaves.push(Arc::new(vec![Arc::new(entry)]));
            return;
        };
        let leaf = Arc::make_mut(leaf);
        let place = leaf.partition_point(|other| other.name < name);
        leaf.insert(place, Arc::new(entry));
        if leaf.len() > LEAF {
            let upper = leaf.split_off(LEAF / 2);
            self.leaves.insert(at + 1, Arc::new(upper));
        }
    }

    pub(crate) fn remove(&mut self, name: &str) -> Option<Arc<RouteEntry>> {
        let at = self.leaf_of(name);
        let leaf = Arc::make_mut(self.leaves.get_mut(at)?);
        let place = leaf.binary_search_by(|entry| entry.name.as_str().cmp(name)).ok()?;
        let removed = leaf.remove(place);
        if leaf.is_empty() {
            self.leaves.remove(at);
        }
        self.len -= 1;
        Some(removed)
    }

    /// The leaf in which the name stands or would stand; the last one for names after all.
    fn leaf_of(&self, name: &str) -> usize {
        let begins_after = |leaf: &Arc<Vec<Arc<RouteEntry>>>| {
            leaf.first().is_some_and(|entry| entry.name.as_str() > name)
        };
        self.leaves.partition_point(|leaf| !begins_after(leaf)).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests;
