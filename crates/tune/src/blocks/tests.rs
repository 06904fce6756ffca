//! Each block's gradients against finite differences.

use std::ops::Range;

use synaptoroute_encoder::{FloatLinear, FloatNorm, Pooling};
use synaptoroute_kernels::{Kernels, Team};

use super::{attention, gelu, linear, norm};
use crate::layer;
use crate::loss::loss;
use crate::parts::Parts;
use crate::random::Random;
use crate::sums::dot;
use crate::testing::{self, HEADS, HIDDEN, noise, small, texts};

/// The change along which a slope is measured, as a share of the point's own size.
const STEP: f32 = 2e-3;

/// Compares the slope of `value` at `point` along some directions with the gradient's. A function of
/// f32 is known to some 1e-6 of its size, which over a step leaves about 1e-3 of a slope.
fn check(name: &str, point: &[f32], gradient: &[f32], value: impl Fn(&[f32]) -> f64) {
    assert_eq!(point.len(), gradient.len(), "{name}");
    let length = |x: &[f32]| x.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
    assert!(length(gradient) > 0.0, "{name}: no gradient");
    let mut random = Random::new(11);
    for round in 0..4 {
        // Along the gradient, where the slope is largest, and aslant.
        let aside = noise(&mut random, point.len(), 1.0);
        let tilt = if round == 0 { 0.0 } else { length(gradient) / length(&aside) };
        let direction: Vec<f64> = gradient
            .iter()
            .zip(&aside)
            .map(|(g, a)| f64::from(*g) + tilt * f64::from(*a))
            .collect();
        let size = direction.iter().map(|d| d * d).sum::<f64>().sqrt();
        let step = f64::from(STEP) * length(point).max(1.0) / size;
        let at = |sign: f64| {
            let moved = point.iter().zip(&direction);
            let moved: Vec<f32> =
                moved.map(|(x, d)| (f64::from(*x) + sign * step * d) as f32).collect();
            value(&moved)
        };
        let found = (at(1.0) - at(-1.0)) / (2.0 * step);
        let expected: f64 = gradient.iter().zip(&direction).map(|(g, d)| f64::from(*g) * d).sum();
        let scale = length(gradient) * size;
        assert!(
            (found - expected).abs() < 1e-2 * scale,
            "{name}, direction {round}: slope {found}, by the gradient {expected}, of {scale}"
        );
    }
}

/// A function of a block's outcome: a weighted sum, whose gradient are the weights.
fn weigh(outcome: &[f32], weights: &[f32]) -> f64 {
    outcome.iter().zip(weights).map(|(y, w)| f64::from(*y) * f64::from(*w)).sum()
}

#[test]
fn linear_layers() {
    let random = &mut Random::new(1);
    let layer = testing::linear(random, 48, 32);
    let x = noise(random, 5 * 48, 1.0);
    let upstream = noise(random, 5 * 32, 1.0);
    let run = |layer: &FloatLinear, x: &[f32]| {
        weigh(&linear::forward(&mut Team::alone(), Kernels::detect(), layer, x), &upstream)
    };
    let mut by = FloatLinear { weights: vec![0.0; 48 * 32], bias: vec![0.0; 32], ..layer };
    let mut dx = vec![0.0; x.len()];
    let (team, kernels) = (&mut Team::alone(), Kernels::detect());
    linear::backward(team, kernels, &layer, &x, &upstream, &mut by, &mut dx);
    check("input", &x, &dx, |x| run(&layer, x));
    check("weights", &layer.weights, &by.weights, |weights| {
        run(&FloatLinear { weights: weights.to_vec(), ..layer.clone() }, &x)
    });
    check("bias", &layer.bias, &by.bias, |bias| {
        run(&FloatLinear { bias: bias.to_vec(), ..layer.clone() }, &x)
    });
}

#[test]
fn norms() {
    let random = &mut Random::new(2);
    let layer = testing::norm(random, HIDDEN);
    let x = noise(random, 7 * HIDDEN, 2.0);
    let upstream = noise(random, x.len(), 1.0);
    let run = |layer: &FloatNorm, x: &[f32]| {
        let mut y = x.to_vec();
        norm::forward(&mut Team::alone(), layer, 1e-5, &mut y);
        weigh(&y, &upstream)
    };
    let tape = norm::forward(&mut Team::alone(), &layer, 1e-5, &mut x.clone());
    let mut by = FloatNorm { gamma: vec![0.0; HIDDEN], beta: vec![0.0; HIDDEN] };
    let mut dx = upstream.clone();
    norm::backward(&mut Team::alone(), &layer, &tape, &mut dx, &mut by);
    check("input", &x, &dx, |x| run(&layer, x));
    check("gamma", &layer.gamma, &by.gamma, |gamma| {
        run(&FloatNorm { gamma: gamma.to_vec(), ..layer.clone() }, &x)
    });
    check("beta", &layer.beta, &by.beta, |beta| {
        run(&FloatNorm { beta: beta.to_vec(), ..layer.clone() }, &x)
    });
}

#[test]
fn activation() {
    let random = &mut Random::new(3);
    let x = noise(random, 4 * 64, 3.0);
    let upstream = noise(random, x.len(), 1.0);
    let run = |x: &[f32]| {
        let mut y = x.to_vec();
        gelu::forward(&mut Team::alone(), Kernels::detect(), 4, &mut y);
        weigh(&y, &upstream)
    };
    let slopes = gelu::forward(&mut Team::alone(), Kernels::detect(), 4, &mut x.clone());
    let mut dx = upstream.clone();
    gelu::backward(&mut Team::alone(), 4, &slopes, &mut dx);
    check("input", &x, &dx, run);
}

#[test]
fn heads() {
    let random = &mut Random::new(4);
    let ranges: [Range<usize>; 3] = [0..5, 5..6, 6..13];
    let qkv = noise(random, 13 * 3 * HIDDEN, 1.5);
    for first_only in [false, true] {
        let shape = attention::Shape { hidden: HIDDEN, heads: HEADS, texts: &ranges, first_only };
        let rows = if first_only { 3 } else { 13 };
        let upstream = noise(random, rows * HIDDEN, 1.0);
        let run =
            |qkv: &[f32]| weigh(&attention::forward(&mut Team::alone(), shape, qkv).0, &upstream);
        let team = &mut Team::alone();
        let tape = attention::forward(team, shape, &qkv).1;
        let dqkv = attention::backward(team, shape, &qkv, &tape, &upstream);
        check("queries, keys and values", &qkv, &dqkv, run);
    }
}

#[test]
fn layers() {
    let random = &mut Random::new(5);
    let ranges: [Range<usize>; 2] = [0..4, 4..9];
    let weights = testing::layer(random);
    let x = noise(random, 9 * HIDDEN, 1.0);
    let frame = layer::Frame {
        kernels: Kernels::detect(),
        hidden: HIDDEN,
        heads: HEADS,
        epsilon: 1e-12,
        texts: &ranges,
    };
    for first_only in [false, true] {
        let upstream = noise(random, if first_only { 2 } else { 9 } * HIDDEN, 1.0);
        let forward =
            |x: &[f32]| layer::forward(&mut Team::alone(), frame, &weights, x.to_vec(), first_only);
        let mut by = small(Pooling::Cls, 1).parts.zeros(1).layers.remove(0);
        let tape = forward(&x).1;
        let dx =
            layer::backward(&mut Team::alone(), frame, &weights, &tape, upstream.clone(), &mut by);
        check("input", &x, &dx, |x| weigh(&forward(x).0, &upstream));
    }
}

#[test]
fn the_loss() {
    let random = &mut Random::new(6);
    // Two of no route, one alone in its own.
    let labels = [Some(0), Some(1), None, Some(0), Some(1), Some(2), None, Some(1)];
    let unit = |mut vectors: Vec<f32>| {
        for row in vectors.chunks_exact_mut(HIDDEN) {
            let length = dot(row, row).sqrt();
            row.iter_mut().for_each(|x| *x /= length);
        }
        vectors
    };
    let vectors = unit(noise(random, labels.len() * HIDDEN, 1.0));
    let before = unit(noise(random, labels.len() * HIDDEN, 1.0));
    let value = |x: &[f32]| {
        let loss = loss(Kernels::detect(), x, &labels, &before).0;
        f64::from(loss.total())
    };
    let gradient = loss(Kernels::detect(), &vectors, &labels, &before).1;
    check("vectors", &vectors, &gradient, value);
}

/// The whole way: from the loss of a batch to each tensor of the model.
#[test]
fn every_tensor_of_a_model() {
    let texts = texts(8);
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let labels: Vec<Option<usize>> = (0..8).map(|i| Some(i / 2)).collect();
    let kernels = Kernels::detect();
    for pooling in [Pooling::Cls, Pooling::Mean] {
        let mut model = small(pooling, 2);
        let team = &mut Team::alone();
        let before = model.encode(team, &texts);
        // Away from where the gradient by drift is 0.
        let random = &mut Random::new(9);
        for tensor in model.parts.tensors_mut() {
            let shift = noise(random, tensor.len(), 0.05);
            tensor.iter_mut().zip(shift).for_each(|(x, shift)| *x += shift);
        }
        let (vectors, tape) = model.forward(team, &texts, 2);
        let mut by: Parts = model.parts.zeros(2);
        let gradient = loss(kernels, &vectors, &labels, &before).1;
        model.backward(team, &tape, &gradient, &mut by);
        let names = model.parts.names();
        for (place, (name, by)) in names.iter().zip(by.tensors()).enumerate() {
            let point = model.parts.tensors()[place].to_vec();
            check(name, &point, by, |moved| {
                let mut model = model.clone();
                model.parts.tensors_mut()[place].copy_from_slice(moved);
                let vectors = model.encode(&mut Team::alone(), &texts);
                f64::from(loss(kernels, &vectors, &labels, &before).0.total())
            });
        }
    }
}
