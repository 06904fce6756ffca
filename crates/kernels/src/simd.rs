//! Sixteen lanes, whatever the machine's registers hold.
//!
//! Every algorithm of this crate is written once, over [`Simd`]: a vector is always
//! sixteen `f32` or `i32` wide, one register on AVX-512, two on AVX2, an array on the
//! portable path. Because the lane count, the order of every reduction and the use of
//! fused multiply-add are the same everywhere, two instruction sets that quantise
//! activations to the same width give the same bits, not only the same integers.

/// Lanes of every vector.
pub(crate) const LANES: usize = 16;

/// One instruction set's way of working on sixteen lanes at once.
///
/// An implementor is a token: holding one proves that the CPU has the features its
/// methods need, so the methods that take values are safe.
pub(crate) trait Simd: Copy {
    /// Sixteen `f32`.
    type F: Copy;
    /// Sixteen `i32`, or 64 bytes of packed 8-bit integers.
    type I: Copy;

    /// Whether there are registers for eight vectors advanced in step, or else for two.
    const WIDE: bool;
    /// Whether a byte product and its sum are one operation.
    const FUSED_DOT: bool;
    /// What [`Simd::dot_exact`] takes off each activation.
    const EXACT_OFFSET: i32;
    /// 16-column blocks a GEMM tile spans: 2 covers a packed panel at once.
    const TILE_BLOCKS: usize;
    /// Queries the attention kernel advances together...
    const QUERIES: usize;
    /// ...against this many blocks of sixteen keys, at most 2,
    const KEY_BLOCKS: usize;
    /// ...and then this many blocks of sixteen columns of the values, 1 or 2.
    const VALUE_PARTS: usize;

    fn splat(self, x: f32) -> Self::F;
    fn load(self, from: &[f32; LANES]) -> Self::F;
    fn store(self, to: &mut [f32; LANES], x: Self::F);
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    /// `a * b + c`, rounded once.
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// Square root, correctly rounded.
    fn sqrt(self, x: Self::F) -> Self::F;
    /// The first `n` lanes of `a`, the others of `b`.
    fn head(self, n: usize, a: Self::F, b: Self::F) -> Self::F;
    /// Rounded to the nearest integer, ties to even.
    fn round(self, x: Self::F) -> Self::I;
    /// `x * 2^n`, exact while the result is a normal number.
    fn scale_by_power_of_two(self, x: Self::F, n: Self::I) -> Self::F;
    /// Sum over lanes, always `((l + l+8) + 4) + 2) + 1`.
    fn reduce_add(self, x: Self::F) -> f32;
    fn reduce_min(self, x: Self::F) -> f32;
    fn reduce_max(self, x: Self::F) -> f32;
    /// A 16 x 16 matrix, rows become columns.
    fn transpose(self, rows: [Self::F; LANES]) -> [Self::F; LANES];

    fn splat_i32(self, x: i32) -> Self::I;
    fn load_i32(self, from: &[i32; LANES]) -> Self::I;
    fn add_i32(self, a: Self::I, b: Self::I) -> Self::I;
    /// Per lane: `sum` plus the products of the two 16-bit halves of `a` and `b`.
    fn add_products_i16(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I;
    fn to_f32(self, x: Self::I) -> Self::F;
    /// Sixteen signed bytes, widened.
    fn widen_i8(self, from: &[i8; LANES]) -> Self::I;
    /// Clamped to `0..=limit` (at most 255) and narrowed to bytes.
    fn store_u8(self, to: &mut [u8; LANES], x: Self::I, limit: i32);
    /// [`Simd::store_u8`] of four vectors.
    #[inline(always)]
    fn store_u8x4(self, to: &mut [[u8; LANES]; 4], x: [Self::I; 4], limit: i32) {
        for (to, x) in to.iter_mut().zip(x) {
            self.store_u8(to, x, limit);
        }
    }

    /// 64 bytes of packed weights.
    fn load_packed(self, from: &[i8; 4 * LANES]) -> Self::I;
    /// Four activation bytes, repeated in every lane.
    fn broadcast_u8x4(self, from: &[u8; 4]) -> Self::I;
    /// Per lane: `sum + a0*b0 + a1*b1 + a2*b2 + a3*b3`, `a` unsigned and `b` signed bytes.
    /// Exact where the activations keep to this instruction set's fast width.
    fn dot_fast(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I;
    /// The same, exact for all 8 bits, of activations less [`Simd::EXACT_OFFSET`].
    fn dot_exact(self, sum: Self::I, a: Self::I, b: Self::I) -> Self::I;
}
