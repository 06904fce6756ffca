//! All texts, in an order that only the content decides.

use std::ops::Range;
use std::sync::Arc;

use super::finding::{FindingText, SimilarUtterance};
use crate::name::RouteName;
use crate::route::RouteAttributes;
use crate::snapshot::Snapshot;
use crate::text::Text;

/// First the utterances, then the negatives of routes, then those of the namespace; the first
/// two by route, and each by text.
pub(super) struct Rows {
    /// By name.
    pub(super) routes: Vec<RouteRows>,
    /// The namespace's negatives.
    pub(super) namespace: Range<usize>,
    rows: Vec<Row>,
}

/// A route, and which rows are its own.
pub(super) struct RouteRows {
    pub(super) name: RouteName,
    pub(super) attributes: RouteAttributes,
    pub(super) utterances: Range<usize>,
    pub(super) negatives: Range<usize>,
}

/// A text with its vector and the route it is of; that of the namespace's negatives is nobody's.
pub(super) struct Row {
    pub(super) text: Text,
    pub(super) vector: Arc<[f32]>,
    pub(super) route: Option<u32>,
}

impl Rows {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let count = snapshot.route_count();
        let mut places = vec![None; snapshot.groups()];
        for (number, entry) in snapshot.routes().enumerate() {
            let [utterances, negatives] = entry.groups();
            places[utterances.index()] = Some(number);
            places[negatives.index()] = Some(count + number);
        }
        let mut rows: Vec<(usize, Row)> = Vec::with_capacity(snapshot.text_count());
        for row in snapshot.index.all() {
            let place = places.get(row.group.index()).copied().flatten().unwrap_or(2 * count);
            let route = (place < 2 * count).then(|| (place % count) as u32);
            rows.push((place, Row { text: row.text, vector: row.vector, route }));
        }
        rows.sort_unstable_by(|(a, x), (b, y)| (a, x.text.as_str()).cmp(&(b, y.text.as_str())));
        let of = |place: usize| {
            let first = rows.partition_point(|(other, _)| *other < place);
            first..rows.partition_point(|(other, _)| *other <= place)
        };
        let routes = snapshot.routes().enumerate().map(|(number, entry)| RouteRows {
            name: entry.name.clone(),
            attributes: entry.attributes.clone(),
            utterances: of(number),
            negatives: of(count + number),
        });
        let routes = routes.collect();
        let namespace = of(2 * count);
        Self { routes, namespace, rows: rows.into_iter().map(|(_, row)| row).collect() }
    }

    /// Texts of all kinds.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many of them are utterances: the first ones.
    pub(super) fn utterances(&self) -> usize {
        self.routes.last().map_or(0, |route| route.utterances.end)
    }

    pub(super) fn row(&self, row: usize) -> &Row {
        &self.rows[row]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// The route of an utterance or of a route's negative.
    pub(super) fn route_of(&self, row: usize) -> Option<usize> {
        self.rows[row].route.map(|route| route as usize)
    }

    pub(super) fn name(&self, route: usize) -> &RouteName {
        &self.routes[route].name
    }

    /// All utterances if they are at most so many, else so many of them, evenly spread.
    pub(super) fn spread(&self, most: usize) -> Vec<usize> {
        let all = self.utterances();
        let count = all.min(most.max(1));
        (0..count).map(|i| i * all / count).collect()
    }

    /// A text as an example, with the utterance that makes it one.
    pub(super) fn example(&self, row: usize, near: usize, similarity: f32) -> FindingText {
        let near = self.route_of(near).map(|route| SimilarUtterance {
            text: self.row(near).text.clone(),
            route: self.name(route).clone(),
            similarity: similarity.into(),
        });
        FindingText { nearest: near, ..self.plain_example(row) }
    }

    /// A text as an example by itself.
    pub(super) fn plain_example(&self, row: usize) -> FindingText {
        FindingText {
            text: self.row(row).text.clone(),
            route: self.route_of(row).map(|route| self.name(route).clone()),
            nearest: None,
            own_similarity: None,
        }
    }
}
