//! The rows of a snapshot: texts with their vectors, as they are searched.
//!
//! Rows lie in [`Segment`]s, which snapshots share. A new row goes into the last, small one,
//! of which a copy is made; everything else stays where it is, so adding costs the same with a
//! thousand rows or a million. A row that is removed is marked in a copied list of owners. A
//! [`Compaction`](crate::Compaction) makes large segments of small ones and forgets what was
//! removed.
//!
//! - `segment`: rows side by side, and who owns them; `codes`: what is scanned of them.
//! - `search`: the rows of each group that are nearest to a query, exactly.
//! - `compact`: fewer and larger segments with the same rows.

mod codes;
mod compact;
mod search;
mod segment;

use std::sync::Arc;

use synaptoroute_kernels::Kernels;

pub use compact::Compaction;
pub(crate) use search::{Hit, Search};
pub(crate) use segment::Row;
use segment::Segment;

use crate::edit::Place;
use crate::text::Text;

/// Rows that belong together when they are searched: a route's utterances, or its negatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Group(u32);

impl Group {
    /// Of rows that were removed, and of places that hold none.
    pub(crate) const NOBODY: Self = Self(0);
    /// Of the namespace's negatives.
    pub(crate) const NAMESPACE: Self = Self(1);

    pub(crate) const fn utterances(slot: u32) -> Self {
        Self(2 + 2 * slot)
    }

    pub(crate) const fn negatives(slot: u32) -> Self {
        Self(3 + 2 * slot)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Rows of a segment that grows: one block of codes.
const OPEN: usize = codes::BLOCK;

/// Most rows of a segment. Of 384 codes each they fill three large pages but for 6 KB.
pub(crate) const SEALED: usize = 496 * codes::BLOCK;

/// As many new rows get segments of their own.
const BULK: usize = 512;

/// All rows, shared with the snapshots before and after.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    kernels: Kernels,
    dimensions: usize,
    segments: Vec<Arc<Segment>>,
    live: usize,
}

impl Index {
    pub(crate) fn new(kernels: Kernels, dimensions: usize) -> Self {
        Self { kernels, dimensions, segments: Vec::new(), live: 0 }
    }

    /// How wide vectors are.
    pub(crate) fn dimensions(&self) -> usize {
        self.dimensions
    }

    pub(crate) fn kernels(&self) -> &Kernels {
        &self.kernels
    }

    /// Rows that somebody owns.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    pub(crate) fn segments(&self) -> usize {
        self.segments.len()
    }

    /// The cosine of a query to a row's vector.
    pub(crate) fn cosine(&self, query: &[f32], vector: &[f32]) -> f32 {
        let mut cosine = [0.0];
        self.kernels.dot_rows(query, vector, &mut cosine);
        cosine[0]
    }

    /// The cosines of a query to vectors that lie one after the other.
    pub(crate) fn cosines(&self, query: &[f32], vectors: &[f32], cosines: &mut [f32]) {
        self.kernels.dot_rows(query, vectors, cosines);
    }

    /// Bytes of codes, bounds, vectors and texts, removed rows included.
    pub(crate) fn bytes(&self) -> usize {
        self.segments.iter().map(|segment| segment.bytes()).sum()
    }

    /// Reads all codes.
    pub(crate) fn stream(&self) {
        self.segments.iter().for_each(|segment| self.kernels.read(segment.codes().bytes()));
    }

    /// Adds rows; takes them out of `rows`, whose room can be used again.
    pub(crate) fn append(&mut self, rows: &mut Vec<Row>) {
        self.live += rows.len();
        if rows.len() >= BULK {
            rows.sort_unstable_by_key(Row::order);
            for part in rows.chunks(SEALED) {
                self.segments.push(Arc::new(Segment::sealed(self.kernels, self.dimensions, part)));
            }
            rows.clear();
            return;
        }
        for row in rows.drain(..) {
            match self.segments.last_mut().filter(|last| last.grows()) {
                Some(open) => Arc::make_mut(open).push(&self.kernels, row),
                None => {
                    let mut open = Segment::open(self.dimensions);
                    open.push(&self.kernels, row);
                    self.segments.push(Arc::new(open));
                }
            }
        }
    }

    /// Removes the rows at these places; their texts come back.
    pub(crate) fn remove(&mut self, group: Group, places: &[Place]) -> Vec<Text> {
        let mut removed = Vec::with_capacity(places.len());
        for &place in places {
            let found =
                self.segments.iter().enumerate().find_map(|(number, segment)| {
                    segment.find(place, group).map(|row| (number, row))
                });
            if let Some((number, row)) = found {
                removed.push(self.segments[number].text(row).clone());
                Arc::make_mut(&mut self.segments[number]).disown(row);
            }
        }
        self.live -= removed.len();
        removed
    }

    /// Removes all rows of a group; their texts come back.
    pub(crate) fn remove_group(&mut self, group: Group) -> Vec<Text> {
        let mut removed = Vec::new();
        for segment in &mut self.segments {
            let rows: Vec<usize> = segment.rows_in(group).collect();
            if !rows.is_empty() {
                self.live -= rows.len();
                removed.extend(rows.iter().map(|&row| segment.text(row).clone()));
                let segment = Arc::make_mut(segment);
                rows.into_iter().for_each(|row| segment.disown(row));
            }
        }
        removed
    }

    /// The rows of a group, by place.
    pub(crate) fn rows(&self, group: Group) -> Vec<Row> {
        let mut rows: Vec<Row> =
            self.segments.iter().flat_map(|segment| segment.rows_of(group)).collect();
        rows.sort_unstable_by_key(|row| row.place);
        rows
    }

    /// All rows that somebody owns, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = Row> {
        self.segments.iter().flat_map(|segment| segment.live()).map(|(_, row)| row)
    }
}
