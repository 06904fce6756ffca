//! Noise, and kernels run on it.

use synaptoroute_kernels::{
    ActivationWidth, Activations, Attention, AttentionScratch, Balance, Epilogue, Isa, Kernels,
    LargePages, Linear, LinearParts, Quantisation, Queried, RowScale, Rows, Team, pack,
};

/// Numbers that differ everywhere, from one seed; about normal in shape, centred on 0.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..len).map(|_| uniform() + uniform() + uniform()).collect()
}

/// Every instruction set of this machine, the oracle first.
pub(crate) fn all() -> Vec<Kernels> {
    let others = Isa::available().filter(|&isa| isa != Isa::Scalar);
    std::iter::once(Isa::Scalar).chain(others).map(|isa| Kernels::new(isa).unwrap()).collect()
}

pub(crate) const WIDTHS: [ActivationWidth; 2] = [ActivationWidth::Seven, ActivationWidth::Eight];

/// A layer with row-major weights kept for the naive sum.
pub(crate) struct Layer {
    pub(crate) depth: usize,
    pub(crate) row_major: Vec<i8>,
    pub(crate) packed: Vec<i8>,
    pub(crate) scales: Vec<f32>,
    pub(crate) bias: Vec<f32>,
}

impl Layer {
    pub(crate) fn new(seed: u64, columns: usize, depth: usize) -> Self {
        let row_major: Vec<i8> = noise(seed, columns * depth)
            .iter()
            .map(|x| (x * 120.0).clamp(-127.0, 127.0) as i8)
            .collect();
        let packed = pack(&row_major, columns, depth);
        Self {
            depth,
            row_major,
            packed,
            scales: noise(seed + 1, columns).iter().map(|x| x.abs() + 1e-3).collect(),
            bias: noise(seed + 2, columns),
        }
    }

    pub(crate) fn columns(&self) -> usize {
        self.scales.len()
    }

    /// The layer in memory, ending in GELU where a balance is given.
    pub(crate) fn lay_out(&self, gelu: Option<Balance<'_>>) -> LaidOut {
        let parts = LinearParts {
            depth: self.depth,
            weights: &[&self.packed],
            scales: &self.scales,
            bias: &self.bias,
            gelu,
        };
        let mut bytes = Vec::new();
        parts.append_to(&mut bytes);
        let mut pages = LargePages::with_capacity(bytes.len());
        pages.push(&bytes);
        LaidOut { depth: self.depth, columns: self.columns(), epilogue: parts.epilogue(), pages }
    }
}

/// The bytes of a layer.
pub(crate) struct LaidOut {
    depth: usize,
    columns: usize,
    epilogue: Epilogue,
    pages: LargePages,
}

impl LaidOut {
    pub(crate) fn view(&self) -> Linear<'_> {
        Linear::new(self.depth, self.columns, self.epilogue, &self.pages)
    }
}

pub(crate) fn run(
    kernels: &Kernels,
    layer: &Layer,
    codes: &[u8],
    scales: &[RowScale],
    width: ActivationWidth,
    gelu: Option<Balance<'_>>,
) -> Vec<f32> {
    let input = Activations { codes, scales, width };
    run_with(&mut Team::alone(), kernels, &layer.lay_out(gelu).view(), &input)
}

pub(crate) fn run_with(
    team: &mut Team<'_>,
    kernels: &Kernels,
    layer: &Linear<'_>,
    input: &Activations<'_>,
) -> Vec<f32> {
    let mut out = vec![0.25; input.scales.len() * layer.columns()];
    kernels.linear(team, layer, input, &mut out);
    out
}

/// Rows of 384, quantised.
pub(crate) fn quantised(
    kernels: &Kernels,
    rows: &[f32],
    width: ActivationWidth,
    balance: Option<Balance<'_>>,
) -> (Vec<u8>, Vec<RowScale>) {
    let mut codes = vec![0; rows.len()];
    let mut scales = vec![RowScale::default(); rows.len() / 384];
    let how = Quantisation { width, balance, skip: 0 };
    kernels.quantise(rows, 384, &how, &mut codes, &mut scales);
    (codes, scales)
}

/// One head over one text; with fewer queries than keys, its first token's.
pub(crate) fn attend(kernels: &Kernels, q: &[f32], k: &[f32], v: &[f32], dim: usize) -> Vec<f32> {
    let rows = |data| Rows { data, stride: dim };
    let tokens = k.len() / dim;
    let text = 0..tokens;
    let attention = Attention {
        queries: rows(q),
        keys: rows(k),
        values: rows(v),
        texts: std::slice::from_ref(&text),
        queried: if q.len() == k.len() { Queried::All } else { Queried::First },
        heads: 1,
        dim,
    };
    let mut scratch = AttentionScratch::default();
    scratch.grow(1, tokens, tokens, dim);
    let mut out = vec![0.0; q.len()];
    kernels.attention(&mut Team::alone(), &attention, &scratch, &mut out, dim);
    out
}

/// The error function by its Maclaurin series, in f64; exact enough on the range used.
pub(crate) fn erf(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}
