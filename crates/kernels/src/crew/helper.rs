//! A helper's life: spin for a while, then sleep.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::stage::Stage;

/// How long a helper spins for the next stage. Stages of one pass follow each other within
/// microseconds; waking up takes 25-60 us.
const SPIN: Duration = Duration::from_micros(100);
/// Spins between two looks at the clock.
const SPINS: usize = 64;

/// What leader and helpers share.
pub(super) struct Shared {
    pub(super) stage: Stage,
    asleep: Vec<AtomicBool>,
    stop: AtomicBool,
}

impl Shared {
    fn help(&self, index: usize) {
        // The leader is thread 0.
        let thread = index + 1;
        while !self.stop.load(Ordering::Relaxed) {
            if !self.stage.help(thread) && !self.spin(thread) {
                self.sleep(index, thread);
            }
        }
    }

    /// Whether a stage was opened before this helper got tired.
    fn spin(&self, thread: usize) -> bool {
        let started = Instant::now();
        while started.elapsed() < SPIN {
            for _ in 0..SPINS {
                if self.stage.is_open(thread) {
                    return true;
                }
                std::hint::spin_loop();
            }
        }
        false
    }

    fn sleep(&self, index: usize, thread: usize) {
        let asleep = &self.asleep[index];
        asleep.store(true, Ordering::Relaxed);
        // A stage opened just before that store found nobody to wake: look once more.
        fence(Ordering::SeqCst);
        while asleep.load(Ordering::Relaxed)
            && !self.stage.is_open(thread)
            && !self.stop.load(Ordering::SeqCst)
        {
            thread::park();
        }
        asleep.store(false, Ordering::Relaxed);
    }
}

/// The threads, and how to wake them.
pub(super) struct Helpers {
    pub(super) shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Helpers {
    pub(super) fn start(count: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            stage: Stage::new(1 + count),
            asleep: (0..count).map(|_| AtomicBool::new(false)).collect(),
            stop: AtomicBool::new(false),
        });
        let mut helpers = Self { shared, threads: Vec::with_capacity(count) };
        for index in 0..count {
            let shared = Arc::clone(&helpers.shared);
            let name = format!("encode-helper-{index}");
            let thread = thread::Builder::new().name(name).spawn(move || shared.help(index))?;
            helpers.threads.push(thread);
        }
        Ok(helpers)
    }

    pub(super) fn count(&self) -> usize {
        self.threads.len()
    }

    /// Wakes those that sleep; the others need no word. Call it after [`Stage::open`].
    pub(super) fn wake(&self) {
        for (asleep, thread) in self.shared.asleep.iter().zip(&self.threads) {
            if asleep.load(Ordering::Relaxed) && asleep.swap(false, Ordering::Relaxed) {
                thread.thread().unpark();
            }
        }
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            // A helper catches the panics of what it runs.
            let _ended = thread.join();
        }
    }
}
