//! What is scanned of rows: their vectors as bytes.

use synaptoroute_kernels::{AlignedVec, BLOCK_ROWS, Kernels, LargePages, ScanQuery, block_len};

/// Rows whose bytes lie together.
pub(super) const BLOCK: usize = BLOCK_ROWS;

/// Blocks of one scan: the lower bounds, which nobody reads, stay in the nearest cache.
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

    /// Places for rows, taken or not.
    pub(super) fn places(&self) -> usize {
        self.bytes().len() / block_len(self.dimensions) * BLOCK
    }

    /// Writes for every place, taken or not, what its row's dot product does not exceed. `next`
    /// is what will be scanned after this.
    pub(super) fn scan(
        &self,
        kernels: &Kernels,
        query: &ScanQuery,
        next: &[i8],
        bounds: &mut [f32],
    ) {
        // Lower bounds are of no use here: who needs to know more computes it.
        let mut lower = [0.0; RUN * BLOCK];
        let runs = self.bytes().chunks(RUN * block_len(self.dimensions));
        let mut runs = runs.zip(bounds.chunks_mut(RUN * BLOCK)).peekable();
        while let Some((run, bounds)) = runs.next() {
            let next = runs.peek().map_or(next, |(next, _)| next);
            kernels.scan(query, run, next, &mut lower[..bounds.len()], bounds);
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
