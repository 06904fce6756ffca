//! Sums over a row, always in the same order.

/// Partial sums that a compiler keeps in registers.
const SUMS: usize = 16;

/// The dot product of two rows.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<SUMS>(), b.as_chunks::<SUMS>());
    let mut sums = [0.0; SUMS];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The sum of a row.
pub(crate) fn sum(row: &[f32]) -> f32 {
    let (whole, rest) = row.as_chunks::<SUMS>();
    let mut sums = [0.0; SUMS];
    for row in whole {
        sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
    }
    sums.iter().sum::<f32>() + rest.iter().sum::<f32>()
}
