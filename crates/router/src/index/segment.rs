//! Rows side by side, and who owns them.

use std::ops::Range;
use std::sync::Arc;

use synaptoroute_kernels::Kernels;

use super::Group;
use super::codes::Codes;
use crate::edit::Place;
use crate::text::Text;

/// A row as it goes in and comes out.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) group: Group,
    pub(crate) place: Place,
    pub(crate) text: Text,
    pub(crate) vector: Arc<[f32]>,
}

impl Row {
    /// The order of rows in a sealed segment: those of a group lie together, by place.
    pub(crate) fn order(&self) -> (Group, Place) {
        (self.group, self.place)
    }
}

/// Rows whose owners one snapshot can change without copying those of all the others.
const OWNERS: usize = 1024;

/// Rows that are searched together.
///
/// What rows are never changes, and is shared between copies; whose they are does, and is
/// copied in parts.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    rows: Arc<Rows>,
    /// In parts of [`OWNERS`].
    owners: Vec<Arc<Vec<Group>>>,
    live: usize,
}

/// What never changes, but for the segment that still grows.
#[derive(Clone, Debug)]
struct Rows {
    codes: Codes,
    /// In a sealed segment by group, as the rows were owned when it was made.
    runs: Vec<Run>,
    /// In a sealed segment ascending within each run.
    places: Vec<Place>,
    /// The lowest and the highest place.
    range: (Place, Place),
    texts: Vec<Text>,
    vectors: Vec<Arc<[f32]>>,
}

/// Rows one after the other that came as one group's; some may have been removed since.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) group: Group,
    /// Its first row; it ends where the next begins.
    pub(super) first: u32,
}

impl Rows {
    fn new(codes: Codes, capacity: usize) -> Self {
        Self {
            codes,
            runs: Vec::new(),
            places: Vec::with_capacity(capacity),
            range: (Place::from(u64::MAX), Place::from(0)),
            texts: Vec::with_capacity(capacity),
            vectors: Vec::with_capacity(capacity),
        }
    }

    /// Everything of a row but its codes.
    fn push(&mut self, row: Row) {
        if self.runs.last().is_none_or(|run| run.group != row.group) {
            self.runs.push(Run { group: row.group, first: self.places.len() as u32 });
        }
        self.range = (self.range.0.min(row.place), self.range.1.max(row.place));
        self.places.push(row.place);
        self.texts.push(row.text);
        self.vectors.push(row.vector);
    }
}

impl Segment {
    /// One that is to grow, row by row.
    pub(super) fn open(dimensions: usize) -> Self {
        let rows = Rows::new(Codes::open(dimensions), super::OPEN);
        Self { rows: Arc::new(rows), owners: Vec::new(), live: 0 }
    }

    /// One of these rows, which does not grow; they are in [`Row::order`].
    pub(super) fn sealed(kernels: Kernels, dimensions: usize, rows: &[Row]) -> Self {
        debug_assert!(rows.is_sorted_by_key(Row::order));
        let vectors = rows.iter().map(|row| &*row.vector);
        let mut sealed = Rows::new(Codes::sealed(kernels, dimensions, vectors), rows.len());
        let owners: Vec<Group> = rows.iter().map(|row| row.group).collect();
        rows.iter().for_each(|row| sealed.push(row.clone()));
        Self {
            rows: Arc::new(sealed),
            owners: owners.chunks(OWNERS).map(|part| Arc::new(part.to_vec())).collect(),
            live: rows.len(),
        }
    }

    /// Adds a row to an open segment.
    pub(super) fn push(&mut self, kernels: &Kernels, row: Row) {
        let rows = Arc::make_mut(&mut self.rows);
        rows.codes.push(kernels, rows.places.len(), &row.vector);
        match self.owners.last_mut() {
            Some(part) => Arc::make_mut(part).push(row.group),
            None => self.owners.push(Arc::new(vec![row.group])),
        }
        rows.push(row);
        self.live += 1;
    }

    /// Whether it was made to grow, row by row.
    pub(super) fn is_open(&self) -> bool {
        self.rows.codes.is_open()
    }

    /// Whether a row can be pushed.
    pub(super) fn grows(&self) -> bool {
        self.is_open() && self.len() < super::OPEN
    }

    /// Rows, removed ones included.
    pub(super) fn len(&self) -> usize {
        self.rows.places.len()
    }

    /// Rows that somebody owns.
    pub(super) fn live_len(&self) -> usize {
        self.live
    }

    pub(super) fn codes(&self) -> &Codes {
        &self.rows.codes
    }

    /// Its runs of rows of one group, each with where it ends.
    pub(super) fn runs(&self) -> impl Iterator<Item = (Group, Range<usize>)> {
        let runs = &self.rows.runs;
        let ends = runs.iter().skip(1).map(|run| run.first as usize).chain([self.len()]);
        runs.iter().zip(ends).map(|(run, end)| (run.group, run.first as usize..end))
    }

    pub(super) fn owner(&self, row: usize) -> Group {
        self.owners[row / OWNERS][row % OWNERS]
    }

    pub(super) fn place(&self, row: usize) -> Place {
        self.rows.places[row]
    }

    pub(super) fn text(&self, row: usize) -> &Text {
        &self.rows.texts[row]
    }

    pub(super) fn vector(&self, row: usize) -> &[f32] {
        &self.rows.vectors[row]
    }

    /// Whether both hold the very same rows, whoever owns them.
    pub(super) fn same_rows(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rows, &other.rows)
    }

    /// Whether no owner differs for sure; told without looking at them.
    pub(super) fn same_owners(&self, other: &Self) -> bool {
        self.owners.iter().zip(&other.owners).all(|(a, b)| Arc::ptr_eq(a, b))
    }

    /// The row of this group at this place.
    pub(super) fn find(&self, place: Place, group: Group) -> Option<usize> {
        let Rows { places, range, .. } = &*self.rows;
        if place < range.0 || place > range.1 {
            return None;
        }
        let mut runs = self.runs().filter(|(of, _)| *of == group);
        if self.is_open() {
            // A place that was given up may have been taken again; only one of the two has an
            // owner.
            let mut rows = runs.flat_map(|(_, run)| run);
            return rows.find(|&row| places[row] == place && self.owner(row) == group);
        }
        let (_, run) = runs.next()?;
        let row = run.start + places[run].binary_search(&place).ok()?;
        (self.owner(row) == group).then_some(row)
    }

    /// Takes a row's owner away.
    pub(super) fn disown(&mut self, row: usize) {
        Arc::make_mut(&mut self.owners[row / OWNERS])[row % OWNERS] = Group::NOBODY;
        self.live -= 1;
    }

    /// The rows that a group owns.
    pub(super) fn rows_in(&self, group: Group) -> impl Iterator<Item = usize> {
        let runs = self.runs().filter(move |(of, _)| *of == group);
        runs.flat_map(|(_, run)| run).filter(move |&row| self.owner(row) == group)
    }

    pub(super) fn row(&self, row: usize) -> Row {
        Row {
            group: self.owner(row),
            place: self.rows.places[row],
            text: self.rows.texts[row].clone(),
            vector: Arc::clone(&self.rows.vectors[row]),
        }
    }

    pub(super) fn rows_of(&self, group: Group) -> impl Iterator<Item = Row> {
        self.rows_in(group).map(|row| self.row(row))
    }

    /// The rows that somebody owns.
    pub(super) fn live(&self) -> impl Iterator<Item = (usize, Row)> {
        let owned = (0..self.len()).filter(|&row| self.owner(row) != Group::NOBODY);
        owned.map(|row| (row, self.row(row)))
    }

    /// Bytes of codes, bounds, vectors and texts.
    pub(super) fn bytes(&self) -> usize {
        let text: usize = self.rows.texts.iter().map(|text| text.as_str().len()).sum();
        let vector = self.rows.vectors.first().map_or(0, |vector| size_of_val::<[f32]>(vector));
        self.rows.codes.bytes().len() + self.len() * (vector + size_of::<Row>()) + text
    }
}
