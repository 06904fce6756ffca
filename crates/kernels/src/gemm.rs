//! The integer GEMM: unsigned activations times signed, packed weights.
//!
//! One tile keeps `ROWS x 32` sums in registers over the whole depth, then turns them into
//! f32 in an epilogue, so that no integer ever goes to memory.

use crate::math;
use crate::packed::{ColumnSum, Epilogue, PANEL};
use crate::quantise::RowScale;
use crate::simd::{LANES, Simd};

/// Bytes the weight stream is prefetched ahead. A page: the hardware's own prefetcher stops
/// at each page's end. (Measured on the prototype, 12 tokens, Zen 4: 1.31 -> 1.11 ms.)
pub(crate) const PREFETCH_AHEAD: usize = 4096;

/// Cache lines of a panel that hold no weights, GELU's included.
const EXTRA_LINES: usize = 10;

/// A tile's rows by one panel; every pointer is at the tile's first element.
pub(crate) struct TileArgs {
    /// `[rows][K]`
    pub(crate) activations: *const u8,
    /// `[rows]`
    pub(crate) row_scales: *const RowScale,
    /// Weights, `[K/4][32][4]`, and the columns' numbers: see [`Numbers`].
    pub(crate) panel: *const i8,
    /// `[rows][stride]`, 32 of each row.
    pub(crate) out: *mut f32,
    pub(crate) stride: usize,
    pub(crate) epilogue: Epilogue,
    pub(crate) ahead: Ahead,
}

/// What a tile prefetches while it works.
///
/// A panel that is walked once is a stream, fetched [`PREFETCH_AHEAD`]. One that is walked
/// several times (by tiles of other rows, and twice by each tile that spans half of it) comes
/// from the cache after the first: then every walk fetches its part of the next panel, so that
/// no walk waits for memory while the others leave it idle.
#[derive(Clone, Copy)]
pub(crate) struct Ahead {
    /// What the panel's first walk fetches.
    start: *const i8,
    /// Bytes for each step of the depth: 128, as the panel has, over the number of walks.
    step: usize,
    /// Walks before this tile.
    walk: usize,
}

impl Ahead {
    /// For a panel of so many bytes, and a tile that begins after `walk` of `walks` walks.
    pub(crate) fn new(panel: *const i8, len: usize, walk: usize, walks: usize) -> Self {
        let distance = if walks == 1 { PREFETCH_AHEAD } else { len };
        // A power of two, so that steps are whole; walks beyond it fetch what is there.
        let step = (4 * PANEL) >> walks.ilog2().min(MOST_PARTS_LOG2);
        Self { start: panel.wrapping_add(distance), step, walk }
    }

    /// The first address of a walk of depth `K`, so many after the tile's first.
    #[inline(always)]
    fn of_walk<const K: usize>(self, later: usize) -> *const i8 {
        let parts = 4 * PANEL / self.step;
        let part = (self.walk + later) & (parts - 1);
        self.start.wrapping_add(part * (K / 4) * self.step)
    }
}

/// A panel is fetched in this many parts at most: in smaller ones each line would be asked for
/// four times over.
const MOST_PARTS_LOG2: u32 = 3;

/// What follows a panel's weights, `[32]` each; the last two only with GELU.
#[derive(Clone, Copy)]
struct Numbers {
    column_sums: *const ColumnSum,
    scales: *const f32,
    bias: *const f32,
    factors: *const f32,
    offsets: *const f32,
}

impl Numbers {
    /// Where those of a panel of depth `K` lie.
    #[inline(always)]
    fn of<const K: usize>(panel: *const i8) -> Self {
        let scales = panel.wrapping_add((K + 4) * PANEL).cast::<f32>();
        Self {
            column_sums: panel.wrapping_add(K * PANEL).cast(),
            scales,
            bias: scales.wrapping_add(PANEL),
            factors: scales.wrapping_add(2 * PANEL),
            offsets: scales.wrapping_add(3 * PANEL),
        }
    }
}

/// Computes `ROWS x 32` outputs of depth `K`; for codes of all 8 bits if `EXACT`, or else of
/// the instruction set's fast width.
///
/// # Safety
///
/// The pointers of `args` reach as far as its fields say, for `ROWS` rows and depth `K`;
/// nothing else writes what they reach.
#[inline(always)]
pub(crate) unsafe fn tile<S: Simd, const ROWS: usize, const K: usize, const EXACT: bool>(
    s: S,
    args: &TileArgs,
) {
    // A single row leaves the multiplier waiting for its own last result: then the depth
    // is split over several sums, which integers do not mind.
    const { assert!(K.is_multiple_of(16)) };
    // SAFETY: the caller's contract is passed on; a panel is `PANEL / LANES` blocks wide.
    unsafe {
        match (S::TILE_BLOCKS, ROWS) {
            (2, 1) => blocks::<S, ROWS, K, EXACT, 2, 4>(s, args, 0),
            (2, 2 | 3) => blocks::<S, ROWS, K, EXACT, 2, 2>(s, args, 0),
            (2, _) => blocks::<S, ROWS, K, EXACT, 2, 1>(s, args, 0),
            (_, rows) => {
                for block in 0..PANEL / LANES {
                    match rows {
                        1 => blocks::<S, ROWS, K, EXACT, 1, 4>(s, args, block),
                        2 => blocks::<S, ROWS, K, EXACT, 1, 2>(s, args, block),
                        _ => blocks::<S, ROWS, K, EXACT, 1, 1>(s, args, block),
                    }
                }
            }
        }
    }
}

/// `BLOCKS` column blocks of a tile, from block `first`, in `CHAINS` interleaved sums.
///
/// # Safety
///
/// As [`tile`].
#[inline(always)]
unsafe fn blocks<
    S: Simd,
    const ROWS: usize,
    const K: usize,
    const EXACT: bool,
    const BLOCKS: usize,
    const CHAINS: usize,
>(
    s: S,
    args: &TileArgs,
    first: usize,
) {
    let mut ahead = args.ahead.of_walk::<K>(first);
    let mut sums = [[[s.splat_i32(0); BLOCKS]; ROWS]; CHAINS];
    // SAFETY: a panel holds `K / 4` steps of 128 bytes, and `4 * LANES * (first + BLOCKS)`
    // is at most 128; each of `ROWS` rows holds `K` bytes. Prefetching may point anywhere.
    unsafe {
        for step in (0..K / 4).step_by(CHAINS) {
            for (chain, sums) in sums.iter_mut().enumerate() {
                let step = step + chain;
                let weights = args.panel.add(step * PANEL * 4 + first * LANES * 4);
                prefetch(ahead);
                if BLOCKS == 2 {
                    prefetch(ahead.wrapping_add(64));
                }
                ahead = ahead.wrapping_add(args.ahead.step);
                let mut packed = [s.splat_i32(0); BLOCKS];
                for (j, packed) in packed.iter_mut().enumerate() {
                    *packed = s.load_packed(&*weights.add(4 * LANES * j).cast());
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let four = s.broadcast_u8x4(&*args.activations.add(i * K + 4 * step).cast());
                    for (sum, packed) in sums.iter_mut().zip(packed) {
                        *sum = if EXACT {
                            s.dot_exact(*sum, four, packed)
                        } else {
                            s.dot_fast(*sum, four, packed)
                        };
                    }
                }
            }
        }
    }
    // Between one panel's weights and the next lie numbers.
    for line in 0..EXTRA_LINES {
        prefetch(ahead.wrapping_add(64 * line));
    }
    let numbers = Numbers::of::<K>(args.panel);
    for i in 0..ROWS {
        for j in 0..BLOCKS {
            let mut sum = sums[0][i][j];
            for chain in &sums[1..] {
                sum = s.add_i32(sum, chain[i][j]);
            }
            let offset = if EXACT { S::EXACT_OFFSET } else { 0 };
            // SAFETY: row `i` and block `first + j` are inside the tile.
            unsafe { finish(s, args, &numbers, offset, i, (first + j) * LANES, sum) };
        }
    }
    if args.epilogue == Epilogue::Gelu {
        let mut row = 0;
        while row < ROWS {
            let left = ROWS - row;
            // SAFETY: rows `row..row + left` and blocks `first..first + BLOCKS` are inside
            // the tile.
            row += unsafe {
                match left {
                    8.. if S::WIDE => gelu::<S, 8, BLOCKS>(s, args, &numbers, row, first),
                    4.. if S::WIDE => gelu::<S, 4, BLOCKS>(s, args, &numbers, row, first),
                    2.. => gelu::<S, 2, BLOCKS>(s, args, &numbers, row, first),
                    _ => gelu::<S, 1, BLOCKS>(s, args, &numbers, row, first),
                }
            };
        }
    }
}

/// GELU and the next layer's balancing, of what the tile has put out: `ROWS` rows from `row`
/// on, of `BLOCKS` blocks from `first` on; says how many rows.
///
/// # Safety
///
/// As [`tile`], inside it.
#[inline(always)]
unsafe fn gelu<S: Simd, const ROWS: usize, const BLOCKS: usize>(
    s: S,
    args: &TileArgs,
    numbers: &Numbers,
    row: usize,
    first: usize,
) -> usize {
    // SAFETY: the caller's contract; all arrays of a tile are 32 columns wide.
    unsafe {
        for block in first..first + BLOCKS {
            let column = block * LANES;
            let out = |i: usize| args.out.add((row + i) * args.stride + column).cast();
            let mut x = [s.splat(0.0); ROWS];
            for (i, x) in x.iter_mut().enumerate() {
                *x = s.load(&*out(i));
            }
            let factor = s.load(&*numbers.factors.add(column).cast());
            let offset = s.load(&*numbers.offsets.add(column).cast());
            for (i, y) in math::gelu_coarse(s, x).into_iter().enumerate() {
                s.store(&mut *out(i), s.mul_add(y, factor, offset));
            }
        }
    }
    ROWS
}

/// Zero point, scales and bias for sixteen sums of one row, of codes less `offset`.
///
/// # Safety
///
/// As [`tile`], and `row` and `column + 15` lie inside it.
#[inline(always)]
unsafe fn finish<S: Simd>(
    s: S,
    args: &TileArgs,
    numbers: &Numbers,
    offset: i32,
    row: usize,
    column: usize,
    sum: S::I,
) {
    // SAFETY: the caller's contract; all arrays of a tile are 32 columns wide.
    unsafe {
        let quantised = *args.row_scales.add(row);
        let column_sums = s.load_i32(&*numbers.column_sums.add(column).cast());
        let scales = s.load(&*numbers.scales.add(column).cast());
        let bias = s.load(&*numbers.bias.add(column).cast());
        let out = &mut *args.out.add(row * args.stride + column).cast::<[f32; LANES]>();

        let zero_point = s.splat_i32(ColumnSum::factors(quantised.zero_point - offset));
        let sum = s.add_products_i16(sum, column_sums, zero_point);
        let scale = s.mul(s.splat(quantised.scale), scales);
        // GELU comes after, in another rhythm.
        s.store(out, s.mul_add(s.to_f32(sum), scale, bias));
    }
}

/// Asks for a cache line. A hint: any address will do.
#[inline(always)]
pub(crate) fn prefetch(address: *const i8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching reads nothing and cannot fault; SSE is part of x86-64.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
