//! Work shared out among a team's threads.
//!
//! What a thread computes does not depend on how the work was cut: an element of a product is the
//! same to the bit wherever it lies ([`Kernels::matmul`](synaptoroute_kernels::Kernels::matmul)),
//! and sums run over the same rows in the same order. So tuning gives the same bits on any number
//! of threads.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use synaptoroute_kernels::Team;

/// Calls `work(number, item)` once with each item, on all threads.
pub(crate) fn each<T: Send>(team: &mut Team<'_>, items: Vec<T>, work: impl Fn(usize, T) + Sync) {
    let slots: Vec<Mutex<Option<T>>> =
        items.into_iter().map(|item| Mutex::new(Some(item))).collect();
    team.run(slots.len(), |_, number| {
        let item = slots[number].lock().unwrap_or_else(PoisonError::into_inner).take();
        work(number, item.expect("each part runs once"));
    });
}

/// Shares out `count` rows of several buffers, each of rows of its own width: `work` gets the place
/// of its rows, and them.
///
/// # Panics
///
/// If a buffer's length is no multiple of `count`.
pub(crate) fn rows<const N: usize>(
    team: &mut Team<'_>,
    count: usize,
    buffers: [&mut [f32]; N],
    work: impl Fn(Range<usize>, [&mut [f32]; N]) + Sync,
) {
    let parts = team.size().min(count);
    let bounds: Vec<Range<usize>> =
        (0..parts).map(|part| count * part / parts..count * (part + 1) / parts).collect();
    let mut rests = buffers.map(|buffer| {
        assert!(count == 0 || buffer.len().is_multiple_of(count), "{} in {count}", buffer.len());
        let width = buffer.len() / count.max(1);
        (buffer, width)
    });
    let items: Vec<[&mut [f32]; N]> = bounds
        .iter()
        .map(|rows| {
            rests.each_mut().map(|(rest, width)| {
                let (part, others) = std::mem::take(rest).split_at_mut(rows.len() * *width);
                *rest = others;
                part
            })
        })
        .collect();
    each(team, items, |part, rows| work(bounds[part].clone(), rows));
}

/// `sums[column] += Σ rows[..][column]`, in the order of the rows.
pub(crate) fn add_columns(team: &mut Team<'_>, matrix: &[f32], sums: &mut [f32]) {
    let width = sums.len();
    rows(team, width, [sums], |columns, [sums]| {
        for row in matrix.chunks_exact(width) {
            sums.iter_mut().zip(&row[columns.clone()]).for_each(|(sum, x)| *sum += x);
        }
    });
}
