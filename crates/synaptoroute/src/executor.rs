//! Where independent parts of a work are computed: on many threads, or on one behind the others.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use synaptoroute_router::Executor;

/// Runs parts on threads that end with the last of them.
#[derive(Clone, Copy, Debug)]
pub struct Threads(NonZero<usize>);

impl Threads {
    /// So many threads, the caller's included.
    #[must_use]
    pub const fn new(count: NonZero<usize>) -> Self {
        Self(count)
    }

    /// As many as there are cores.
    #[must_use]
    pub fn all() -> Self {
        Self(thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN))
    }

    /// How many there are.
    #[must_use]
    pub const fn count(self) -> usize {
        self.0.get()
    }
}

impl Executor for Threads {
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= tasks {
                    return;
                }
                task(number);
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.0.get().min(tasks) {
                // Without another thread the work is done all the same.
                let spawned =
                    thread::Builder::new().name("fit".to_owned()).spawn_scoped(scope, work);
                if spawned.is_err() {
                    break;
                }
            }
            work();
        });
    }
}

/// Runs one part after the other on the caller's thread, and gives up once the router is closed.
pub(crate) struct UntilClosed<'a>(pub(crate) &'a AtomicBool);

impl Executor for UntilClosed<'_> {
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..tasks).for_each(task);
    }

    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
