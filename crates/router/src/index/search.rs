//! The rows of each group that are nearest to a query, exactly.
//!
//! One pass over the int8 codes gives each row an interval that holds its cosine for certain.
//! Of each group the three highest lower ends are kept: a row whose upper end is below the
//! third of them is not among the group's three nearest. Those that remain, a few of a
//! thousand, are noted, and what a decision needs of them is computed in f32: the result is
//! that of computing all in f32, to the bit.

use std::sync::Arc;

use synaptoroute_kernels::ScanQuery;

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

/// A row that may be among its group's nearest.
#[derive(Clone, Copy)]
struct Maybe {
    segment: u32,
    row: u32,
    upper: f32,
    /// Of the same group, noted before; [`NONE`] ends the list.
    next: u32,
}

const NONE: u32 = u32::MAX;

/// What one pass found out about a group.
#[derive(Clone, Copy)]
struct Bounds {
    /// The highest lower ends, descending.
    lower: [f32; NEAREST],
    /// The highest upper ends, descending.
    upper: [f32; NEAREST],
    /// The last row that was noted.
    last: u32,
}

impl Bounds {
    const NOTHING: Self = Self {
        lower: [f32::NEG_INFINITY; NEAREST],
        upper: [f32::NEG_INFINITY; NEAREST],
        last: NONE,
    };
}

/// A query's pass over all rows.
pub(crate) struct Search<'a> {
    index: &'a Index,
    query: &'a [f32],
    groups: Vec<Bounds>,
    noted: Vec<Maybe>,
}

impl<'a> Search<'a> {
    /// Scans all rows; `groups` are the groups there are.
    ///
    /// # Panics
    ///
    /// If the query's width is not that of the rows.
    pub(crate) fn run(index: &'a Index, query: &'a [f32], groups: usize) -> Self {
        assert_eq!(query.len(), index.dimensions, "a vector's width");
        let mut search =
            Self { index, query, groups: vec![Bounds::NOTHING; groups], noted: Vec::new() };
        // What a row must reach to be noted. Apart from the rest, since every row is compared.
        let mut thresholds = vec![f32::NEG_INFINITY; groups];
        thresholds[Group::NOBODY.index()] = f32::INFINITY;
        let scan = ScanQuery::new(query);
        for (number, segment) in index.segments.iter().enumerate() {
            if segment.live_len() > 0 {
                let next = index.segments.get(number + 1);
                search.scan(&scan, number as u32, segment, next, &mut thresholds);
            }
        }
        search
    }

    fn scan(
        &mut self,
        query: &ScanQuery,
        number: u32,
        segment: &Segment,
        next: Option<&Arc<Segment>>,
        thresholds: &mut [f32],
    ) {
        let ahead = next.map_or(&[][..], |next| next.codes().bytes());
        segment.codes().scan(self.index.kernels(), query, ahead, |first, lowers, uppers| {
            // Fewer than there are bounds where the last block is not full.
            let owners = segment.owners_from(first);
            for (i, (&upper, &owner)) in uppers.iter().zip(owners).enumerate() {
                if upper >= thresholds[owner.index()] {
                    let maybe =
                        Maybe { segment: number, row: (first + i) as u32, upper, next: NONE };
                    thresholds[owner.index()] = self.note(owner, maybe, lowers[i]);
                }
            }
        });
    }

    /// Notes a row; says what the next one of its group must reach.
    #[cold]
    fn note(&mut self, group: Group, mut maybe: Maybe, lower: f32) -> f32 {
        let bounds = &mut self.groups[group.index()];
        insert(&mut bounds.upper, maybe.upper);
        insert(&mut bounds.lower, lower);
        maybe.next = std::mem::replace(&mut bounds.last, self.noted.len() as u32);
        self.noted.push(maybe);
        bounds.lower[NEAREST - 1]
    }

    /// Not lower than the mean of the group's three best cosines, or of all if there are
    /// fewer; minus infinity where there are none.
    pub(crate) fn nearest_at_most(&self, group: Group) -> f64 {
        let upper = self.groups[group.index()].upper;
        mean(upper.iter().copied().filter(|&upper| upper > f32::NEG_INFINITY))
    }

    /// The group's nearest rows, at most [`NEAREST`], the best first; of equals the one at
    /// the lower place.
    pub(crate) fn nearest(&self, group: Group) -> Vec<Hit<'a>> {
        let bounds = &self.groups[group.index()];
        let needed = bounds.lower[NEAREST - 1];
        let mut hits = Vec::new();
        let mut next = bounds.last;
        while let Some(maybe) = self.noted.get(next as usize) {
            next = maybe.next;
            if maybe.upper < needed {
                continue;
            }
            let (segment, row) = (&self.index.segments[maybe.segment as usize], maybe.row as usize);
            let mut similarity = [0.0];
            self.index.kernels().dot_rows(self.query, segment.vector(row), &mut similarity);
            hits.push(Hit {
                similarity: similarity[0],
                place: segment.place(row),
                text: segment.text(row),
            });
        }
        hits.sort_unstable_by(|a, b| {
            b.similarity.total_cmp(&a.similarity).then(a.place.cmp(&b.place))
        });
        hits.truncate(NEAREST);
        hits
    }
}

/// The mean of cosines, best first.
pub(crate) fn mean(similarities: impl Iterator<Item = f32>) -> f64 {
    let (sum, count) = similarities
        .fold((0.0, 0u32), |(sum, count), similarity| (sum + f64::from(similarity), count + 1));
    if count == 0 { f64::NEG_INFINITY } else { sum / f64::from(count) }
}

/// Keeps the highest, descending.
fn insert(best: &mut [f32; NEAREST], value: f32) {
    let rank = best.partition_point(|&other| other >= value);
    if rank < NEAREST {
        best[rank..].rotate_right(1);
        best[rank] = value;
    }
}
