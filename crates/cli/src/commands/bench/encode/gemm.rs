//! The linear layers alone: what shows whether the integer peak was measured properly.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use synaptoroute::Kernels;
use synaptoroute_kernels::{
    Activations, AlignedVec, Epilogue, LargePages, Linear, LinearParts, PANEL, RowScale, Team,
};

use super::floor::Load;

/// Depth and columns of a layer: those of bge-small's queries, keys and values.
const DEPTH: usize = 384;
const COLUMNS: usize = 36 * PANEL;
/// As many layers as have the weights of bge-small.
const LAYERS: usize = 48;

/// Made-up layers times so many rows: multipliers take the same time whatever the numbers.
pub(super) struct Gemm {
    kernels: Kernels,
    stream: LargePages,
    layers: Vec<Range<usize>>,
    codes: AlignedVec<u8>,
    row_scales: Vec<RowScale>,
    out: Mutex<AlignedVec<f32>>,
}

impl Gemm {
    pub(super) fn new(kernels: Kernels, rows: usize) -> Self {
        let mut codes = AlignedVec::zeroed(rows * DEPTH);
        let limit = usize::from(kernels.isa().fast_width().limit());
        for (index, code) in codes.iter_mut().enumerate() {
            *code = (index * 31 % (limit + 1)) as u8;
        }
        let weights: Vec<i8> =
            (0..COLUMNS * DEPTH).map(|i| ((i * 37 % 255) as u8).cast_signed()).collect();
        let mut layer = Vec::new();
        let (scales, bias) = ([0.01; COLUMNS], [0.0; COLUMNS]);
        LinearParts {
            depth: DEPTH,
            weights: &[&weights],
            scales: &scales,
            bias: &bias,
            gelu: None,
        }
        .append_to(&mut layer);
        let mut stream = LargePages::with_capacity(LAYERS * layer.len());
        Self {
            kernels,
            layers: (0..LAYERS).map(|_| stream.push(&layer)).collect(),
            stream,
            codes,
            row_scales: vec![RowScale { scale: 0.01, zero_point: 60 }; rows],
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
        for layer in &self.layers {
            let bytes = &self.stream[layer.clone()];
            let layer = Linear::new(DEPTH, COLUMNS, Epilogue::Store, bytes);
            self.kernels.linear(&mut Team::alone(), &layer, &input, &mut out);
        }
    }
}
