//! Turns the portable algorithms into one instruction set's functions.

/// Compiles every algorithm for one token, inside functions that carry the instruction
/// set's features, and lists them in a `TABLE`.
///
/// `tile rows` names the tile heights to compile, from 1 to the largest whose accumulators
/// stay in registers.
macro_rules! instantiate {
    ($(#[$features:meta])* $token:ident, tile rows [$($rows:literal)*]) => {
        use crate::table::{Table, TileFn};
        use crate::{attention, dot, elementwise, gemm, norm, quantise};

        /// # Safety
        ///
        /// The CPU has this instruction set's features, and `gemm::tile`'s contract holds.
        $(#[$features])*
        unsafe fn tile<const ROWS: usize, const K: usize>(args: &gemm::TileArgs) {
            // SAFETY: both halves of the contract are passed on.
            unsafe { gemm::tile::<$token, ROWS, K>($token { _private: () }, args) }
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn attend(args: attention::Head<'_>) {
            attention::attend($token { _private: () }, args);
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
        unsafe fn quantise(
            row: &[f32],
            balance: Option<&[f32]>,
            limit: u8,
            out: &mut [u8],
        ) -> quantise::RowScale {
            quantise::quantise($token { _private: () }, row, balance, limit, out)
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
        unsafe fn gelu(row: &mut [f32]) {
            elementwise::gelu_in_place($token { _private: () }, row);
        }

        /// # Safety
        ///
        /// The CPU has this instruction set's features.
        $(#[$features])*
        unsafe fn dot_rows(query: &[f32], rows: &[f32], out: &mut [f32]) {
            dot::dot_rows($token { _private: () }, query, rows, out);
        }

        /// What this instruction set runs.
        pub(crate) static TABLE: Table = {
            const fn tiles<const K: usize>() -> &'static [TileFn] {
                &[$(tile::<$rows, K>),*]
            }
            Table {
                tiles: [tiles::<384>(), tiles::<768>(), tiles::<1536>(), tiles::<3072>()],
                attend,
                layer_norm,
                quantise,
                add_scaled_i8,
                gelu,
                dot_rows,
            }
        };
    };
}

pub(crate) use instantiate;
