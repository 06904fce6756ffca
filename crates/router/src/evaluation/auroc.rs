//! The area under the ROC curve: how well a number tells two kinds of samples apart.

/// The probability that a sample of `inside` has a higher number than one of `outside`; a tie
/// counts half. 0.5 is chance, 1 is best. None where one of the two is empty.
///
/// Neither needs to be sorted, and no number may be NaN.
///
/// ```
/// # use synaptoroute_router::auroc;
/// assert_eq!(auroc(&[0.9, 0.6], &[0.7, 0.1]), Some(0.75));
/// ```
#[must_use]
pub fn auroc(inside: &[f64], outside: &[f64]) -> Option<f64> {
    of_sorted(inside, &sorted(outside))
}

/// As [`auroc`], of which only the second is sorted.
pub(super) fn of_sorted(inside: &[f64], outside: &[f64]) -> Option<f64> {
    if inside.is_empty() || outside.is_empty() {
        return None;
    }
    // Halves, which add up exactly in any order.
    let wins: f64 = inside.iter().map(|&number| below(outside, number)).sum();
    Some(wins / (inside.len() as f64 * outside.len() as f64))
}

/// How many of the sorted numbers are below this one, those equal to it by half.
pub(super) fn below(sorted: &[f64], number: f64) -> f64 {
    let less = sorted.partition_point(|&other| other < number);
    let equal = sorted.partition_point(|&other| other <= number) - less;
    less as f64 + equal as f64 / 2.0
}

/// The numbers, ascending.
pub(super) fn sorted(numbers: &[f64]) -> Vec<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}
