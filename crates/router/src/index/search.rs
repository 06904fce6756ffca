//! The rows of a group that are nearest to a query, exactly.
//!
//! One pass over the rows' bytes gives each a number that its cosine certainly does not
//! exceed, and each group the highest of its rows'. Of the groups that this leaves in
//! question, a few of all, the rows are looked at by that number, the highest first, and their
//! cosines computed in f32, until no other can be among the nearest. The result is that of
//! computing every cosine in f32, to the bit.

mod scratch;

use std::sync::Arc;

use synaptoroute_kernels::ScanQuery;

use self::scratch::Scratch;
use super::{Group, Index, Segment};
use crate::edit::Place;
use crate::evidence::NEAREST;
use crate::text::Text;

/// A row and its exact cosine to the query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hit<'a> {
    pub(crate) similarity: f32,
    pub(crate) place: Place,
    pub(crate) text: &'a Text,
}

/// A row of a group in question.
#[derive(Clone, Copy)]
struct Bounded {
    segment: u32,
    row: u32,
    /// Its cosine is not higher.
    at_most: f32,
}

/// A query's pass over all rows.
pub(crate) struct Search<'a> {
    index: &'a Index,
    query: &'a [f32],
    scratch: Scratch,
}

impl<'a> Search<'a> {
    /// Scans all rows; there are so many groups.
    ///
    /// # Panics
    ///
    /// If the query's width is not that of the rows.
    pub(crate) fn run(index: &'a Index, query: &'a [f32], groups: usize) -> Self {
        assert_eq!(query.len(), index.dimensions, "a vector's width");
        let mut scratch = Scratch::take();
        scratch.reset(groups);
        let scan = ScanQuery::new(query);
        for (number, segment) in index.segments.iter().enumerate() {
            let next = index.segments.get(number + 1);
            scan_segment(index, &scan, segment, next, &mut scratch);
        }
        Self { index, query, scratch }
    }

    /// The cosine of none of the group's rows is higher; minus infinity where it has none.
    pub(crate) fn at_most(&self, group: Group) -> f32 {
        self.scratch.highest[group.index()]
    }

    /// Finds the rows of these groups, of which there are so many, for [`Self::nearest`]:
    /// all in one pass over the runs.
    pub(crate) fn gather(&mut self, groups: impl IntoIterator<Item = (Group, usize)>) {
        let Scratch { bounds, gathered, wanted, .. } = &mut self.scratch;
        let mut any = false;
        for (group, count) in groups {
            if gathered[group.index()].is_none() {
                gathered[group.index()] = Some(Vec::with_capacity(count));
                wanted[group.index()] = count > 0;
                any |= count > 0;
            }
        }
        if !any {
            return;
        }
        let mut bounds = bounds.as_slice();
        for (number, segment) in self.index.segments.iter().enumerate() {
            for (group, run) in segment.runs() {
                if !wanted[group.index()] {
                    continue;
                }
                let rows = gathered[group.index()].get_or_insert_default();
                rows.extend(run.filter(|&row| segment.owner(row) == group).map(|row| Bounded {
                    segment: number as u32,
                    row: row as u32,
                    at_most: bounds[row],
                }));
            }
            bounds = &bounds[segment.codes().places()..];
        }
        wanted.fill(false);
    }

    /// The mean of the three best cosines of the group is not higher; a nearer bound than
    /// [`Self::at_most`]. Its rows were gathered.
    pub(crate) fn nearest_at_most(&self, group: Group) -> f64 {
        let rows = self.scratch.gathered[group.index()].as_ref().expect("its rows were gathered");
        let mut best = [f32::NEG_INFINITY; NEAREST];
        for row in rows {
            if row.at_most > best[NEAREST - 1] {
                let rank = best.partition_point(|&other| other >= row.at_most);
                best[rank..].rotate_right(1);
                best[rank] = row.at_most;
            }
        }
        let count = rows.len().min(NEAREST);
        if count == 0 {
            return f64::NEG_INFINITY;
        }
        // Summed in the order of the cosines' own sum: each step of it is monotonous.
        best[..count].iter().map(|&at_most| f64::from(at_most)).sum::<f64>() / count as f64
    }

    /// The group's nearest rows, at most [`NEAREST`], the best first; of equals the one at
    /// the lower place. Its rows were gathered.
    pub(crate) fn nearest(&mut self, group: Group) -> Vec<Hit<'a>> {
        let rows = self.scratch.gathered[group.index()].as_mut().expect("its rows were gathered");
        let mut hits: Vec<Hit<'a>> = Vec::with_capacity(NEAREST + 1);
        let mut rest = &mut rows[..];
        while !rest.is_empty() {
            // A few at a time: whoever sorts all, sorts for nothing.
            let few = rest.len().min(4 * NEAREST);
            rest.select_nth_unstable_by(few - 1, |a, b| b.at_most.total_cmp(&a.at_most));
            let (best, others) = std::mem::take(&mut rest).split_at_mut(few);
            best.sort_unstable_by(|a, b| b.at_most.total_cmp(&a.at_most));
            for row in best {
                if hits.get(NEAREST - 1).is_some_and(|last| last.similarity > row.at_most) {
                    return hits;
                }
                add(&mut hits, self.index.hit(self.query, row.segment, row.row));
            }
            rest = others;
        }
        hits
    }
}

impl Drop for Search<'_> {
    fn drop(&mut self) {
        std::mem::take(&mut self.scratch).give_back();
    }
}

impl Index {
    fn hit<'a>(&'a self, query: &[f32], segment: u32, row: u32) -> Hit<'a> {
        let (segment, row) = (&self.segments[segment as usize], row as usize);
        let similarity = self.cosine(query, segment.vector(row));
        Hit { similarity, place: segment.place(row), text: segment.text(row) }
    }
}

/// Bounds of all places of a segment, and the highest of each group. Rows that were removed
/// count until they are compacted away: they make a bound wider, and never wrong.
fn scan_segment(
    index: &Index,
    query: &ScanQuery,
    segment: &Segment,
    next: Option<&Arc<Segment>>,
    scratch: &mut Scratch,
) {
    let Scratch { bounds, highest, .. } = scratch;
    let first = bounds.len();
    bounds.resize(first + segment.codes().places(), 0.0);
    let bounds = &mut bounds[first..];
    let ahead = next.map_or(&[][..], |next| next.codes().bytes());
    segment.codes().scan(&index.kernels, query, ahead, bounds);
    for (group, run) in segment.runs() {
        let highest = &mut highest[group.index()];
        *highest = highest.max(max(&bounds[run]));
    }
}

/// The highest of these; in lanes, so that the compiler works on several at once.
fn max(bounds: &[f32]) -> f32 {
    const LANES: usize = 16;
    let higher = |a: f32, b: f32| if b > a { b } else { a };
    let (chunks, rest) = bounds.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (lane, &bound) in lanes.iter_mut().zip(chunk) {
            *lane = higher(*lane, bound);
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, higher)
}

/// Puts a hit in its rank and keeps the best.
fn add<'a>(hits: &mut Vec<Hit<'a>>, new: Hit<'a>) {
    let before = |other: &Hit<'_>| {
        let order = new.similarity.total_cmp(&other.similarity);
        order.then_with(|| other.place.cmp(&new.place)).is_lt()
    };
    hits.insert(hits.partition_point(before), new);
    hits.truncate(NEAREST);
}
