//! A model's bytes: part of the program, or read from a file.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use synaptoroute_kernels::{ALIGNMENT, AlignedVec};

/// Shared, immutable, 64-byte aligned bytes, or a part of them.
#[derive(Clone, Debug)]
pub(crate) struct SharedBytes {
    source: Source,
    range: Range<usize>,
}

#[derive(Clone, Debug)]
enum Source {
    Static(&'static [u8]),
    Heap(Arc<AlignedVec<u8>>),
}

impl SharedBytes {
    /// Bytes of the program: used in place where they are aligned, copied where not.
    pub(crate) fn from_static(bytes: &'static [u8]) -> Self {
        if !bytes.as_ptr().addr().is_multiple_of(ALIGNMENT) {
            return Self::copy(bytes);
        }
        Self { source: Source::Static(bytes), range: 0..bytes.len() }
    }

    /// Bytes of any place, copied to where they are aligned.
    pub(crate) fn copy(bytes: &[u8]) -> Self {
        let mut copy = AlignedVec::zeroed(bytes.len());
        copy.copy_from_slice(bytes);
        Self { source: Source::Heap(Arc::new(copy)), range: 0..bytes.len() }
    }

    /// A whole file.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let len = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        let mut bytes = AlignedVec::zeroed(len);
        file.read_exact(&mut bytes)?;
        Ok(Self { source: Source::Heap(Arc::new(bytes)), range: 0..len })
    }

    /// A part, by its place inside this one.
    pub(crate) fn slice(&self, part: Range<usize>) -> Self {
        let range = self.range.start + part.start..self.range.start + part.end;
        assert!(part.start <= part.end && range.end <= self.range.end, "a part of the bytes");
        Self { source: self.source.clone(), range }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        let all = match &self.source {
            Source::Static(bytes) => bytes,
            Source::Heap(bytes) => &bytes[..],
        };
        &all[self.range.clone()]
    }
}
