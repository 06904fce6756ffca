//! Decisions by namespace, outcome and route, in a bounded number.
//!
//! Names of routes are the user's, and every label value is a series that Prometheus keeps. So
//! the first [`MOST_ROUTES`] routes that match and the first [`MOST_NAMESPACES`] namespaces that
//! are asked have numbers of their own, and the rest is counted as [`OTHER`]. What is deleted
//! makes room: at the next scrape its count goes over to [`OTHER`], so that no decision is lost
//! from the sum.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use synaptoroute::{Decision, NamespaceName, Outcome, RouteName, Router};

use super::metric::Counter;
use super::page::{Kind, Page};

/// Routes, of all namespaces together, that have a number of their own.
pub(super) const MOST_ROUTES: usize = 200;

/// Namespaces that have numbers of their own.
pub(super) const MOST_NAMESPACES: usize = 50;

/// The name of all others. A route of this name is counted along with them.
pub(super) const OTHER: &str = "_other";

/// Counters by name of namespace, then by name of route.
#[derive(Default)]
pub(super) struct Decisions(RwLock<Spaces>);

#[derive(Default)]
struct Spaces {
    known: BTreeMap<Box<str>, Space>,
    other: Space,
    /// In all namespaces.
    routes: usize,
}

#[derive(Default)]
struct Space {
    matched: BTreeMap<Box<str>, Counter>,
    /// Of routes that have no number of their own.
    other: Counter,
    ambiguous: Counter,
    none: Counter,
}

impl Decisions {
    pub(super) fn add(&self, namespace: &NamespaceName, decision: &Decision) {
        let spaces = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = spaces.known(namespace, decision) {
            return counter.add(1);
        }
        drop(spaces);
        let mut spaces = self.0.write().unwrap_or_else(PoisonError::into_inner);
        spaces.make_room(namespace, decision);
        spaces.nearest(namespace, decision).add(1);
    }

    /// Lets go of what is there no more, and writes the rest.
    pub(super) fn write(&self, router: &Router, page: &mut Page) {
        let mut spaces = self.0.write().unwrap_or_else(PoisonError::into_inner);
        spaces.retire(router);
        let help = "Decisions; route is the one that matched, _other all beyond the first 200";
        let mut family = page.family("synaptoroute_decisions_total", Kind::Counter, help);
        let known = spaces.known.iter().map(|(name, space)| (&**name, space));
        for (namespace, space) in known.chain([(OTHER, &spaces.other)]) {
            let mut sample = |outcome, route: Option<&str>, count: u64| {
                let labels = [
                    ("namespace", namespace),
                    ("outcome", outcome),
                    ("route", route.unwrap_or_default()),
                ];
                let labelled = if route.is_some() { 3 } else { 2 };
                // Of what is hardly ever there, only what there is.
                if count > 0 || !matches!((namespace, route), (OTHER, _) | (_, Some(OTHER))) {
                    family.sample(&labels[..labelled], count);
                }
            };
            for (route, counter) in &space.matched {
                sample("matched", Some(route), counter.get());
            }
            sample("matched", Some(OTHER), space.other.get());
            sample("ambiguous", None, space.ambiguous.get());
            sample("none", None, space.none.get());
        }
    }
}

impl Spaces {
    /// The counter for it, if there is one that needs nothing made.
    fn known(&self, namespace: &NamespaceName, decision: &Decision) -> Option<&Counter> {
        let space = match self.known.get(namespace.as_str()) {
            Some(space) => space,
            None if self.known.len() < MOST_NAMESPACES => return None,
            None => &self.other,
        };
        match (decision.outcome, &decision.route) {
            (Outcome::Matched, Some(route)) => match space.matched.get(route.as_str()) {
                Some(counter) => Some(counter),
                None if self.full(namespace, route) => Some(&space.other),
                None => None,
            },
            (Outcome::Ambiguous, _) => Some(&space.ambiguous),
            _ => Some(&space.none),
        }
    }

    /// Whether this route gets no number of its own.
    fn full(&self, namespace: &NamespaceName, route: &RouteName) -> bool {
        self.routes >= MOST_ROUTES
            || !self.known.contains_key(namespace.as_str())
            || route.as_str() == OTHER
    }

    fn make_room(&mut self, namespace: &NamespaceName, decision: &Decision) {
        let name = namespace.as_str();
        if !self.known.contains_key(name) && self.known.len() < MOST_NAMESPACES && name != OTHER {
            self.known.insert(name.into(), Space::default());
        }
        let Some(route) = decision.route.as_ref().filter(|route| !self.full(namespace, route))
        else {
            return;
        };
        if let Some(space) = self.known.get_mut(name)
            && !space.matched.contains_key(route.as_str())
        {
            space.matched.insert(route.as_str().into(), Counter::default());
            self.routes += 1;
        }
    }

    /// As [`Self::known`], once there is room; another may have been faster.
    fn nearest(&self, namespace: &NamespaceName, decision: &Decision) -> &Counter {
        let space = self.known.get(namespace.as_str()).unwrap_or(&self.other);
        match (decision.outcome, &decision.route) {
            (Outcome::Matched, Some(route)) => {
                space.matched.get(route.as_str()).unwrap_or(&space.other)
            }
            (Outcome::Ambiguous, _) => &space.ambiguous,
            _ => &space.none,
        }
    }

    /// Counts what was deleted with the others.
    fn retire(&mut self, router: &Router) {
        let of = |name: &str| {
            let name = NamespaceName::try_from(name).ok()?;
            router.namespace(&name).ok()
        };
        let Self { known, other, routes } = self;
        known.retain(|name, space| {
            let Some(router) = of(name) else {
                let matched = space.matched.values().map(Counter::get).sum::<u64>();
                *routes -= space.matched.len();
                other.other.add(matched + space.other.get());
                other.ambiguous.add(space.ambiguous.get());
                other.none.add(space.none.get());
                return false;
            };
            let snapshot = router.snapshot();
            space.matched.retain(|route, counter| {
                let there = snapshot.route(route).is_some();
                if !there {
                    space.other.add(counter.get());
                    *routes -= 1;
                }
                there
            });
            true
        });
    }
}
