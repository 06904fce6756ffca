//! An immutable set of routes with their texts and vectors.

mod binding;
mod builder;

use std::sync::Arc;

use synaptoroute_kernels::Kernels;

pub(crate) use self::binding::row_in_force;
pub use self::builder::SnapshotBuilder;

use crate::confidence::Prior;
use crate::decision::FitStatus;
use crate::digest::TextsDigest;
use crate::edit::{Edit, Owner, PlacedText};
use crate::file::RoutesFile;
use crate::fit::Fit;
use crate::index::{Compaction, Group, Index, Row};
use crate::revision::Revision;
use crate::route::Route;
use crate::routes::{RouteEntry, Routes};
use crate::settings::Settings;
use crate::text::Text;

/// Routes, settings and negatives as they were at one revision.
///
/// A copy shares everything with the original: deriving the next one costs the same whatever
/// is stored.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) prior: Prior,
    pub(crate) revision: Revision,
    pub(crate) settings: Settings,
    pub(crate) routes: Routes,
    /// Slots that are free again.
    free: Vec<u32>,
    /// Slots that are or were in use.
    slots: u32,
    pub(crate) negatives: usize,
    pub(crate) index: Index,
    pub(crate) fit: Option<Arc<Fit>>,
    pub(crate) texts: TextsDigest,
}

impl Snapshot {
    /// No routes, at revision 0; vectors will have this width.
    #[must_use]
    pub fn empty(kernels: Kernels, dimensions: usize) -> Self {
        Self {
            prior: Prior::BGE_SMALL,
            revision: Revision::default(),
            settings: Settings::default(),
            routes: Routes::default(),
            free: Vec::new(),
            slots: 0,
            negatives: 0,
            index: Index::new(kernels, dimensions),
            fit: None,
            texts: TextsDigest::default(),
        }
    }

    /// The snapshot with these edits made, in order, as that revision.
    #[must_use]
    pub fn with(&self, revision: Revision, edits: impl IntoIterator<Item = Edit>) -> Self {
        let mut next = SnapshotBuilder::from(self.clone());
        edits.into_iter().for_each(|edit| next.edit(edit));
        next.finish(revision)
    }

    /// The same content, decided with this fit from now on; `None` goes back to the nearest
    /// utterances alone. Edits keep it.
    #[must_use]
    pub fn with_fit(&self, fit: Option<Arc<Fit>>) -> Self {
        let mut next = Self { fit, ..self.clone() };
        next.bind();
        next
    }

    /// What decisions are made with.
    #[must_use]
    pub fn fitted(&self) -> Option<&Arc<Fit>> {
        self.fit.as_ref()
    }

    /// Which fit that is, and whether texts have changed since.
    #[must_use]
    pub fn fit_status(&self) -> Option<FitStatus> {
        let fit = self.fit.as_ref()?;
        Some(FitStatus { revision: fit.revision(), stale: fit.texts != self.texts })
    }

    /// How wide vectors are.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.index.dimensions()
    }

    /// Which texts there are.
    #[must_use]
    pub fn texts_digest(&self) -> TextsDigest {
        self.texts
    }

    /// Its number.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// What holds for all routes.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// All routes, by name.
    pub fn routes(&self) -> impl Iterator<Item = &RouteEntry> {
        self.routes.iter()
    }

    /// Routes whose names come after `name`, by name.
    pub fn routes_after(&self, name: &str) -> impl Iterator<Item = &RouteEntry> {
        self.routes.after(name)
    }

    /// How many routes there are.
    #[must_use]
    pub fn route_count(&self) -> usize {
        self.routes.len()
    }

    /// One route, without its texts.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<&RouteEntry> {
        self.routes.get(name)
    }

    /// Texts of all kinds.
    #[must_use]
    pub fn text_count(&self) -> usize {
        self.index.len()
    }

    /// How many negatives the namespace has.
    #[must_use]
    pub fn negative_count(&self) -> usize {
        self.negatives
    }

    /// Bytes of texts, vectors and what is needed to search them, those removed and not yet
    /// compacted included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.index.bytes()
    }

    /// The cosine of a query to a text of this snapshot, as a decision finds it.
    ///
    /// # Panics
    ///
    /// If the query has another width.
    #[must_use]
    pub fn cosine(&self, query: &[f32], text: &PlacedText) -> f32 {
        self.index.cosine(query, &text.vector)
    }

    /// Reads what a search scans, once and as fast as memory gives it: what a search can be
    /// measured against.
    pub fn stream(&self) {
        self.index.stream();
    }

    /// Somebody's texts, in their order.
    #[must_use]
    pub fn texts(&self, owner: &Owner) -> Vec<Text> {
        self.rows(owner).into_iter().map(|row| row.text).collect()
    }

    /// As [`Self::texts`], with places and vectors.
    #[must_use]
    pub fn placed_texts(&self, owner: &Owner) -> Vec<PlacedText> {
        let placed = |row: Row| PlacedText { place: row.place, text: row.text, vector: row.vector };
        self.rows(owner).into_iter().map(placed).collect()
    }

    /// One route with its texts.
    #[must_use]
    pub fn whole_route(&self, name: &str) -> Option<Route> {
        let entry = self.route(name)?;
        let utterances = self.texts(&Owner::Utterances(entry.name.clone()));
        let negatives = self.texts(&Owner::Negatives(entry.name.clone()));
        let route = Route::new(entry.name.clone(), utterances).ok()?;
        Some(route.with_negatives(negatives).with_attributes(entry.attributes.clone()))
    }

    /// Everything, as a routes file says it: routes by name.
    #[must_use]
    pub fn content(&self) -> RoutesFile {
        let mut rows: Vec<Row> = self.index.all().collect();
        rows.sort_unstable_by_key(Row::order);
        let of = |group: Group| -> Vec<Text> {
            let first = rows.partition_point(|row| row.group < group);
            let own = rows[first..].iter().take_while(|row| row.group == group);
            own.map(|row| row.text.clone()).collect()
        };
        let route = |entry: &RouteEntry| {
            let route = Route::new(entry.name.clone(), of(Group::utterances(entry.slot))).ok()?;
            let route = route.with_negatives(of(Group::negatives(entry.slot)));
            Some(route.with_attributes(entry.attributes.clone()))
        };
        let routes = self.routes().filter_map(route).collect();
        RoutesFile::new(self.settings, of(Group::NAMESPACE), routes)
    }

    /// In how many pieces texts and vectors lie; a compaction makes them fewer.
    #[must_use]
    pub fn segments(&self) -> usize {
        self.index.segments()
    }

    /// What a compaction could gain now.
    #[must_use]
    pub fn compaction(&self) -> Option<Compaction> {
        Compaction::plan(&self.index)
    }

    /// The same content in the segments of a compaction, which was planned on this snapshot
    /// or on one before; nothing where another came between.
    #[must_use]
    pub fn compacted(&self, compaction: &Compaction) -> Option<Self> {
        let index = compaction.install(&self.index)?;
        Some(Self { index, ..self.clone() })
    }

    /// Groups of rows: those of all slots, of the namespace and of nobody.
    pub(crate) fn groups(&self) -> usize {
        Group::utterances(self.slots).index()
    }

    fn rows(&self, owner: &Owner) -> Vec<Row> {
        self.group(owner).map_or_else(Vec::new, |group| self.index.rows(group))
    }

    fn group(&self, owner: &Owner) -> Option<Group> {
        match owner {
            Owner::Namespace => Some(Group::NAMESPACE),
            Owner::Utterances(name) => {
                self.route(name.as_str()).map(|entry| Group::utterances(entry.slot))
            }
            Owner::Negatives(name) => {
                self.route(name.as_str()).map(|entry| Group::negatives(entry.slot))
            }
        }
    }
}
