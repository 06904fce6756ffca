//! Attention of all heads and texts of a pass: shapes checked, heads shared out.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::Kernels;
use crate::aligned::AlignedVec;
use crate::attention::{Head, MAX_QUERIES, Rows, Strided};
use crate::crew::{SharedMut, Team, share};
use crate::simd::LANES;

/// Queries, keys and values of a pass, see [`Kernels::attention`].
///
/// Head `h` has columns `h * dim..(h + 1) * dim` of all four matrices.
#[derive(Clone, Copy, Debug)]
pub struct Attention<'a> {
    /// Already multiplied by `log2(e) / sqrt(dim)`.
    pub queries: Rows<'a>,
    /// One row a token.
    pub keys: Rows<'a>,
    /// One row a token.
    pub values: Rows<'a>,
    /// The tokens of each text.
    pub texts: &'a [Range<usize>],
    /// Which rows ask.
    pub queried: Queried,
    /// Number of heads.
    pub heads: usize,
    /// Width of a head: 32 or 64.
    pub dim: usize,
}

/// Which rows of a text attend to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queried {
    /// Each token's; queries and results have one row a token.
    All,
    /// The first token's; queries and results have one row a text.
    First,
}

impl Queried {
    /// Rows of queries and results of the text at `index`.
    fn rows(self, index: usize, text: &Range<usize>) -> Range<usize> {
        match self {
            Self::All => text.clone(),
            Self::First => index..index + 1,
        }
    }
}

/// Working memory of [`Kernels::attention`]: of each thread, grown to the longest text.
#[derive(Debug, Default)]
pub struct AttentionScratch {
    threads: Vec<Mutex<Buffers>>,
}

#[derive(Debug)]
struct Buffers {
    transposed: AlignedVec<f32>,
    weights: AlignedVec<f32>,
}

impl AttentionScratch {
    /// Makes room for `threads` threads and texts of `tokens`; a head is `dim` wide.
    pub fn grow(&mut self, threads: usize, tokens: usize, dim: usize) {
        let empty = || {
            let [transposed, weights] = [0; 2].map(AlignedVec::zeroed);
            Mutex::new(Buffers { transposed, weights })
        };
        self.threads.resize_with(threads.max(self.threads.len()), empty);
        let blocks = tokens.div_ceil(LANES);
        for buffers in &mut self.threads {
            let buffers = buffers.get_mut().unwrap_or_else(PoisonError::into_inner);
            buffers.transposed.grow(blocks * dim * LANES);
            buffers.weights.grow(blocks * MAX_QUERIES * LANES);
        }
    }
}

impl Kernels {
    /// `softmax(Q K^T / sqrt(dim)) V` of every head over every text.
    ///
    /// # Panics
    ///
    /// If shapes disagree, a text is empty, `dim` is neither 32 nor 64, or `scratch` was not
    /// grown for the team, the longest text and `dim`.
    pub fn attention(
        &self,
        team: &mut Team<'_>,
        attention: &Attention<'_>,
        scratch: &AttentionScratch,
        out: &mut [f32],
        out_stride: usize,
    ) {
        let Attention { texts, queried, heads, dim, .. } = *attention;
        assert!(dim == 32 || dim == 64, "a head of {dim}");
        let mut end = 0;
        for (index, text) in texts.iter().enumerate() {
            assert!(!text.is_empty(), "text {index} has no tokens");
            assert!(text.start >= end, "text {index} overlaps the one before");
            end = text.end;
            let (width, rows) = (heads * dim, queried.rows(index, text));
            let fits = |len, stride, rows: &Range<usize>| {
                assert!(stride >= width && (rows.end - 1) * stride + width <= len, "text {index}");
            };
            fits(attention.queries.data.len(), attention.queries.stride, &rows);
            fits(attention.keys.data.len(), attention.keys.stride, text);
            fits(attention.values.data.len(), attention.values.stride, text);
            fits(out.len(), out_stride, &rows);
        }
        if texts.is_empty() || heads == 0 {
            return;
        }
        // Enough parts for everyone; the heads of a text are parted only where texts are few.
        let groups = match team.size() {
            1 => 1,
            size => (4 * size).div_ceil(texts.len()).min(heads),
        };
        let out = SharedMut::new(out);
        team.run(texts.len() * groups, |thread, part| {
            let buffers = scratch.threads[thread].lock();
            let mut buffers = buffers.unwrap_or_else(PoisonError::into_inner);
            let index = part / groups;
            for head in share(heads, groups, part % groups) {
                // SAFETY: the shapes were checked above, and that texts do not overlap: so the
                // text's rows of the head's columns of `out` are written by this part alone.
                unsafe { self.head(attention, index, head, &mut buffers, &out, out_stride) };
            }
        });
    }

    /// One head of one text.
    ///
    /// # Safety
    ///
    /// The text's rows lie inside the matrices; nobody else uses those of the head in `out`.
    unsafe fn head(
        &self,
        attention: &Attention<'_>,
        index: usize,
        head: usize,
        buffers: &mut Buffers,
        out: &SharedMut<'_, f32>,
        out_stride: usize,
    ) {
        let Attention { queries, keys, values, dim, .. } = *attention;
        let text = &attention.texts[index];
        let rows = attention.queried.rows(index, text);
        let first = |of: Rows<'_>, row: usize| Strided {
            start: of.data[row * of.stride + head * dim..].as_ptr(),
            stride: of.stride,
        };
        let blocks = text.len().div_ceil(LANES);
        let mut head = Head {
            queries: first(queries, rows.start),
            keys: first(keys, text.start),
            values: first(values, text.start),
            out: Strided {
                start: out.from(rows.start * out_stride + head * dim),
                stride: out_stride,
            },
            query_count: rows.len(),
            key_count: text.len(),
            dim,
            transposed: &mut buffers.transposed.as_chunks_mut().0[..blocks * dim],
            weights: &mut buffers.weights.as_chunks_mut().0[..blocks * MAX_QUERIES],
        };
        // SAFETY: the features were checked when `self` was made; the rest is the caller's
        // contract.
        unsafe { (self.table.attend)(&mut head) };
    }
}
