//! Fewer and larger segments with the same rows.

use std::sync::Arc;

use super::{Group, Index, OPEN, Row, SEALED, Segment};

/// As many segments that are at most half full are joined. A search pays some 50 ns for each
/// segment, and an add copies a pointer to each.
const MANY: usize = 64;

/// A segment with this part of its rows removed, or more, is made anew.
const REMOVED_PART: usize = 4;

/// Segments to be made anew, and what they become.
///
/// Made from one snapshot, which it does not change, while others are published; then put
/// into the latest one, where rows may have been removed since.
#[derive(Debug)]
pub struct Compaction {
    index: Index,
    /// What goes.
    old: Vec<Arc<Segment>>,
    new: Vec<New>,
}

/// A segment that comes.
#[derive(Debug)]
struct New {
    segment: Arc<Segment>,
    /// Where each of its rows was.
    origins: Vec<Origin>,
}

/// An old segment, by its place in the list, and a row of it.
type Origin = (u32, u32);

impl Compaction {
    /// What there is to gain now; nothing is copied yet.
    pub(crate) fn plan(index: &Index) -> Option<Self> {
        // The last one may still grow.
        let closed = index.segments.split_last().map_or(&[][..], |(_, closed)| closed);
        let wasteful = |segment: &Segment| {
            segment.live_len() == 0
                || segment.len() > OPEN
                    && (segment.len() - segment.live_len()) * REMOVED_PART >= segment.len()
        };
        let halves = |segment: &Segment| segment.live_len() <= SEALED / 2;
        let many = closed.iter().filter(|segment| halves(segment)).count() >= MANY;
        if !many && !closed.iter().any(|segment| wasteful(segment)) {
            return None;
        }
        // Those that are more than half full are left alone: they would be copied again and
        // again for little.
        let goes = |segment: &&Arc<Segment>| wasteful(segment) || many && halves(segment);
        let old: Vec<Arc<Segment>> = closed.iter().filter(goes).cloned().collect();
        Some(Self { index: index.clone(), old, new: Vec::new() })
    }

    /// The long part: copies rows into new segments.
    #[must_use]
    pub fn build(mut self) -> Self {
        let mut rows: Vec<(Origin, Row)> = Vec::new();
        for (number, segment) in self.old.iter().enumerate() {
            let live = segment.live();
            rows.extend(live.map(|(old, row)| ((number as u32, old as u32), row)));
        }
        rows.sort_unstable_by_key(|(_, row)| row.order());
        for part in rows.chunks(SEALED) {
            let (origins, part): (Vec<_>, Vec<Row>) = part.iter().cloned().unzip();
            let segment = Segment::sealed(self.index.kernels, self.index.dimensions, &part);
            self.new.push(New { segment: Arc::new(segment), origins });
        }
        self
    }

    /// The index with new segments in the old ones' stead. Rows that were removed since the
    /// plan are removed from them too. Nothing happens if another compaction came before.
    pub(crate) fn install(&self, index: &Index) -> Option<Index> {
        let current: Option<Vec<&Arc<Segment>>> = self
            .old
            .iter()
            .map(|old| index.segments.iter().find(|segment| segment.same_rows(old)))
            .collect();
        let current = current?;
        let mut next = index.clone();
        next.segments.retain(|segment| !self.old.iter().any(|old| old.same_rows(segment)));
        // The open segment stays last: it is the one that grows.
        let at = next.segments.len().saturating_sub(1);
        let mut fresh = Vec::with_capacity(self.new.len());
        let changed: Vec<bool> =
            self.old.iter().zip(&current).map(|(old, now)| !old.same_owners(now)).collect();
        for New { segment, origins } in &self.new {
            let mut segment = Arc::clone(segment);
            for (row, &(from, old_row)) in origins.iter().enumerate() {
                let from = from as usize;
                if changed[from] && current[from].owner(old_row as usize) == Group::NOBODY {
                    Arc::make_mut(&mut segment).disown(row);
                }
            }
            fresh.push(segment);
        }
        next.segments.splice(at..at, fresh);
        Some(next)
    }
}
