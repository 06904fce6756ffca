//! The arithmetic of a quantised BERT encoder: integer GEMM, attention, normalisation,
//! quantisation, dot scans.
//!
//! [`Kernels`] is the one entry: made once, it holds the functions of the fastest
//! instruction set this CPU runs (or of one named by `SYNAPTOROUTE_ISA`), and its methods
//! check every shape before they run. Inside, each algorithm is written once, on sixteen
//! lanes (`simd`), and `arch` has one folder an instruction set that says how those lanes
//! are worked.
//!
//! This is the only crate of the workspace with `unsafe` code. It knows nothing of models,
//! files or text: for those, see `synaptoroute-encoder`.
//!
//! ```
//! use synaptoroute_kernels::Kernels;
//!
//! let kernels = Kernels::detect();
//! let mut scores = [0.0; 2];
//! kernels.dot_rows(&[1.0; 16], &[[1.0; 16], [0.5; 16]].concat(), &mut scores);
//! assert_eq!(scores, [16.0, 8.0]);
//! ```

mod aligned;
mod arch;
mod attention;
mod crew;
mod dot;
mod elementwise;
mod gemm;
mod instantiate;
mod isa;
mod kernels;
mod large;
mod math;
mod matmul;
mod norm;
mod packed;
mod peak;
mod quantise;
mod residual;
mod scan;
mod simd;
mod table;

pub use aligned::{ALIGNMENT, AlignedVec, as_i8};
pub use attention::Rows;
pub use crew::{Crew, RowsMut, Team};
pub use isa::{ActivationWidth, ISA_VARIABLE, Isa, IsaError};
pub use kernels::{
    Activations, Attention, AttentionScratch, BlockEnd, Kernels, Quantisation, Quantised, Queried,
    RangeScratch, SelfAttention,
};
pub use large::LargePages;
pub use matmul::MatrixView;
pub use norm::LayerNorm;
pub use packed::{Epilogue, Linear, LinearParts, PANEL, pack, packed_index};
pub use quantise::{Balance, RowScale};
pub use residual::{Outliers, pack_outliers};
pub use scan::{BLOCK_ROWS, ScanQuery, block_len};
