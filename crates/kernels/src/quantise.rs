//! Activations: asymmetric unsigned bytes, one scale and zero point a token.

use crate::simd::{LANES, Simd};

/// How one row of bytes stands for reals: `x = scale * (code - zero_point)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RowScale {
    /// Size of one step.
    pub scale: f32,
    /// The code that stands for 0.
    pub zero_point: i32,
}

/// What is done to each channel before it is quantised: `x * factor + offset`.
///
/// The layer's weights and bias hold the inverse.
#[derive(Clone, Copy, Debug)]
pub struct Balance<'a> {
    /// Of each channel.
    pub factors: &'a [f32],
    /// Of each channel.
    pub offsets: &'a [f32],
}

/// How to quantise a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule<'a> {
    pub(crate) balance: Option<Balance<'a>>,
    /// Channels at the row's beginning that go another way: they do not widen the range,
    /// and their codes are 0. A multiple of sixteen.
    pub(crate) skip: usize,
    /// Largest code.
    pub(crate) limit: u8,
}

/// Quantises one row to codes `0..=limit`.
///
/// The range always holds 0, so the zero point is a code and its product with a column
/// sum fits an i32.
#[inline(always)]
pub(crate) fn quantise<S: Simd>(s: S, row: &[f32], rule: &Rule<'_>, out: &mut [u8]) -> RowScale {
    let skip = rule.skip / LANES;
    let row = &row.as_chunks::<LANES>().0[skip..];
    let (skipped, out) = out.as_chunks_mut::<LANES>().0.split_at_mut(skip);
    skipped.fill([0; LANES]);
    match rule.balance {
        None => quantise_blocks(s, Plain(row), rule.limit, out),
        Some(balance) => quantise_blocks(s, Balanced::new(row, &balance, skip), rule.limit, out),
    }
}

/// A row's blocks of sixteen, one after the other.
///
/// (A closure would do, but the compiler does not always put one inside its caller; and
/// outside it has not got the instruction set.)
pub(crate) trait Blocks: Copy {
    fn count(self) -> usize;
    fn get<S: Simd>(self, s: S, index: usize) -> S::F;
}

/// The row as it is.
#[derive(Clone, Copy)]
struct Plain<'a>(&'a [[f32; LANES]]);

impl Blocks for Plain<'_> {
    #[inline(always)]
    fn count(self) -> usize {
        self.0.len()
    }
    #[inline(always)]
    fn get<S: Simd>(self, s: S, index: usize) -> S::F {
        s.load(&self.0[index])
    }
}

/// The row, balanced.
#[derive(Clone, Copy)]
pub(crate) struct Balanced<'a> {
    row: &'a [[f32; LANES]],
    factors: &'a [[f32; LANES]],
    offsets: &'a [[f32; LANES]],
}

impl<'a> Balanced<'a> {
    /// `row` without its first `skip` blocks, and the whole row's balance.
    #[inline(always)]
    pub(crate) fn new(row: &'a [[f32; LANES]], balance: &Balance<'a>, skip: usize) -> Self {
        Self {
            row,
            factors: &balance.factors.as_chunks().0[skip..][..row.len()],
            offsets: &balance.offsets.as_chunks().0[skip..][..row.len()],
        }
    }
}

impl Blocks for Balanced<'_> {
    #[inline(always)]
    fn count(self) -> usize {
        self.row.len()
    }
    #[inline(always)]
    fn get<S: Simd>(self, s: S, i: usize) -> S::F {
        s.mul_add(s.load(&self.row[i]), s.load(&self.factors[i]), s.load(&self.offsets[i]))
    }
}

/// Walks the row twice: once for its range, once to round.
#[inline(always)]
fn quantise_blocks<S: Simd>(
    s: S,
    blocks: impl Blocks,
    limit: u8,
    out: &mut [[u8; LANES]],
) -> RowScale {
    range_of(s, blocks).quantise(s, blocks, limit, out)
}

/// The range of some of a row's columns.
#[inline(always)]
pub(crate) fn range<S: Simd>(s: S, columns: &[f32]) -> Range {
    range_of(s, Plain(columns.as_chunks().0))
}

#[inline(always)]
fn range_of<S: Simd>(s: S, blocks: impl Blocks) -> Range {
    // Several ranges hide the latency of a comparison.
    let mut lanes = [RangeLanes::new(s); 4];
    let count = blocks.count();
    let fours = count / 4 * 4;
    for i in (0..fours).step_by(4) {
        for (j, lanes) in lanes.iter_mut().enumerate() {
            lanes.widen(s, blocks.get(s, i + j));
        }
    }
    for i in fours..count {
        lanes[0].widen(s, blocks.get(s, i));
    }
    let [mut all, others @ ..] = lanes;
    for other in others {
        all.widen(s, other.low);
        all.widen(s, other.high);
    }
    all.reduce(s)
}

/// Quantises some of a row's columns, given the range of all.
#[inline(always)]
pub(crate) fn quantise_within<S: Simd>(
    s: S,
    columns: &[f32],
    range: Range,
    limit: u8,
    out: &mut [u8],
) -> RowScale {
    range.quantise(s, Plain(columns.as_chunks().0), limit, out.as_chunks_mut().0)
}

/// Smallest and largest element of a row; 0 is always between them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Range {
    low: f32,
    high: f32,
}

impl Range {
    /// The range of what is in either.
    pub(crate) fn union(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Rounds a row of this range to codes.
    #[inline(always)]
    pub(crate) fn quantise<S: Simd>(
        self,
        s: S,
        blocks: impl Blocks,
        limit: u8,
        out: &mut [[u8; LANES]],
    ) -> RowScale {
        let Self { low, high } = self;
        let range = high - low;
        if range < f32::MIN_POSITIVE * 256.0 {
            // All zeros (or too small to tell): any scale does, and 1 keeps the inverse finite.
            out.fill([0; LANES]);
            return RowScale { scale: 1.0, zero_point: 0 };
        }
        let inverse = f32::from(limit) / range;
        let zero_point = (-low * inverse).round_ties_even();
        let (factor, offset) = (s.splat(inverse), s.splat(zero_point));
        let limit_i32 = i32::from(limit);
        let (fours, others) = out[..blocks.count()].as_chunks_mut::<4>();
        let count = 4 * fours.len();
        for (i, out) in fours.iter_mut().enumerate() {
            let mut codes = [s.splat_i32(0); 4];
            for (j, codes) in codes.iter_mut().enumerate() {
                *codes = s.round(s.mul_add(blocks.get(s, 4 * i + j), factor, offset));
            }
            s.store_u8x4(out, codes, limit_i32);
        }
        for (i, out) in others.iter_mut().enumerate() {
            let codes = s.round(s.mul_add(blocks.get(s, count + i), factor, offset));
            s.store_u8(out, codes, limit_i32);
        }
        RowScale { scale: range / f32::from(limit), zero_point: zero_point as i32 }
    }
}

/// A [`Range`] in the making, lane by lane.
#[derive(Clone, Copy)]
pub(crate) struct RangeLanes<S: Simd> {
    low: S::F,
    high: S::F,
}

impl<S: Simd> RangeLanes<S> {
    #[inline(always)]
    pub(crate) fn new(s: S) -> Self {
        Self { low: s.splat(0.0), high: s.splat(0.0) }
    }

    #[inline(always)]
    pub(crate) fn widen(&mut self, s: S, x: S::F) {
        self.low = s.min(self.low, x);
        self.high = s.max(self.high, x);
    }

    #[inline(always)]
    pub(crate) fn reduce(self, s: S) -> Range {
        Range { low: s.reduce_min(self.low), high: s.reduce_max(self.high) }
    }
}
