//! Memory in large pages, for what is streamed from end to end.
//!
//! 21 MB of weights are 5,000 pages of 4 KB, more than the address cache of any core holds:
//! each page then costs a walk through the page tables, and the hardware's prefetcher stops at
//! its end. In pages of 2 MB there are eleven.

use std::alloc::{self, Layout};
use std::fmt;
use std::ops::{Deref, Range};
use std::ptr::NonNull;

/// Bytes of a large page on x86-64, and of the most common one on aarch64.
const LARGE_PAGE: usize = 2 << 20;

/// Bytes put one after the other, in large pages where the system has them to give.
pub struct LargePages {
    start: NonNull<u8>,
    layout: Layout,
    len: usize,
}

// SAFETY: the memory is owned by the value, and written only through `&mut`.
unsafe impl Send for LargePages {}
// SAFETY: as above.
unsafe impl Sync for LargePages {}

impl LargePages {
    /// Room for `capacity` bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let size = capacity.max(1).next_multiple_of(LARGE_PAGE);
        let layout = Layout::from_size_align(size, LARGE_PAGE).expect("an allocation of this size");
        // SAFETY: `size` is not 0.
        let start = unsafe { alloc::alloc(layout) };
        let Some(start) = NonNull::new(start) else { alloc::handle_alloc_error(layout) };
        prefer_large_pages(start, size);
        Self { start, layout, len: 0 }
    }

    /// Copies bytes to the end; says where they lie.
    ///
    /// # Panics
    ///
    /// If there is no room for them.
    pub fn push(&mut self, bytes: &[i8]) -> Range<usize> {
        let first = self.len;
        assert!(bytes.len() <= self.layout.size() - first, "no room for {}", bytes.len());
        // SAFETY: the allocation has that much room, and nobody else writes to it.
        unsafe {
            self.start
                .add(first)
                .copy_from_nonoverlapping(NonNull::from_ref(bytes).cast(), bytes.len());
        }
        self.len += bytes.len();
        first..self.len
    }
}

/// Tells the system that large pages are worth having here, before the first touch. Where it
/// has none, small ones do.
fn prefer_large_pages(start: NonNull<u8>, size: usize) {
    #[cfg(target_os = "linux")]
    {
        use std::ffi::{c_int, c_void};
        const MADV_HUGEPAGE: c_int = 14;
        // SAFETY: the C library's own declaration.
        unsafe extern "C" {
            fn madvise(address: *mut c_void, length: usize, advice: c_int) -> c_int;
        }
        // SAFETY: the range is one allocation of ours, on page boundaries; this advice changes
        // no content.
        let _small_pages_do = unsafe { madvise(start.as_ptr().cast(), size, MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, size);
}

impl Deref for LargePages {
    type Target = [i8];

    fn deref(&self) -> &[i8] {
        // SAFETY: `push` initialised `len` bytes from `start` on.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.len) }
    }
}

impl Drop for LargePages {
    fn drop(&mut self) {
        // SAFETY: allocated with this very layout.
        unsafe { alloc::dealloc(self.start.as_ptr(), self.layout) }
    }
}

impl fmt::Debug for LargePages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LargePages").field("len", &self.len).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::LargePages;

    #[test]
    fn bytes_follow_each_other() {
        let mut bytes = LargePages::with_capacity(3);
        assert!(bytes.is_empty());
        assert_eq!([bytes.push(&[1, 2]), bytes.push(&[]), bytes.push(&[-3])], [0..2, 2..2, 2..3]);
        assert_eq!(*bytes, [1, 2, -3]);
    }

    #[test]
    #[should_panic(expected = "no room")]
    fn there_is_no_more_room_than_was_asked_for() {
        LargePages::with_capacity(0).push(&[0; (2 << 20) + 1]);
    }
}
