//! Rows side by side, and who owns them.

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
    places: Vec<Place>,
    /// Whether `places` ascend.
    sorted: bool,
    /// The lowest and the highest place.
    range: (Place, Place),
    texts: Vec<Text>,
    vectors: Vec<Arc<[f32]>>,
}

impl Rows {
    fn new(codes: Codes, capacity: usize) -> Self {
        Self {
            codes,
            places: Vec::with_capacity(capacity),
            sorted: true,
            range: (Place::from(u64::MAX), Place::from(0)),
            texts: Vec::with_capacity(capacity),
            vectors: Vec::with_capacity(capacity),
        }
    }

    /// Everything of a row but its codes.
    fn push(&mut self, row: Row) {
        self.sorted &= self.places.last().is_none_or(|&last| last < row.place);
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

    /// One of these rows, which does not grow.
    pub(super) fn sealed(kernels: Kernels, dimensions: usize, rows: &[Row]) -> Self {
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

    /// Whether a row can be pushed.
    pub(super) fn grows(&self) -> bool {
        self.rows.codes.is_open() && self.len() < super::OPEN
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

    /// The owners of rows from `first` on, as many as lie together.
    pub(super) fn owners_from(&self, first: usize) -> &[Group] {
        &self.owners[first / OWNERS][first % OWNERS..]
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
    pub(super) fn same_owners(&self, other: &Self, part: usize) -> bool {
        Arc::ptr_eq(&self.owners[part], &other.owners[part])
    }

    /// Ranges of rows whose owners are copied together.
    pub(super) fn parts(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let len = self.len();
        (0..self.owners.len()).map(move |part| part * OWNERS..len.min((part + 1) * OWNERS))
    }

    /// The row of this group at this place.
    pub(super) fn find(&self, place: Place, group: Group) -> Option<usize> {
        let rows = &self.rows;
        if place < rows.range.0 || place > rows.range.1 {
            return None;
        }
        // A place that was given up may have been taken again within one segment; only one
        // of the two has an owner.
        if rows.sorted {
            let row = rows.places.binary_search(&place).ok()?;
            (self.owner(row) == group).then_some(row)
        } else {
            (0..self.len()).find(|&row| rows.places[row] == place && self.owner(row) == group)
        }
    }

    /// Takes a row's owner away.
    pub(super) fn disown(&mut self, row: usize) {
        Arc::make_mut(&mut self.owners[row / OWNERS])[row % OWNERS] = Group::NOBODY;
        self.live -= 1;
    }

    pub(super) fn owns(&self, group: Group) -> bool {
        self.owners.iter().any(|part| part.contains(&group))
    }

    /// Takes the owner of all its rows away; says how many there were.
    pub(super) fn disown_group(&mut self, group: Group) -> usize {
        let mut count = 0;
        for part in &mut self.owners {
            if !part.contains(&group) {
                continue;
            }
            for owner in Arc::make_mut(part).iter_mut().filter(|owner| **owner == group) {
                *owner = Group::NOBODY;
                count += 1;
            }
        }
        self.live -= count;
        count
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
        let owners = self.owners.iter().flat_map(|part| part.iter());
        let of_group = move |(row, &owner)| (owner == group).then(|| self.row(row));
        owners.enumerate().filter_map(of_group)
    }

    pub(super) fn live(&self) -> impl Iterator<Item = Row> {
        (0..self.len()).filter(|&row| self.owner(row) != Group::NOBODY).map(|row| self.row(row))
    }

    /// Bytes of codes, bounds, vectors and texts.
    pub(super) fn bytes(&self) -> usize {
        let text: usize = self.rows.texts.iter().map(|text| text.as_str().len()).sum();
        let vector = self.rows.vectors.first().map_or(0, |vector| size_of_val::<[f32]>(vector));
        self.rows.codes.bytes().len() + self.len() * (vector + size_of::<Row>()) + text
    }
}
