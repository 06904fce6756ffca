//! One stage of work, cut into parts, a share of them for each thread.
//!
//! A thread takes the parts of its own share from the front, and what is then left of the
//! others' from the back. So a thread does the same parts of every stage while all keep up:
//! what one stage wrote is in the cache of the core that reads it in the next.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Mutex, PoisonError};

use super::rows::share;

/// What a part is: called with the thread's number and the part's.
pub(super) type Work<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Most parts of a stage.
pub(super) const MAX_PARTS: usize = (1 << PART_BITS) - 1;
const PART_BITS: u32 = 12;

/// A stage's number, and the parts of one thread's share that nobody has taken, in one word:
/// taking a part proves that the stage is still the one that was looked at. (Stages are
/// counted in 40 bits: a thread would have to be kept from running for days, to the very
/// stage, to be mistaken.)
#[derive(Clone, Copy)]
struct Ticket(u64);

impl Ticket {
    fn new(stage: u64, first: usize, end: usize) -> Self {
        debug_assert!(first <= end && end <= MAX_PARTS);
        Self(stage << (2 * PART_BITS) | (end as u64) << PART_BITS | first as u64)
    }

    fn first(self) -> usize {
        self.0 as usize & MAX_PARTS
    }

    fn end(self) -> usize {
        (self.0 >> PART_BITS) as usize & MAX_PARTS
    }

    fn is_open(self) -> bool {
        self.first() < self.end()
    }

    /// Of an open ticket: its first part, and what is left.
    fn take_first(self) -> (usize, Self) {
        (self.first(), Self(self.0 + 1))
    }

    /// Of an open ticket: its last part, and what is left.
    fn take_last(self) -> (usize, Self) {
        (self.end() - 1, Self(self.0 - (1 << PART_BITS)))
    }
}

/// On cache lines of its own (two, since they are fetched in pairs): what one thread writes
/// does not slow down who reads its neighbours.
#[repr(align(128))]
struct Alone<T>(T);

/// The place where a leader lays out work and helpers find it.
pub(super) struct Stage {
    /// One a thread.
    shares: Vec<Alone<AtomicU64>>,
    /// Parts not yet done.
    unfinished: Alone<AtomicUsize>,
    /// Written by the leader alone, while `unfinished` is 0.
    work: UnsafeCell<Option<&'static Work<'static>>>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `work` is the one field that is not `Sync` by itself. It is written while no part is
// unfinished, before the tickets that open the stage are stored (with release); it is read only
// by who has taken a part of that stage (with acquire), and the next write waits until that
// part is done.
unsafe impl Sync for Stage {}
// SAFETY: a shared closure may be dropped or called anywhere: it is `Sync`.
unsafe impl Send for Stage {}

impl Stage {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            shares: (0..threads).map(|_| Alone(AtomicU64::new(0))).collect(),
            unfinished: Alone(AtomicUsize::new(0)),
            work: UnsafeCell::new(None),
            panic: Mutex::new(None),
        }
    }

    /// Opens stage `number` of `parts` parts.
    ///
    /// # Safety
    ///
    /// One thread opens stages, each with a number of its own; the last one is done (see
    /// [`Stage::is_done`]); and `work` stays alive until this one is.
    pub(super) unsafe fn open(&self, number: u64, parts: usize, work: &Work<'_>) {
        // SAFETY: only the lifetime changes, and the caller keeps `work` alive for as long as
        // anyone may call it.
        let work = unsafe { std::mem::transmute::<&Work<'_>, &'static Work<'static>>(work) };
        // SAFETY: no part is unfinished, so nobody reads the cell until the stores below.
        unsafe { *self.work.get() = Some(work) };
        self.unfinished.0.store(parts, Ordering::Relaxed);
        for (thread, ticket) in self.shares.iter().enumerate() {
            let share = share(parts, self.shares.len(), thread);
            ticket.0.store(Ticket::new(number, share.start, share.end).0, Ordering::Release);
        }
        // The leader looks next whether a helper sleeps, and a helper that goes to sleep looks
        // last for a part: between the two, one of them sees the other.
        fence(Ordering::SeqCst);
    }

    /// Whether a part of the thread's own share is there to take.
    pub(super) fn is_open(&self, thread: usize) -> bool {
        Ticket(self.shares[thread].0.load(Ordering::Relaxed)).is_open()
    }

    /// Takes parts and does them until none is left; says whether there was one.
    pub(super) fn help(&self, thread: usize) -> bool {
        let threads = self.shares.len();
        let mut done = 0;
        for other in 0..threads {
            let ticket = &self.shares[(thread + other) % threads].0;
            let next = if other == 0 { Ticket::take_first } else { Ticket::take_last };
            while let Some(part) = take(ticket, next) {
                // SAFETY: a part of this stage is ours and not yet done: see `Sync` above.
                if let Some(work) = unsafe { *self.work.get() }
                    && let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(thread, part)))
                {
                    *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
                }
                done += 1;
            }
        }
        if done > 0 {
            // Releases what was written to the leader.
            self.unfinished.0.fetch_sub(done, Ordering::Release);
        }
        done > 0
    }

    /// Whether every part is done; then all they wrote is visible here.
    pub(super) fn is_done(&self) -> bool {
        self.unfinished.0.load(Ordering::Acquire) == 0
    }

    /// The panic of a part of the last stage, if one panicked.
    pub(super) fn take_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A part of a share, unless all are taken.
fn take(share: &AtomicU64, next: fn(Ticket) -> (usize, Ticket)) -> Option<usize> {
    let mut ticket = Ticket(share.load(Ordering::Acquire));
    while ticket.is_open() {
        let (part, left) = next(ticket);
        match share.compare_exchange_weak(ticket.0, left.0, Ordering::Acquire, Ordering::Acquire) {
            Ok(_) => return Some(part),
            Err(now) => ticket = Ticket(now),
        }
    }
    None
}
