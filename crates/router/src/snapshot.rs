//! An immutable set of routes with their vectors.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use synaptoroute_kernels::Kernels;

use crate::confidence::Prior;
use crate::name::RouteName;
use crate::revision::Revision;
use crate::route::Route;
use crate::settings::Settings;
use crate::text::Text;

/// Vectors of one width, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Vectors {
    dimensions: usize,
    flat: Vec<f32>,
}

impl Vectors {
    /// None yet.
    #[must_use]
    pub fn new(dimensions: usize) -> Self {
        Self { dimensions, flat: Vec::new() }
    }

    /// Adds one.
    ///
    /// # Panics
    ///
    /// If it has another width.
    pub fn push(&mut self, vector: &[f32]) {
        assert_eq!(vector.len(), self.dimensions, "a vector's width");
        self.flat.extend_from_slice(vector);
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.flat.len() / self.dimensions
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.flat.is_empty()
    }

    /// One of them.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        &self.flat[index * self.dimensions..][..self.dimensions]
    }

    pub(crate) fn as_flat(&self) -> &[f32] {
        &self.flat
    }
}

/// A route and the vectors of its texts, in the texts' order.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedRoute {
    route: Route,
    utterances: Vectors,
    negatives: Vectors,
}

impl IndexedRoute {
    /// Joins a route and its vectors.
    ///
    /// # Panics
    ///
    /// If there is not one vector a text.
    #[must_use]
    pub fn new(route: Route, utterances: Vectors, negatives: Vectors) -> Self {
        assert_eq!(route.utterances.len(), utterances.len(), "one vector an utterance");
        assert_eq!(route.negatives.len(), negatives.len(), "one vector a negative");
        Self { route, utterances, negatives }
    }

    /// The route with these utterances added; those it has already change nothing.
    ///
    /// # Panics
    ///
    /// If there is not one vector an utterance.
    #[must_use]
    pub fn with_utterances(&self, utterances: Vec<Text>, vectors: &[Vec<f32>]) -> Self {
        assert_eq!(utterances.len(), vectors.len(), "one vector an utterance");
        let mut next = self.clone();
        let mut known: HashSet<Text> = next.route.utterances.iter().cloned().collect();
        for (utterance, vector) in utterances.into_iter().zip(vectors) {
            if known.insert(utterance.clone()) {
                next.route.utterances.push(utterance);
                next.utterances.push(vector);
            }
        }
        next
    }

    /// The route itself.
    #[must_use]
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// Of its utterances.
    #[must_use]
    pub fn utterance_vectors(&self) -> &Vectors {
        &self.utterances
    }

    /// Of its negatives.
    #[must_use]
    pub fn negative_vectors(&self) -> &Vectors {
        &self.negatives
    }
}

/// Routes, settings and negatives as they were at one revision.
///
/// Deriving the next one copies pointers, not routes.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) kernels: Kernels,
    pub(crate) prior: Prior,
    pub(crate) revision: Revision,
    pub(crate) settings: Settings,
    /// By name: every walk over them has one order, however they came in.
    pub(crate) routes: BTreeMap<RouteName, Arc<IndexedRoute>>,
    pub(crate) negatives: Arc<Negatives>,
}

/// Texts that belong to no route, and their vectors.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Negatives {
    pub(crate) texts: Vec<Text>,
    pub(crate) vectors: Vectors,
}

impl Snapshot {
    /// No routes, at revision 0.
    #[must_use]
    pub fn empty(kernels: Kernels, dimensions: usize) -> Self {
        Self {
            kernels,
            prior: Prior::BGE_SMALL,
            revision: Revision::default(),
            settings: Settings::default(),
            routes: BTreeMap::new(),
            negatives: Arc::new(Negatives { texts: Vec::new(), vectors: Vectors::new(dimensions) }),
        }
    }

    /// The next revision, with this route added or put in its namesake's place.
    #[must_use]
    pub fn with_route(&self, route: IndexedRoute) -> Self {
        let mut next = self.clone();
        next.revision = self.revision.next();
        next.routes.insert(route.route.name.clone(), Arc::new(route));
        next
    }

    /// The next revision, with exactly this content.
    ///
    /// # Panics
    ///
    /// If there is not one vector a negative.
    #[must_use]
    pub fn with_content(
        &self,
        settings: Settings,
        negatives: Vec<Text>,
        negative_vectors: Vectors,
        routes: impl IntoIterator<Item = IndexedRoute>,
    ) -> Self {
        assert_eq!(negatives.len(), negative_vectors.len(), "one vector a negative");
        let named = |route: IndexedRoute| (route.route.name.clone(), Arc::new(route));
        Self {
            revision: self.revision.next(),
            settings,
            routes: routes.into_iter().map(named).collect(),
            negatives: Arc::new(Negatives { texts: negatives, vectors: negative_vectors }),
            ..self.clone()
        }
    }

    /// Whether the other holds the same routes, settings and negatives.
    ///
    /// Texts decide; vectors follow from them. Shared routes are told by their address.
    #[must_use]
    pub fn same_content(&self, other: &Self) -> bool {
        let same = |(a, b): (&Arc<IndexedRoute>, &Arc<IndexedRoute>)| {
            Arc::ptr_eq(a, b) || a.route == b.route
        };
        self.settings == other.settings
            && self.negatives.texts == other.negatives.texts
            && self.routes.len() == other.routes.len()
            && self.routes.values().zip(other.routes.values()).all(same)
    }

    /// Texts that belong to no route.
    #[must_use]
    pub fn negatives(&self) -> &[Text] {
        &self.negatives.texts
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
    pub fn routes(&self) -> impl Iterator<Item = &Arc<IndexedRoute>> {
        self.routes.values()
    }

    /// Routes whose names come after `name`, by name.
    pub fn routes_after(&self, name: &str) -> impl Iterator<Item = &Arc<IndexedRoute>> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.routes.range::<str, _>((Excluded(name), Unbounded)).map(|(_, route)| route)
    }

    /// One route.
    #[must_use]
    pub fn route(&self, name: &str) -> Option<&Arc<IndexedRoute>> {
        self.routes.get(name)
    }
}
