//! What tuning minimises: texts of a route close together and away from the others, and none far
//! from where it was.

use synaptoroute_kernels::{Kernels, MatrixView};

/// Of the logits: small ones look at the nearest texts of other routes above all.
pub(crate) const TEMPERATURE: f32 = 0.05;

/// A batch's loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Loss {
    /// Supervised contrastive: the mean over texts of the cross entropy with which those of the
    /// same route are told from the rest (Khosla et al., *Supervised contrastive learning*, 2020,
    /// equation 2).
    pub contrast: f32,
    /// The mean of 1 - cosine to the vector before tuning.
    pub drift: f32,
}

impl Loss {
    /// What is minimised.
    #[must_use]
    pub fn total(&self) -> f32 {
        self.contrast + self.drift
    }
}

/// The loss of unit vectors `[texts][width]`, and its gradient by them.
///
/// `labels` are the texts' routes; `None` belongs to no route: the others are told from it, it from
/// nobody. `before` are the vectors before tuning.
pub(crate) fn loss(
    kernels: Kernels,
    vectors: &[f32],
    labels: &[Option<usize>],
    before: &[f32],
) -> (Loss, Vec<f32>) {
    let count = labels.len();
    let width = vectors.len() / count;
    let matrix = MatrixView::new(vectors, count, width);
    let mut logits = vec![0.0; count * count];
    kernels.matmul(matrix, matrix.transposed(), &mut logits);
    logits.iter_mut().for_each(|logit| *logit /= TEMPERATURE);

    let positives = |i: usize| {
        (0..count).filter(move |&j| j != i && labels[i].is_some() && labels[i] == labels[j])
    };
    let asking = (0..count).filter(|&i| positives(i).next().is_some()).count();
    let mut contrast = 0.0;
    for (i, row) in logits.chunks_exact_mut(count).enumerate() {
        let with = positives(i).count() as f32;
        if with == 0.0 {
            row.fill(0.0);
            continue;
        }
        row[i] = f32::NEG_INFINITY;
        let highest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum: f32 = row.iter().map(|logit| (logit - highest).exp()).sum();
        let log_sum = highest + sum.ln();
        contrast += positives(i).map(|j| log_sum - row[j]).sum::<f32>() / with;
        row.iter_mut().for_each(|logit| *logit = (*logit - log_sum).exp());
        positives(i).for_each(|j| row[j] -= 1.0 / with);
    }
    let share = 1.0 / asking.max(1) as f32;
    let by_logit = MatrixView::new(&logits, count, count);
    let mut gradient = vec![0.0; vectors.len()];
    kernels.matmul(by_logit, matrix, &mut gradient);
    kernels.matmul_add(by_logit.transposed(), matrix, &mut gradient);
    gradient.iter_mut().for_each(|by| *by *= share / TEMPERATURE);

    let cosines: f32 = vectors.iter().zip(before).map(|(x, before)| x * before).sum();
    for (by, before) in gradient.iter_mut().zip(before) {
        *by -= before / count as f32;
    }
    let loss = Loss { contrast: contrast * share, drift: 1.0 - cosines / count as f32 };
    (loss, gradient)
}
