//! Turns the portable algorithms into one instruction set's functions.

/// Compiles every algorithm for one token, inside functions that carry the instruction
/// set's features, and lists them in a `TABLE`.
///
/// `tile rows` names the tile heights to compile, from 1 to the largest whose accumulators
/// stay in registers. `exact tile rows` does the same for tiles that take all 8 bits of an
/// activation, where those differ.
macro_rules! instantiate {
    ($(#[$features:meta])* $token:ident, tile rows [$($rows:literal)*]) => {
        $crate::instantiate::instantiate!(
            $(#[$features])* $token, tile rows [$($rows)*], exact tiles: TILES
        );
    };
    (
        $(#[$features:meta])* $token:ident,
        tile rows [$($rows:literal)*], exact tile rows [$($exact_rows:literal)*]
    ) => {
        $crate::instantiate::instantiate!(
            $(#[$features])* $token, tile rows [$($rows)*], exact tiles: EXACT_TILES
        );

        static EXACT_TILES: Tiles = {
            const fn tiles<const K: usize>() -> &'static [TileFn] {
                &[$(tile::<$exact_rows, K, true>),*]
            }
            [tiles::<384>(), tiles::<768>(), tiles::<1536>(), tiles::<3072>()]
        };
    };
    (
        $(#[$features:meta])* $token:ident,
        tile rows [$($rows:literal)*], exact tiles: $exact:ident
    ) => {
        use $crate::table::{Table, TileFn, Tiles};
        use $crate::{
            attention, dot, elementwise, gemm, matmul as product, norm, peak, quantise, residual, scan,
        };

        /// # Safety
        ///
        /// The CPU has this instruction set's features, and `gemm::tile`'s contract holds.
        $(#[$features])*
        unsafe fn tile<const ROWS: usize, const K: usize, const EXACT: bool>(
            args: &gemm::TileArgs,
        ) {
            // SAFETY: both halves of the contract are passed on.
            unsafe { gemm::tile::<$token, ROWS, K, EXACT>($token { _private: () }, args) }
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features, and `attention::attend`'s contract
        /// holds.
        $(#[$features])*
        unsafe fn attend(head: &mut attention::Head<'_>) {
            // SAFETY: both halves of the contract are passed on.
            unsafe { attention::attend($token { _private: () }, head) }
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn layer_norm(row: &mut [f32], norm: &norm::LayerNorm<'_>) {
            norm::layer_norm($token { _private: () }, row, norm);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn norm_quantise(
            rows: &mut [f32],
            branch: Option<&[f32]>,
            how: &norm::NormQuantise<'_>,
            codes: &mut [u8],
            scales: &mut [quantise::RowScale],
        ) {
            norm::norm_quantise($token { _private: () }, rows, branch, how, codes, scales);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn quantise(
            row: &[f32],
            rule: &quantise::Rule<'_>,
            out: &mut [u8],
        ) -> quantise::RowScale {
            quantise::quantise($token { _private: () }, row, rule, out)
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn add_scaled_i8(row: &mut [f32], codes: &[i8], scale: f32) {
            elementwise::add_scaled_i8($token { _private: () }, row, codes, scale);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn range(columns: &[f32]) -> quantise::Range {
            quantise::range($token { _private: () }, columns)
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn quantise_within(
            columns: &[f32],
            range: quantise::Range,
            limit: u8,
            out: &mut [u8],
        ) -> quantise::RowScale {
            quantise::quantise_within($token { _private: () }, columns, range, limit, out)
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn add_branch_and_outliers(
            rows: &mut [f32],
            branch: &[f32],
            outliers: &residual::Outliers<'_>,
        ) {
            let token = $token { _private: () };
            residual::add_branch_and_outliers(token, rows, branch, outliers);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn gelu(row: &mut [f32]) {
            elementwise::gelu_in_place($token { _private: () }, row);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn gelu_and_slope(row: &mut [f32], slope: &mut [f32]) {
            elementwise::gelu_and_slope($token { _private: () }, row, slope);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn matmul<const FUSED: bool>(
            a: &product::MatrixView<'_>,
            b: &product::MatrixView<'_>,
            add: bool,
            out: &mut [f32],
        ) {
            product::matmul::<$token, FUSED>($token { _private: () }, a, b, add, out);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn dot_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
            dot::dot_rows($token { _private: () }, query, rows, out);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn put_row(row: &[f32], block: &mut [i8], slot: usize) {
            scan::put(row, block, slot);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn scan(
            query: &scan::ScanQuery,
            blocks: &[i8],
            next: &[i8],
            lower: &mut [f32],
            upper: &mut [f32],
        ) {
            scan::scan($token { _private: () }, query, blocks, next, lower, upper);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn integer_peak(rounds: u64) -> u64 {
            peak::integer($token { _private: () }, rounds)
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn float_peak(rounds: u64) -> u64 {
            peak::float($token { _private: () }, rounds)
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn read(bytes: &[i8]) {
            peak::read($token { _private: () }, bytes);
        }

        static TILES: Tiles = {
            const fn tiles<const K: usize>() -> &'static [TileFn] {
                &[$(tile::<$rows, K, false>),*]
            }
            [tiles::<384>(), tiles::<768>(), tiles::<1536>(), tiles::<3072>()]
        };

        /// What this instruction set runs.
        pub(crate) static TABLE: Table = Table {
            walks: $crate::packed::PANEL
                / $crate::simd::LANES
                / <$token as $crate::simd::Simd>::TILE_BLOCKS,
            tiles: &TILES,
            exact_tiles: &$exact,
            attend,
            layer_norm,
            norm_quantise,
            quantise,
            add_scaled_i8,
            range,
            quantise_within,
            add_branch_and_outliers,
            gelu,
            gelu_and_slope,
            matmul: matmul::<true>,
            matmul_unfused: matmul::<false>,
            dot_rows,
            put_row,
            scan,
            integer_peak,
            float_peak,
            read,
        };
    };
}

pub(crate) use instantiate;
