//! Who, learned: multinomial logistic regression on centred vectors.

use super::executor::Executor;
use super::lbfgs::{Stop, minimise};
use super::matrix::{Matrix, add_transposed_times, times_transposed};

/// Vectors are multiplied by this once they are centred. Unit vectors of one model lie close
/// together, and the penalty on the weights means something only at a scale of about one.
const SCALE: f32 = 5.0;
/// Rows of a block: its logits and what they were made from stay in the cache.
const BLOCK: usize = 512;
/// Steps of the solver. With 100, and a gradient ten times smaller, accuracy on HWU64 was the same to
/// 0.1 points.
const STEPS: usize = 40;
/// The solver stops where the gradient has fallen to this share.
const GRADIENT: f64 = 1e-3;

/// One linear function a class.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Head {
    /// A row a class, for vectors as they come: centring and scale are worked in.
    pub(crate) weights: Matrix,
    pub(crate) biases: Vec<f32>,
}

/// Texts to learn from.
#[derive(Clone, Copy)]
pub(super) struct Lesson<'a> {
    pub(super) vectors: &'a Matrix,
    /// Of each row; below `classes`.
    pub(super) labels: &'a [usize],
    pub(super) classes: usize,
    /// Rows to learn from.
    pub(super) rows: &'a [usize],
    /// The mean vector, to centre by.
    pub(super) mean: &'a [f32],
}

impl Head {
    /// A head that says nothing of any class.
    pub(super) fn none(classes: usize, width: usize) -> Self {
        Self { weights: Matrix::zeros(classes, width), biases: vec![0.0; classes] }
    }

    /// Minimises `strength × Σ cross entropy + ½ ‖weights‖²`, biases free, from zero.
    ///
    /// Classes without rows get weights of zero sum with the others and are for the caller to
    /// ignore. A cancelled search ends early, with whatever it had.
    pub(super) fn learn(lesson: &Lesson<'_>, strength: f64, executor: &dyn Executor) -> Self {
        let (width, classes) = (lesson.vectors.columns, lesson.classes);
        let mut inputs = lesson.vectors.select(lesson.rows);
        for row in 0..inputs.rows {
            for (x, mean) in inputs.row_mut(row).iter_mut().zip(lesson.mean) {
                *x = (*x - mean) * SCALE;
            }
        }
        let labels: Vec<usize> = lesson.rows.iter().map(|&row| lesson.labels[row]).collect();
        let mut logits = vec![0.0; BLOCK * classes];
        let mut parameters = vec![0.0_f32; classes * (width + 1)];
        minimise(&mut parameters, Stop { steps: STEPS, gradient: GRADIENT }, |at, gradient| {
            if executor.cancelled() {
                return None;
            }
            let (weights, biases) = at.split_at(classes * width);
            let (by_weights, by_biases) = gradient.split_at_mut(classes * width);
            by_weights.fill(0.0);
            by_biases.fill(0.0);
            let mut loss = 0.0;
            for (vectors, labels) in inputs.data.chunks(BLOCK * width).zip(labels.chunks(BLOCK)) {
                let logits = &mut logits[..labels.len() * classes];
                times_transposed(vectors, weights, width, logits);
                for (row, &label) in logits.chunks_exact_mut(classes).zip(labels) {
                    loss += residual(row, biases, label);
                    row.iter().zip(&mut *by_biases).for_each(|(r, by)| *by += r);
                }
                add_transposed_times(logits, vectors, width, by_weights);
            }
            by_biases.iter_mut().for_each(|by| *by *= strength as f32);
            let mut penalty = 0.0;
            for (by, &weight) in by_weights.iter_mut().zip(weights) {
                *by = strength as f32 * *by + weight;
                penalty += f64::from(weight) * f64::from(weight);
            }
            Some(strength * loss + penalty / 2.0)
        });
        let mut biases = parameters.split_off(classes * width);
        let mut weights = Matrix { rows: classes, columns: width, data: parameters };
        for (class, bias) in biases.iter_mut().enumerate() {
            let row = weights.row_mut(class);
            row.iter_mut().for_each(|weight| *weight *= SCALE);
            *bias -= row.iter().zip(lesson.mean).map(|(weight, mean)| weight * mean).sum::<f32>();
        }
        Self { weights, biases }
    }

    /// A row of logits for each of these vectors.
    pub(super) fn logits(&self, vectors: &Matrix) -> Matrix {
        let mut logits = vectors.times_transposed(&self.weights);
        for row in 0..logits.rows {
            logits
                .row_mut(row)
                .iter_mut()
                .zip(&self.biases)
                .for_each(|(logit, bias)| *logit += bias);
        }
        logits
    }
}

/// Makes of a row of logits the probabilities less the label's one; returns the cross entropy.
fn residual(row: &mut [f32], biases: &[f32], label: usize) -> f64 {
    let mut highest = f32::NEG_INFINITY;
    for (logit, bias) in row.iter_mut().zip(biases) {
        *logit += bias;
        highest = highest.max(*logit);
    }
    let of_label = row[label] - highest;
    let mut sum = 0.0_f32;
    for logit in &mut *row {
        *logit = exp(*logit - highest);
        sum += *logit;
    }
    row.iter_mut().for_each(|probability| *probability /= sum);
    row[label] -= 1.0;
    f64::from(sum.ln() - of_label)
}

/// e to a power of at most 0, to a few units of f32's last place near 0 and 1e-7 × |x| further
/// off: without calls, so that compilers work on many at once.
pub(super) fn exp(x: f32) -> f32 {
    // 2^n × 2^f with f in [-½, ½]; the series of 2^f ends below f32's last bit.
    let x = (x * std::f32::consts::LOG2_E).max(-126.0);
    let n = (x + 12_582_912.0) - 12_582_912.0; // to the nearest whole number: 1.5 × 2^23
    let f = x - n;
    let series = 1.0
        + f * (std::f32::consts::LN_2
            + f * (0.240_226_5
                + f * (0.055_504_11
                    + f * (0.009_618_129 + f * (0.001_333_356 + f * 0.000_154_035)))));
    f32::from_bits(((n as i32 + 127) as u32) << 23) * series
}

#[cfg(test)]
mod tests;
