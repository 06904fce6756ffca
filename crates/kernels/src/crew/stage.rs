//! One stage of work, cut into parts that any thread takes.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What a part is: called with the thread's number and the part's.
pub(super) type Work<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Most parts of a stage.
pub(super) const MAX_PARTS: usize = (1 << PART_BITS) - 1;
const PART_BITS: u32 = 12;

/// A stage's number, its parts, and the next part nobody has taken, in one word: taking a part
/// proves that the stage is still the one that was looked at. (Stages are counted in 40 bits:
/// a thread would have to be kept from running for days, to the very stage, to be mistaken.)
#[derive(Clone, Copy)]
struct Ticket(u64);

impl Ticket {
    fn new(stage: u64, parts: usize) -> Self {
        debug_assert!(parts <= MAX_PARTS);
        Self(stage << (2 * PART_BITS) | (parts as u64) << PART_BITS)
    }

    fn parts(self) -> usize {
        (self.0 >> PART_BITS) as usize & MAX_PARTS
    }

    fn next(self) -> usize {
        self.0 as usize & MAX_PARTS
    }

    fn is_open(self) -> bool {
        self.next() < self.parts()
    }
}

/// On cache lines of its own (two, since they are fetched in pairs): what one thread writes
/// does not slow down who reads its neighbours.
#[repr(align(128))]
struct Alone<T>(T);

/// The place where a leader lays out work and helpers find it.
pub(super) struct Stage {
    ticket: Alone<AtomicU64>,
    /// Parts not yet done.
    unfinished: Alone<AtomicUsize>,
    /// Written by the leader alone, while `unfinished` is 0.
    work: UnsafeCell<Option<&'static Work<'static>>>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `work` is the one field that is not `Sync` by itself. It is written while no part is
// unfinished, before the ticket that opens the stage is stored (with release); it is read only
// by who has taken a part of that stage (with acquire), and the next write waits until that
// part is done.
unsafe impl Sync for Stage {}
// SAFETY: a shared closure may be dropped or called anywhere: it is `Sync`.
unsafe impl Send for Stage {}

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            ticket: Alone(AtomicU64::new(0)),
            unfinished: Alone(AtomicUsize::new(0)),
            work: UnsafeCell::new(None),
            panic: Mutex::new(None),
        }
    }

    /// Opens stage `number` of `parts` parts; close it with [`Stage::finish`].
    ///
    /// # Safety
    ///
    /// One thread opens stages, each with a number of its own; the last one is finished; and
    /// `work` stays alive until this one is.
    pub(super) unsafe fn open(&self, number: u64, parts: usize, work: &Work<'_>) {
        // SAFETY: only the lifetime changes, and the caller keeps `work` alive for as long as
        // anyone may call it.
        let work = unsafe { std::mem::transmute::<&Work<'_>, &'static Work<'static>>(work) };
        // SAFETY: no part is unfinished, so nobody reads the cell until the store below.
        unsafe { *self.work.get() = Some(work) };
        self.unfinished.0.store(parts, Ordering::Relaxed);
        // Sequentially consistent, because the leader looks next whether a helper sleeps, and
        // a helper that goes to sleep looks for a stage last.
        self.ticket.0.store(Ticket::new(number, parts).0, Ordering::SeqCst);
    }

    /// Whether there is a part to take.
    pub(super) fn is_open(&self) -> bool {
        Ticket(self.ticket.0.load(Ordering::SeqCst)).is_open()
    }

    /// Takes parts and does them until none is left; says whether there was one.
    pub(super) fn help(&self, thread: usize) -> bool {
        let mut done = 0;
        let mut ticket = Ticket(self.ticket.0.load(Ordering::Acquire));
        while ticket.is_open() {
            let taken = self.ticket.0.compare_exchange_weak(
                ticket.0,
                ticket.0 + 1,
                Ordering::Acquire,
                Ordering::Acquire,
            );
            if let Err(now) = taken {
                ticket = Ticket(now);
                continue;
            }
            // SAFETY: a part of this stage is ours and not yet done: see `Sync` above.
            let work = unsafe { *self.work.get() };
            if let Some(work) = work {
                let part = || work(thread, ticket.next());
                if let Err(panic) = catch_unwind(AssertUnwindSafe(part)) {
                    *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
                }
            }
            done += 1;
            ticket = Ticket(ticket.0 + 1);
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
