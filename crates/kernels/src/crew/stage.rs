//! One stage of work, cut into parts, a share of them for each thread.
//!
//! A thread does the parts of its own share, the same columns or rows in every stage: what one
//! stage wrote is in the cache of the core that reads it in the next. Only the leader takes
//! parts of others, where a helper has not come. The two tell each other as little as they
//! can, since each word takes a tenth of a microsecond to get across: the leader writes to a
//! helper's desk what there is to do, and the helper how much is done.

use std::cell::UnsafeCell;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::panics::Panics;
use super::rows::share;

/// What a part is: called with the thread's number and the part's.
pub(super) type Work<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Most parts of a stage.
pub(super) const MAX_PARTS: usize = (1 << PART_BITS) - 1;
const PART_BITS: u32 = 12;

/// A stage's number, and the parts of a helper's share that nobody has taken, in one word:
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

/// Where a leader lays out work for one helper.
pub(super) struct Desk {
    order: Alone<Order>,
    /// Parts this helper has done, in all stages; it alone writes it.
    done: Alone<AtomicU64>,
    panics: Mutex<Panics>,
}

/// What the leader writes, on one cache line.
struct Order {
    ticket: AtomicU64,
    work: UnsafeCell<Option<&'static Work<'static>>>,
}

// SAFETY: `work` is the one field that is not `Sync` by itself. The leader writes it before it
// stores the ticket that opens the stage (with release), and while no part of an earlier one
// is undone; it is read only by who has taken a part of that stage (with acquire).
unsafe impl Sync for Desk {}
// SAFETY: a shared closure may be dropped or called anywhere: it is `Sync`.
unsafe impl Send for Desk {}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            order: Alone(Order { ticket: AtomicU64::new(0), work: UnsafeCell::new(None) }),
            done: Alone(AtomicU64::new(0)),
            panics: Mutex::default(),
        }
    }

    /// Whether there is a part to take.
    pub(super) fn is_open(&self) -> bool {
        Ticket(self.order.0.ticket.load(Ordering::Relaxed)).is_open()
    }

    /// Takes parts and does them until none is left; says whether there was one. The helper
    /// that owns the desk calls this, nobody else.
    pub(super) fn help(&self, thread: usize) -> bool {
        let mut done = 0;
        let mut panics = Panics::default();
        while let Some(part) = self.take(Ticket::take_first) {
            // SAFETY: a part of this stage is ours and not yet done: see `Sync` above.
            if let Some(work) = unsafe { *self.order.0.work.get() } {
                panics.catch(|| work(thread, part));
            }
            done += 1;
        }
        if done > 0 {
            self.lock_panics().add(panics);
            let before = self.done.0.load(Ordering::Relaxed);
            // Releases what was written to the leader.
            self.done.0.store(before + done, Ordering::Release);
        }
        done > 0
    }

    fn lock_panics(&self) -> MutexGuard<'_, Panics> {
        self.panics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A part of the share, unless all are taken.
    fn take(&self, next: fn(Ticket) -> (usize, Ticket)) -> Option<usize> {
        let word = &self.order.0.ticket;
        let mut ticket = Ticket(word.load(Ordering::Acquire));
        while ticket.is_open() {
            let (part, left) = next(ticket);
            match word.compare_exchange_weak(ticket.0, left.0, Ordering::Acquire, Ordering::Acquire)
            {
                Ok(_) => return Some(part),
                Err(now) => ticket = Ticket(now),
            }
        }
        None
    }
}

/// The leader's side of a desk.
#[derive(Default)]
pub(super) struct Share {
    /// Parts the helper has been left to do, in all stages.
    left: u64,
    /// First part of this stage's share.
    first: usize,
}

impl Share {
    /// Opens stage `number` of `parts` parts for helper `thread` of `threads` threads.
    ///
    /// # Safety
    ///
    /// This is the one `Share` of the desk; its last stage is done (see [`Share::is_done`]);
    /// each stage has a number of its own; and `work` stays alive until this one is done.
    pub(super) unsafe fn open(
        &mut self,
        desk: &Desk,
        number: u64,
        (parts, threads, thread): (usize, usize, usize),
        work: &Work<'_>,
    ) {
        let share = share(parts, threads, thread);
        self.first = share.start;
        self.left += share.len() as u64;
        // SAFETY: only the lifetime changes, and the caller keeps `work` alive for as long as
        // anyone may call it.
        let work = unsafe { std::mem::transmute::<&Work<'_>, &'static Work<'static>>(work) };
        // SAFETY: no part is undone, so nobody reads the cell until the store below.
        unsafe { *desk.order.0.work.get() = Some(work) };
        let ticket = Ticket::new(number, share.start, share.end);
        desk.order.0.ticket.store(ticket.0, Ordering::Release);
    }

    /// Takes the share's last part for the leader to do.
    pub(super) fn take_back(&mut self, desk: &Desk) -> Option<usize> {
        let part = desk.take(Ticket::take_last)?;
        self.left -= 1;
        Some(part)
    }

    /// Whether the helper has begun with this stage.
    pub(super) fn is_begun(&self, desk: &Desk) -> bool {
        Ticket(desk.order.0.ticket.load(Ordering::Relaxed)).first() > self.first
    }

    /// Whether every part is done; then all they wrote is visible here.
    pub(super) fn is_done(&self, desk: &Desk) -> bool {
        desk.done.0.load(Ordering::Acquire) == self.left
    }

    /// The panics of the last stage, which is done.
    pub(super) fn take_panics(&self, desk: &Desk) -> Panics {
        mem::take(&mut *desk.lock_panics())
    }
}
