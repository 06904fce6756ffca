use super::*;
use crate::fit::Serial;

/// Two classes on a line: the solution of the penalised problem is known to be symmetric, and
/// its gradient is zero there.
#[test]
fn separates_what_can_be_separated() {
    let vectors = Matrix::from_rows(
        2,
        [[1.0, 0.1], [0.9, -0.1], [-1.0, 0.1], [-0.9, -0.1]].iter().map(|r| &r[..]),
    );
    let labels = [0, 0, 1, 1];
    let lesson = Lesson {
        vectors: &vectors,
        labels: &labels,
        classes: 2,
        rows: &[0, 1, 2, 3],
        mean: &[0.0, 0.0],
    };
    let head = Head::learn(&lesson, 3.0, &Serial);
    let logits = head.logits(&vectors);
    for (row, &label) in labels.iter().enumerate() {
        assert!(logits.at(row, label) > logits.at(row, 1 - label) + 1.0, "{logits:?}");
    }
    // The penalty shares the weights out evenly: they sum to zero over the classes.
    assert!((head.weights.at(0, 0) + head.weights.at(1, 0)).abs() < 1e-3, "{head:?}");
}

#[test]
fn the_solution_is_stationary() {
    let vectors = Matrix::from_rows(
        3,
        [[0.6, 0.2, 0.1], [0.5, -0.3, 0.0], [-0.2, 0.7, 0.3], [0.1, 0.1, -0.6]]
            .iter()
            .map(|r| &r[..]),
    );
    let labels = [0, 1, 2, 0];
    let mean = [0.1, 0.0, 0.0];
    let rows = [0, 1, 2, 3];
    let lesson =
        Lesson { vectors: &vectors, labels: &labels, classes: 3, rows: &rows, mean: &mean };
    let head = Head::learn(&lesson, 2.0, &Serial);
    let value = |head: &Head| {
        let logits = head.logits(&vectors);
        let mut value = 0.0;
        for (row, &label) in labels.iter().enumerate() {
            let row = logits.row(row);
            let sum: f64 = row.iter().map(|&l| f64::from(l).exp()).sum();
            value += 2.0 * (sum.ln() - f64::from(row[label]));
        }
        value + head.weights.data.iter().map(|&w| f64::from(w / SCALE).powi(2)).sum::<f64>() / 2.0
    };
    let best = value(&head);
    // Moving the centre with the weights keeps the penalised problem the same.
    for weight in 0..head.weights.data.len() {
        for step in [-0.05, 0.05] {
            let mut other = head.clone();
            other.weights.data[weight] += step;
            let class = weight / 3;
            other.biases[class] -= step * mean[weight % 3];
            assert!(value(&other) >= best - 1e-4, "weight {weight} by {step}");
        }
    }
}

#[test]
fn exp_is_exp() {
    for i in 0..2000 {
        let x = -(i as f32) * 0.05;
        let (found, expected) = (f64::from(exp(x)), f64::from(x).exp());
        // Rounding x × log2(e) costs half a bit of that product, which is absolute in the result.
        let bound = expected * (4e-7 + 1e-7 * f64::from(x.abs())) + 1e-37;
        assert!((found - expected).abs() <= bound, "{x}: {found} {expected}");
    }
}
