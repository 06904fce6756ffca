//! The locks and the published pointer, as production has them or as a checker of thread
//! interleavings does: with the feature `shuttle`, `tests/interleavings` runs the very code
//! of commits, publishing and compaction in orders that a machine hardly ever takes.

#[cfg(feature = "shuttle")]
pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(feature = "shuttle"))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

use std::sync::{Arc, PoisonError};

/// What a mutex guards. One whose holder panicked guards it still: everything here is
/// published at the very end, so a panic leaves nothing half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The latest of something immutable: readers get it by one atomic read.
#[cfg(not(feature = "shuttle"))]
pub(crate) struct Published<T>(arc_swap::ArcSwap<T>);

#[cfg(not(feature = "shuttle"))]
impl<T> Published<T> {
    pub(crate) fn new(first: T) -> Self {
        Self(arc_swap::ArcSwap::from_pointee(first))
    }

    /// For a moment: cheaper than [`Self::get`], and to be dropped soon.
    pub(crate) fn peek(&self) -> arc_swap::Guard<Arc<T>> {
        self.0.load()
    }

    pub(crate) fn get(&self) -> Arc<T> {
        self.0.load_full()
    }

    pub(crate) fn publish(&self, next: Arc<T>) {
        self.0.store(next);
    }
}

/// The same, each access one step of the checker's.
#[cfg(feature = "shuttle")]
pub(crate) struct Published<T>(Mutex<Arc<T>>);

#[cfg(feature = "shuttle")]
impl<T> Published<T> {
    pub(crate) fn new(first: T) -> Self {
        Self(Mutex::new(Arc::new(first)))
    }

    pub(crate) fn peek(&self) -> Arc<T> {
        self.get()
    }

    pub(crate) fn get(&self) -> Arc<T> {
        Arc::clone(&lock(&self.0))
    }

    pub(crate) fn publish(&self, next: Arc<T>) {
        *lock(&self.0) = next;
    }
}
