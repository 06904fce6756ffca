//! What is scanned of rows: their vectors as bytes.

use synaptoroute_kernels::{AlignedVec, BLOCK_ROWS, Kernels, LargePages, ScanQuery, block_len};

/// Rows whose bytes lie together.
pub(super) const BLOCK: usize = BLOCK_ROWS;

/// Blocks of one scan: their bounds fit the nearest cache.
const RUN: usize = 16;

/// Blocks of rows as bytes.
#[derive(Clone, Debug)]
pub(super) struct Codes {
    dimensions: usize,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    /// One block, which may be filled further.
    Open(AlignedVec<i8>),
    /// Many full ones; the last may have empty places.
    Sealed(LargePages),
}

impl Codes {
    /// An empty block.
    pub(super) fn open(dimensions: usize) -> Self {
        Self { dimensions, bytes: Bytes::Open(AlignedVec::zeroed(block_len(dimensions))) }
    }

    /// Blocks of these vectors.
    pub(super) fn sealed<'a>(
        kernels: Kernels,
        dimensions: usize,
        vectors: impl ExactSizeIterator<Item = &'a [f32]>,
    ) -> Self {
        let length = block_len(dimensions);
        let blocks = vectors.len().div_ceil(BLOCK);
        let mut bytes = LargePages::with_capacity(blocks * length);
        let mut block = AlignedVec::<i8>::zeroed(length);
        let mut filled = 0;
        for vector in vectors {
            kernels.put_row(vector, &mut block, filled);
            filled += 1;
            if filled == BLOCK {
                bytes.push(&block);
                filled = 0;
            }
        }
        if filled > 0 {
            // What is left in the other places belongs to nobody.
            bytes.push(&block);
        }
        Self { dimensions, bytes: Bytes::Sealed(bytes) }
    }

    /// Whether vectors can be put in one by one.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.bytes, Bytes::Open(_))
    }

    /// Puts a vector into a place of an open block.
    ///
    /// # Panics
    ///
    /// If the codes are sealed or there is no such place.
    pub(super) fn push(&mut self, kernels: &Kernels, place: usize, vector: &[f32]) {
        assert_eq!(vector.len(), self.dimensions, "a vector's width");
        match &mut self.bytes {
            Bytes::Open(block) => kernels.put_row(vector, block, place),
            Bytes::Sealed(_) => unreachable!("only the open segment grows"),
        }
    }

    pub(super) fn bytes(&self) -> &[i8] {
        match &self.bytes {
            Bytes::Open(block) => block,
            Bytes::Sealed(pages) => pages,
        }
    }

    /// Calls back with the first row's number and the bounds of a run of rows, for all runs;
    /// places that hold no row have bounds too. `next` is what will be scanned after this.
    pub(super) fn scan(
        &self,
        kernels: &Kernels,
        query: &ScanQuery,
        next: &[i8],
        mut each: impl FnMut(usize, &[f32], &[f32]),
    ) {
        let (mut lower, mut upper) = ([0.0; RUN * BLOCK], [0.0; RUN * BLOCK]);
        let length = RUN * block_len(self.dimensions);
        let mut runs = self.bytes().chunks(length).enumerate().peekable();
        while let Some((number, run)) = runs.next() {
            let rows = run.len() / block_len(self.dimensions) * BLOCK;
            let next = runs.peek().map_or(next, |(_, next)| next);
            let (lower, upper) = (&mut lower[..rows], &mut upper[..rows]);
            kernels.scan(query, run, next, lower, upper);
            each(number * RUN * BLOCK, lower, upper);
        }
    }
}

impl Clone for Bytes {
    fn clone(&self) -> Self {
        match self {
            Self::Open(block) => Self::Open(block.clone()),
            Self::Sealed(_) => unreachable!("sealed codes are shared, never copied"),
        }
    }
}
