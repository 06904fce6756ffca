//! Attention of all heads and texts of a pass: shapes checked, heads shared out.
//!
//! In a forward pass a head's queries, keys and values are computed by the thread that is
//! about to mix them: they never leave its core, nor, for a short text, its nearest cache.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::Kernels;
use super::linear::{Activations, Job};
use super::quantise::{ColumnParts, Quantised};
use crate::aligned::AlignedVec;
use crate::attention::{Head, MAX_QUERIES, Rows, Strided};
use crate::crew::{SharedMut, Team, share};
use crate::packed::{Linear, PANEL};
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

/// The linear layer that makes queries, keys and values, and the attention after it.
#[derive(Debug)]
pub struct SelfAttention<'a> {
    /// Its columns are those of the first head's queries, keys and values, then of the next
    /// head's, and so on. Queries come out multiplied by `log2(e) / sqrt(dim)`.
    pub layer: Linear<'a>,
    /// One row a token.
    pub tokens: Activations<'a>,
    /// One row a text, where only the first token of each asks.
    pub first_tokens: Option<Activations<'a>>,
    /// The tokens of each text.
    pub texts: &'a [Range<usize>],
    /// Number of heads.
    pub heads: usize,
    /// Width of a head: 32 or 64.
    pub dim: usize,
}

/// Working memory of attention: of each thread, grown to the largest pass.
#[derive(Debug, Default)]
pub struct AttentionScratch {
    threads: Vec<Mutex<Buffers>>,
}

#[derive(Debug)]
struct Buffers {
    /// `[tokens][3 * dim]`: a head's queries, keys and values side by side.
    projected: AlignedVec<f32>,
    /// `[texts][dim]`: a head's queries, where only first tokens ask.
    queries: AlignedVec<f32>,
    keys: KeyBuffers,
}

/// What the attention kernel itself needs.
#[derive(Debug)]
struct KeyBuffers {
    transposed: AlignedVec<f32>,
    weights: AlignedVec<f32>,
}

impl AttentionScratch {
    /// Makes room for `threads` threads and texts of up to `longest` tokens, `tokens` in all;
    /// a head is `dim` wide.
    pub fn grow(&mut self, threads: usize, tokens: usize, longest: usize, dim: usize) {
        let empty = || {
            let [projected, queries, transposed, weights] = [0; 4].map(AlignedVec::zeroed);
            Mutex::new(Buffers { projected, queries, keys: KeyBuffers { transposed, weights } })
        };
        self.threads.resize_with(threads.max(self.threads.len()), empty);
        let blocks = longest.div_ceil(LANES);
        for buffers in &mut self.threads {
            let buffers = buffers.get_mut().unwrap_or_else(PoisonError::into_inner);
            buffers.projected.grow(tokens * 3 * dim);
            buffers.queries.grow(tokens * dim);
            buffers.keys.transposed.grow(blocks * dim * LANES);
            buffers.keys.weights.grow(blocks * MAX_QUERIES * LANES);
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
        let Attention { queries, keys, values, texts, queried, heads, dim } = *attention;
        let width = heads.checked_mul(dim).expect("as wide as memory allows");
        check_texts(texts, dim, |index, text| {
            let rows = queried.rows(index, text);
            let fits = |len: usize, stride: usize, rows: &Range<usize>| {
                let end = (rows.end - 1).checked_mul(stride).and_then(|at| at.checked_add(width));
                assert!(stride >= width && end.is_some_and(|end| end <= len), "text {index}");
            };
            fits(queries.data.len(), queries.stride, &rows);
            fits(keys.data.len(), keys.stride, text);
            fits(values.data.len(), values.stride, text);
            fits(out.len(), out_stride, &rows);
        });
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
                let text = &texts[index];
                let rows = queried.rows(index, text);
                let first = |of: Rows<'_>, row: usize| Strided {
                    start: of.data[row * of.stride + head * dim..].as_ptr(),
                    stride: of.stride,
                };
                let operands = Operands {
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
                };
                // SAFETY: the shapes were checked above, and that texts do not overlap: so the
                // text's rows of the head's columns of `out` are written by this part alone.
                unsafe { self.head(operands, &mut buffers.keys) };
            }
        });
    }

    /// Queries, keys and values from quantised rows, attention of every head over every text,
    /// and the outcome quantised; `out` is `[asking rows][heads * dim]`.
    ///
    /// # Panics
    ///
    /// If shapes disagree, a text is empty, `dim` is neither 32 nor 64, or `scratch` was not
    /// grown for the team, the texts and `dim`.
    pub fn self_attention(
        &self,
        team: &mut Team<'_>,
        attention: &SelfAttention<'_>,
        scratch: &AttentionScratch,
        out: &mut [f32],
        quantised: Quantised<'_>,
    ) {
        let SelfAttention { texts, heads, dim, .. } = *attention;
        let width = heads.checked_mul(dim).expect("as wide as memory allows");
        let tokens = attention.tokens.scales.len();
        check_texts(texts, dim, |index, text| assert!(text.end <= tokens, "text {index}"));
        let asking = match &attention.first_tokens {
            Some(first) => {
                assert_eq!(first.scales.len(), texts.len(), "one row a text");
                first.scales.len()
            }
            None => tokens,
        };
        assert_eq!(out.len(), asking * width, "output");
        let projections = Projections::new(self, attention);
        let parts = ColumnParts::new(team, tokens, heads, dim);
        let by_columns = parts.are_worth_it(asking);
        let skip = quantised.how.skip;
        let ranges: &mut [_] =
            if by_columns { quantised.ranges.of(&parts, asking) } else { &mut [] };
        let found = SharedMut::new(ranges);
        let shared = SharedMut::new(&mut *out);
        let kernels = *self;
        team.run(parts.count(), move |thread, part| {
            let buffers = scratch.threads[thread].lock();
            let mut buffers = buffers.unwrap_or_else(PoisonError::into_inner);
            for head in parts.units(part) {
                // SAFETY: the shapes were checked above; each head's columns of `out` are
                // written by one part.
                unsafe { kernels.project_and_attend(&projections, head, &mut buffers, &shared) };
            }
            if by_columns {
                // SAFETY: the columns and the ranges of a part are its own.
                unsafe { kernels.find_ranges(&parts, part, skip, width, &shared, &found) };
            }
        });
        if by_columns {
            self.quantise_columns(team, &parts, out, width, quantised);
        } else {
            self.quantise_rows(team, out, width, quantised);
        }
    }

    /// One head over all texts.
    ///
    /// # Safety
    ///
    /// The texts lie inside the tokens, and do not overlap; `out` has a row a query, and nobody
    /// else uses the head's columns of it.
    unsafe fn project_and_attend(
        &self,
        projections: &Projections<'_>,
        head: usize,
        buffers: &mut Buffers,
        out: &SharedMut<'_, f32>,
    ) {
        let Projections { ref tokens, ref first_tokens, texts, heads, dim } = *projections;
        let Buffers { projected, queries, keys } = buffers;
        let (projected, queries) = (SharedMut::new(projected), SharedMut::new(queries));
        let stride = 3 * dim;
        let panels = dim / PANEL;
        for part in 0..3 * panels {
            let panel = head * 3 * panels + part;
            // SAFETY: the buffers are this thread's.
            unsafe {
                match first_tokens {
                    Some(first) if part < panels => {
                        first.panel(panel, &queries, part * PANEL, dim);
                    }
                    _ => tokens.panel(panel, &projected, part * PANEL, stride),
                }
            }
        }
        for (index, text) in texts.iter().enumerate() {
            let row = text.start * stride;
            let part = |part: usize| Strided {
                start: projected.from(row + part * dim).cast_const(),
                stride,
            };
            let (queries, rows) = match first_tokens {
                Some(_) => {
                    let start = queries.from(index * dim).cast_const();
                    (Strided { start, stride: dim }, index..index + 1)
                }
                None => (part(0), text.clone()),
            };
            let width = heads * dim;
            let operands = Operands {
                queries,
                keys: part(1),
                values: part(2),
                out: Strided { start: out.from(rows.start * width + head * dim), stride: width },
                query_count: rows.len(),
                key_count: text.len(),
                dim,
            };
            // SAFETY: the rows of the text were computed just now; the rest is the caller's
            // contract.
            unsafe { self.head(operands, keys) };
        }
    }

    /// One head of one text.
    ///
    /// # Safety
    ///
    /// The pointers reach as many rows as the fields say, `dim` wide; nobody else uses those
    /// of `out`.
    unsafe fn head(&self, operands: Operands, buffers: &mut KeyBuffers) {
        let Operands { queries, keys, values, out, query_count, key_count, dim } = operands;
        let blocks = key_count.div_ceil(LANES);
        let mut head = Head {
            queries,
            keys,
            values,
            out,
            query_count,
            key_count,
            dim,
            transposed: &mut buffers.transposed.as_chunks_mut().0[..blocks * dim],
            weights: &mut buffers.weights.as_chunks_mut().0[..blocks * MAX_QUERIES],
        };
        // SAFETY: the features were checked when `self` was made; the rest is the caller's
        // contract.
        unsafe { (self.table.attend)(&mut head) };
    }
}

/// One head of one text, as [`Head`] has it.
struct Operands {
    queries: Strided<*const f32>,
    keys: Strided<*const f32>,
    values: Strided<*const f32>,
    out: Strided<*mut f32>,
    query_count: usize,
    key_count: usize,
    dim: usize,
}

/// A [`SelfAttention`] whose shapes are checked; copied whole, as [`Job`] is.
#[derive(Clone, Copy)]
struct Projections<'a> {
    tokens: Job<'a>,
    first_tokens: Option<Job<'a>>,
    texts: &'a [Range<usize>],
    heads: usize,
    dim: usize,
}

impl<'a> Projections<'a> {
    fn new(kernels: &Kernels, attention: &'a SelfAttention<'a>) -> Self {
        let SelfAttention { layer, tokens, first_tokens, texts, heads, dim } = attention;
        assert_eq!(layer.columns, 3 * heads * dim, "queries, keys and values");
        let job = |input| Job::new(kernels, layer, input);
        let first_tokens = first_tokens.as_ref().map(job);
        Self { tokens: job(tokens), first_tokens, texts, heads: *heads, dim: *dim }
    }
}

/// # Panics
///
/// If `dim` is neither 32 nor 64, a text is empty, or two overlap; or `check` does.
fn check_texts(texts: &[Range<usize>], dim: usize, check: impl Fn(usize, &Range<usize>)) {
    assert!(dim == 32 || dim == 64, "a head of {dim}");
    let mut end = 0;
    for (index, text) in texts.iter().enumerate() {
        assert!(!text.is_empty(), "text {index} has no tokens");
        assert!(text.start >= end, "text {index} overlaps the one before");
        end = text.end;
        check(index, text);
    }
}
