//! A helper's life: spin for a while, then sleep.
//!
//! Where other processes keep all CPUs busy, the system may let a helper run on the very CPU
//! of its leader, in turns of milliseconds: spinning would then hold up who it waits for. So a
//! helper that finds itself there goes back to sleep, and leaves word.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::cpu;
use super::stage::Desk;

/// How long a helper spins for the next stage. Stages of one pass follow each other within
/// microseconds; waking up takes 25-60 us.
const SPIN: Duration = Duration::from_micros(100);
/// Spins between two looks at the clock.
const SPINS: usize = 64;

/// What leader and helpers share.
pub(super) struct Shared {
    /// One a helper.
    pub(super) desks: Vec<Desk>,
    asleep: Vec<AtomicBool>,
    stop: AtomicBool,
    /// The CPU on which the leader began its pass, or [`UNKNOWN`].
    leader: AtomicU32,
    /// A helper found itself on it.
    in_the_way: AtomicBool,
}

/// The number of no CPU.
const UNKNOWN: u32 = u32::MAX;

impl Shared {
    fn help(&self, index: usize) {
        // The leader is thread 0.
        let thread = index + 1;
        let desk = &self.desks[index];
        while !self.stop.load(Ordering::Relaxed) {
            if desk.help(thread) || self.spin(desk) {
                continue;
            }
            self.sleep(index);
            if self.is_in_the_way() {
                self.in_the_way.store(true, Ordering::Relaxed);
                // The leader goes first, and takes back what is meant for this helper.
                thread::yield_now();
            }
        }
    }

    /// As if one found itself on its leader's CPU.
    #[cfg(test)]
    pub(super) fn get_in_the_way(&self) {
        self.in_the_way.store(true, Ordering::Relaxed);
    }

    fn is_in_the_way(&self) -> bool {
        cpu::current().is_some_and(|cpu| cpu == self.leader.load(Ordering::Relaxed))
    }

    /// Whether a stage was opened before this helper got tired, or was moved.
    fn spin(&self, desk: &Desk) -> bool {
        let started = Instant::now();
        loop {
            for _ in 0..SPINS {
                if desk.is_open() {
                    return true;
                }
                std::hint::spin_loop();
            }
            if self.is_in_the_way() {
                self.in_the_way.store(true, Ordering::Relaxed);
                return false;
            }
            if started.elapsed() > SPIN {
                return false;
            }
        }
    }

    fn sleep(&self, index: usize) {
        let asleep = &self.asleep[index];
        asleep.store(true, Ordering::Relaxed);
        // A stage opened just before that store found nobody to wake: look once more.
        fence(Ordering::SeqCst);
        while asleep.load(Ordering::Relaxed)
            && !self.desks[index].is_open()
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
            desks: (0..count).map(|_| Desk::new()).collect(),
            asleep: (0..count).map(|_| AtomicBool::new(false)).collect(),
            stop: AtomicBool::new(false),
            leader: AtomicU32::new(UNKNOWN),
            in_the_way: AtomicBool::new(false),
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

    /// Says where the leader of the next stages runs; and whether a helper was in its way.
    pub(super) fn follow(&self) -> bool {
        self.shared.leader.store(cpu::current().unwrap_or(UNKNOWN), Ordering::Relaxed);
        self.shared.in_the_way.swap(false, Ordering::Relaxed)
    }

    /// Lets none of them be in a leader's way.
    pub(super) fn follow_nobody(&self) {
        self.shared.leader.store(UNKNOWN, Ordering::Relaxed);
        self.shared.in_the_way.store(false, Ordering::Relaxed);
    }

    /// Whether the leader has better not wake them until its next pass.
    pub(super) fn are_in_the_way(&self) -> bool {
        self.shared.in_the_way.load(Ordering::Relaxed)
    }

    /// Wakes those of the first `count` that sleep; the others need no word.
    pub(super) fn wake(&self, count: usize) {
        for (asleep, thread) in self.shared.asleep[..count].iter().zip(&self.threads) {
            if asleep.load(Ordering::Relaxed) && asleep.swap(false, Ordering::Relaxed) {
                thread.thread().unpark();
            }
        }
    }

    /// Wakes also those who lay down while a stage was opened, and saw nothing of it. Call it
    /// after the stage was opened.
    pub(super) fn wake_whoever_dozed_off(&self, count: usize) {
        // Pairs with the fence in `sleep`: of leader and helper, one sees the other.
        fence(Ordering::SeqCst);
        self.wake(count);
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
