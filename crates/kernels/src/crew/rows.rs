//! Buffers that several threads write, each its own part.

use std::marker::PhantomData;
use std::ops::Range;

use super::Team;
use crate::quantise::RowScale;

/// Rows of up to three buffers that are worked on together; a buffer may be empty.
#[derive(Debug, Default)]
pub struct RowsMut<'a> {
    /// `[rows][width]`
    pub reals: &'a mut [f32],
    /// `[rows][width]`
    pub codes: &'a mut [u8],
    /// `[rows]`
    pub scales: &'a mut [RowScale],
}

/// Rows one part has at least: fewer are not worth the hand-over.
const MIN_ROWS: usize = 2;
/// Up to as many rows, a thread's share of their columns stays in the cache nearest to it.
pub(crate) const FEW_ROWS: usize = 64;
/// Parts a thread gets of more rows, to even out threads that are not equally fast. Of few
/// rows it gets one: each part costs a hand-over.
const PARTS: usize = 4;

/// Parts of a stage over so many rows, for `threads` threads.
pub(crate) fn parts_of(threads: usize, rows: usize) -> usize {
    match threads {
        1 => 1,
        _ if rows <= FEW_ROWS => threads,
        _ => most_parts(threads),
    }
}

/// The most that [`parts_of`] says.
pub(crate) fn most_parts(threads: usize) -> usize {
    PARTS * threads
}

impl Team<'_> {
    /// Shares out `count` rows: `work` gets the place of its rows and the rows themselves.
    ///
    /// # Panics
    ///
    /// If a buffer's length is no multiple of `count`, or `work` panics.
    pub fn rows(
        &mut self,
        count: usize,
        rows: RowsMut<'_>,
        work: impl Fn(Range<usize>, RowsMut<'_>) + Copy + Sync,
    ) {
        let parts = parts_of(self.size(), count);
        self.rows_in_parts(parts.min(count.div_ceil(MIN_ROWS)), count, rows, work);
    }

    /// [`Team::rows`] in so many parts.
    ///
    /// # Panics
    ///
    /// As [`Team::rows`]; or if there are rows and no parts.
    pub fn rows_in_parts(
        &mut self,
        parts: usize,
        count: usize,
        rows: RowsMut<'_>,
        work: impl Fn(Range<usize>, RowsMut<'_>) + Copy + Sync,
    ) {
        if count == 0 {
            return;
        }
        assert!(parts > 0, "no parts for {count} rows");
        let [reals, codes, scales] =
            [rows.reals.len(), rows.codes.len(), rows.scales.len()].map(|len| {
                assert!(len.is_multiple_of(count), "{len} elements in {count} rows");
                len / count
            });
        let shared =
            (SharedMut::new(rows.reals), SharedMut::new(rows.codes), SharedMut::new(rows.scales));
        self.run(parts, move |_, part| {
            let range = share(count, parts, part);
            let of = |width| range.start * width..range.end * width;
            // SAFETY: shares of different parts do not overlap, and each part runs once.
            let rows = unsafe {
                RowsMut {
                    reals: shared.0.part(of(reals)),
                    codes: shared.1.part(of(codes)),
                    scales: shared.2.part(of(scales)),
                }
            };
            work(range, rows);
        });
    }
}

/// Part `part` of `count` things shared out evenly among `parts`.
pub(crate) fn share(count: usize, parts: usize, part: usize) -> Range<usize> {
    count * part / parts..count * (part + 1) / parts
}

/// A mutable slice whose parts go to different threads.
pub(crate) struct SharedMut<'a, T> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: it hands out parts under `part`'s contract, by which they do not overlap: that is
// what `&mut [T]`s are sent for.
unsafe impl<T: Send> Sync for SharedMut<'_, T> {}

impl<'a, T> SharedMut<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), slice: PhantomData }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// # Safety
    ///
    /// What is taken by this and reached by [`SharedMut::from`] does not overlap while it is used.
    ///
    /// # Panics
    ///
    /// If the range reaches beyond the slice.
    #[expect(clippy::mut_from_ref, reason = "that is the point; the contract forbids overlap")]
    pub(crate) unsafe fn part(&self, range: Range<usize>) -> &mut [T] {
        assert!(range.start <= range.end && range.end <= self.len, "{range:?} of {}", self.len);
        // SAFETY: inside the slice, and exclusive by the contract.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }

    /// The address of an element. Writing through it falls under the contract of
    /// [`SharedMut::part`].
    ///
    /// # Panics
    ///
    /// If there is no such element.
    pub(crate) fn from(&self, index: usize) -> *mut T {
        assert!(index < self.len, "{index} of {}", self.len);
        // SAFETY: inside the slice.
        unsafe { self.start.add(index) }
    }
}
