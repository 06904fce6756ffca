//! Random weights of a small BERT, and what they make of token ids in f64.

use std::collections::BTreeMap;
use std::f64::consts::{PI, SQRT_2};

use crate::config::Pooling;

/// Inputs that the feed-forward blocks' second halves see ten times larger than the rest.
pub(super) const LOUD: [usize; 3] = [19, 700, 1531];

/// What a weight and its name in the graph are made of.
pub(super) struct Array {
    pub(super) shape: Vec<usize>,
    pub(super) data: Vec<f32>,
}

/// The fp32 weights of a BERT.
pub(super) struct Weights {
    pub(super) layers: usize,
    pub(super) hidden: usize,
    pub(super) intermediate: usize,
    pub(super) heads: usize,
    pub(super) epsilon: f32,
    /// By the names that exports give them; matrices are `[inputs][outputs]`.
    pub(super) arrays: BTreeMap<String, Array>,
}

pub(super) const VOCABULARY: usize = 60;
pub(super) const MAX_TOKENS: usize = 32;

/// The linear layers of a transformer layer, with inputs and outputs.
pub(super) fn linears(hidden: usize, intermediate: usize) -> [(&'static str, usize, usize); 6] {
    [
        ("attention.self.query", hidden, hidden),
        ("attention.self.key", hidden, hidden),
        ("attention.self.value", hidden, hidden),
        ("attention.output.dense", hidden, hidden),
        ("intermediate.dense", hidden, intermediate),
        ("output.dense", intermediate, hidden),
    ]
}

/// SplitMix64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Nearly normal with mean 0 and this deviation: three uniform numbers.
    fn normal(&mut self, deviation: f32) -> f32 {
        let bits = self.next();
        let sum = (bits & 0xf_ffff) + ((bits >> 20) & 0xf_ffff) + ((bits >> 40) & 0xf_ffff);
        (sum as f32 / (1 << 20) as f32 - 1.5) * 2.0 * deviation
    }
}

impl Weights {
    pub(super) fn new(layers: usize, hidden: usize, heads: usize) -> Self {
        let mut random = Random(hidden as u64);
        let intermediate = 4 * hidden;
        let mut arrays = BTreeMap::new();
        let mut add = |name: String, shape: &[usize], mean: f32, deviation: f32| {
            let len = shape.iter().product();
            let data = (0..len).map(|_| mean + random.normal(deviation)).collect();
            arrays.insert(name, Array { shape: shape.to_vec(), data });
        };
        for (table, rows) in [("word", VOCABULARY), ("position", MAX_TOKENS), ("token_type", 2)] {
            let deviation = if table == "word" { 0.06 } else { 0.03 };
            let name = format!("embeddings.{table}_embeddings.weight");
            add(name, &[rows, hidden], 0.0, deviation);
        }
        let mut norms = vec!["embeddings.LayerNorm".to_owned()];
        for i in 0..layers {
            for (part, depth, columns) in linears(hidden, intermediate) {
                // What [CLS] reads from the others must weigh more than itself.
                let deviation = match part {
                    "attention.self.value" | "attention.output.dense" => 1.6,
                    "output.dense" => 0.6,
                    _ => 1.0,
                };
                let name = |kind| format!("encoder.layer.{i}.{part}.{kind}");
                add(name("weight"), &[depth, columns], 0.0, deviation / (depth as f32).sqrt());
                add(name("bias"), &[columns], 0.0, 0.1);
            }
            norms.push(format!("encoder.layer.{i}.attention.output.LayerNorm"));
            norms.push(format!("encoder.layer.{i}.output.LayerNorm"));
        }
        for norm in &norms {
            add(format!("{norm}.weight"), &[hidden], 1.0, 0.1);
            add(format!("{norm}.bias"), &[hidden], 0.0, 0.1);
        }
        let mut weights = Self { layers, hidden, intermediate, heads, epsilon: 0.003, arrays };
        // In the last norm they would make all vectors alike.
        weights.plant_outliers(&norms[..2 * layers]);
        weights
    }

    /// Makes a few channels larger than the others, as training does.
    fn plant_outliers(&mut self, norms: &[String]) {
        for norm in norms {
            for (channel, size) in [(5, 5.0), (77, -4.0), (200, 3.0)] {
                self.data_mut(&format!("{norm}.weight"))[channel] = size;
            }
            self.data_mut(&format!("{norm}.bias"))[301] = 4.0;
        }
        for i in 0..self.layers {
            let columns = self.intermediate;
            let up = self.data_mut(&format!("encoder.layer.{i}.intermediate.dense.weight"));
            for row in up.chunks_exact_mut(columns) {
                LOUD.iter().for_each(|&channel| row[channel] *= 10.0);
            }
        }
    }

    fn data_mut(&mut self, name: &str) -> &mut [f32] {
        &mut self.arrays.get_mut(name).unwrap().data
    }

    pub(super) fn data(&self, name: &str) -> &[f32] {
        &self.arrays[name].data
    }

    /// The vector of `ids`, not normalised.
    pub(super) fn embed(&self, ids: &[u32], pooling: Pooling) -> Vec<f64> {
        let row = |table: &str, index: usize| {
            let table = self.data(&format!("embeddings.{table}_embeddings.weight"));
            table[index * self.hidden..][..self.hidden].iter().map(|&x| f64::from(x))
        };
        let token = |(position, &id): (usize, &u32)| {
            let sum = row("word", id as usize).zip(row("position", position));
            sum.zip(row("token_type", 0)).map(|((w, p), t)| w + p + t).collect()
        };
        let mut rows: Vec<Vec<f64>> = ids.iter().enumerate().map(token).collect();
        self.norm(&mut rows, "embeddings.LayerNorm");
        for i in 0..self.layers {
            self.layer(&mut rows, &format!("encoder.layer.{i}"));
        }
        let count = if pooling == Pooling::Cls { 1 } else { rows.len() };
        (0..self.hidden).map(|c| rows[..count].iter().map(|row| row[c]).sum()).collect()
    }

    fn layer(&self, rows: &mut [Vec<f64>], layer: &str) {
        let part = |rows: &[Vec<f64>], part: &str| self.linear(rows, &format!("{layer}.{part}"));
        let [q, k, v] =
            ["query", "key", "value"].map(|p| part(rows, &format!("attention.self.{p}")));
        let context = self.attend(&q, &k, &v);
        add(rows, &part(&context, "attention.output.dense"));
        self.norm(rows, &format!("{layer}.attention.output.LayerNorm"));
        let mut inner = part(rows, "intermediate.dense");
        inner.iter_mut().flatten().for_each(|x| *x *= 0.5 * (1.0 + erf(*x / SQRT_2)));
        add(rows, &part(&inner, "output.dense"));
        self.norm(rows, &format!("{layer}.output.LayerNorm"));
    }

    fn linear(&self, rows: &[Vec<f64>], name: &str) -> Vec<Vec<f64>> {
        let bias = self.data(&format!("{name}.bias"));
        let weights = self.data(&format!("{name}.weight")).chunks_exact(bias.len());
        let mut out = vec![bias.iter().map(|&b| f64::from(b)).collect::<Vec<f64>>(); rows.len()];
        for (k, weights) in weights.enumerate() {
            for (row, out) in rows.iter().zip(&mut out) {
                out.iter_mut().zip(weights).for_each(|(y, &w)| *y += row[k] * f64::from(w));
            }
        }
        out
    }

    fn attend(&self, q: &[Vec<f64>], k: &[Vec<f64>], v: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let dim = self.hidden / self.heads;
        let mut context = vec![vec![0.0; self.hidden]; q.len()];
        for head in 0..self.heads {
            let part = head * dim..(head + 1) * dim;
            for (q, out) in q.iter().zip(&mut context) {
                let logit = |k: &Vec<f64>| {
                    let pairs = q[part.clone()].iter().zip(&k[part.clone()]);
                    (pairs.map(|(a, b)| a * b).sum::<f64>() / (dim as f64).sqrt()).exp()
                };
                let shares: Vec<f64> = k.iter().map(logit).collect();
                let all: f64 = shares.iter().sum();
                for (share, v) in shares.iter().zip(v) {
                    let values = out[part.clone()].iter_mut().zip(&v[part.clone()]);
                    values.for_each(|(out, v)| *out += share / all * v);
                }
            }
        }
        context
    }

    fn norm(&self, rows: &mut [Vec<f64>], name: &str) {
        let (gamma, beta) =
            (self.data(&format!("{name}.weight")), self.data(&format!("{name}.bias")));
        for row in rows {
            let width = row.len() as f64;
            let mean = row.iter().sum::<f64>() / width;
            let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / width;
            let deviation = (variance + f64::from(self.epsilon)).sqrt();
            for (x, (g, b)) in row.iter_mut().zip(gamma.iter().zip(beta)) {
                *x = (*x - mean) / deviation * f64::from(*g) + f64::from(*b);
            }
        }
    }
}

fn add(to: &mut [Vec<f64>], rows: &[Vec<f64>]) {
    to.iter_mut().flatten().zip(rows.iter().flatten()).for_each(|(a, b)| *a += b);
}

/// By the series whose terms all have one sign; beyond 6, an f64 has only 1.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while term.abs() > 1e-18 {
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    2.0 / PI.sqrt() * (-x * x).exp() * sum
}

#[test]
fn the_error_function_has_its_values() {
    // From Abramowitz and Stegun, table 7.1.
    for (x, y) in
        [(0.0, 0.0), (0.5, 0.520_499_877_8), (-1.0, -0.842_700_792_9), (2.5, 0.999_593_048)]
    {
        assert!((erf(x) - y).abs() < 1e-9, "erf({x}) = {}", erf(x));
    }
}
