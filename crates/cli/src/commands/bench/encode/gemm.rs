//! The linear layers alone: what shows whether the integer peak was measured properly.

use std::sync::{Mutex, PoisonError};

use synaptoroute::{Bert, Kernels};
use synaptoroute_kernels::{
    Activations, AlignedVec, ColumnSum, Epilogue, Linear, Output, PANEL, RowScale, Team,
    column_sums,
};

use super::floor::Load;

/// Depth and columns of a layer: those of bge-small's queries, keys and values. The weights of
/// any model are cut into such layers, as if they were one after the other.
const DEPTH: usize = 384;
const COLUMNS: usize = 36 * PANEL;

/// All weights times so many rows.
pub(super) struct Gemm<'a> {
    kernels: Kernels,
    layers: Vec<(&'a [i8], Vec<ColumnSum>)>,
    codes: AlignedVec<u8>,
    row_scales: Vec<RowScale>,
    scales: Vec<f32>,
    bias: Vec<f32>,
    out: Mutex<AlignedVec<f32>>,
}

impl<'a> Gemm<'a> {
    pub(super) fn new(encoder: &'a Bert, kernels: Kernels, rows: usize) -> Self {
        let layers = encoder.weight_stream().chunks_exact(COLUMNS * DEPTH);
        let mut codes = AlignedVec::zeroed(rows * DEPTH);
        let limit = usize::from(kernels.isa().fast_width().limit());
        // Any codes will do, if they are not all alike: multipliers take the same time.
        for (index, code) in codes.iter_mut().enumerate() {
            *code = (index * 31 % (limit + 1)) as u8;
        }
        Self {
            kernels,
            layers: layers.map(|weights| (weights, column_sums(weights, DEPTH))).collect(),
            codes,
            row_scales: vec![RowScale { scale: 0.01, zero_point: 60 }; rows],
            scales: vec![0.01; COLUMNS],
            bias: vec![0.0; COLUMNS],
            out: Mutex::new(AlignedVec::zeroed(rows * COLUMNS)),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.row_scales.len()
    }

    /// What one run has to do.
    pub(super) fn load(&self) -> Load {
        let weights = self.layers.len() * COLUMNS * DEPTH;
        Load { linear: (weights * self.rows()) as u64, attention: 0, weights }
    }

    /// Runs all layers once.
    pub(super) fn run(&self) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let input = Activations {
            codes: &self.codes,
            scales: &self.row_scales,
            width: self.kernels.isa().fast_width(),
        };
        for (weights, column_sums) in &self.layers {
            let (scales, bias) = (&self.scales, &self.bias);
            let layer = Linear { depth: DEPTH, weights, column_sums, scales, bias };
            let output = Output { data: &mut out, stride: COLUMNS };
            let panels = 0..COLUMNS / PANEL;
            let team = &mut Team::alone();
            self.kernels.linear(team, &layer, &input, panels, Epilogue::Store, output);
        }
    }
}
