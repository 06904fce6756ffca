//! Where a fit's independent parts are computed.

use std::sync::{Mutex, PoisonError};

/// Runs the parts of a fit; whoever owns threads gives one that uses them.
///
/// Each part is computed by one thread from start to end, so the result has the same bits
/// however many threads there are.
pub trait Executor: Sync {
    /// Calls `task` once with each number below `tasks`, in any order and on any threads, and
    /// returns when all calls have.
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync));

    /// Whether the result is no longer wanted; asked often, so that a fit ends soon after.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Runs one part after the other on the caller's thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Executor for Serial {
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..tasks).for_each(task);
    }
}

/// What `part` makes of each number below `count`, in their order.
pub(super) fn map<T: Send>(
    executor: &dyn Executor,
    count: usize,
    part: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let slots: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    executor.run(count, &|number| {
        let made = part(number);
        *slots[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
    });
    let made =
        slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
    made.map(|made| made.expect("an executor runs every part")).collect()
}
