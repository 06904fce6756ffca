//! Threads that share one forward pass, stage by stage.
//!
//! A stage of a short text takes a few microseconds, and waking a thread takes tens: so
//! helpers spin for the next stage, and sleep when none comes for a while. A stage is cut into
//! parts; the caller does its own and then those that no helper has begun, which makes a helper
//! a bonus and never a duty: while it wakes up, or another process has its core, the caller
//! goes on alone.

mod cpu;
mod helper;
mod panics;
mod patience;
mod rows;
mod stage;

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use helper::Helpers;
use panics::Panics;
use patience::Patience;
pub use rows::RowsMut;
pub(crate) use rows::{FEW_ROWS, SharedMut, most_parts, parts_of, share};
use stage::{Desk, MAX_PARTS, Share, Work};

/// A helper that keeps the caller waiting for this long, and for longer than the caller's own
/// parts took, is held up by something else.
const LATE: Duration = Duration::from_micros(200);
/// Spins for a helper that has begun, before what is left of its share is taken back: about
/// two microseconds, the length of a short stage.
const PATIENT_SPINS: usize = 64;

/// Helper threads, lent to one caller at a time.
///
/// Who comes second runs alone; and so does, from then on, who came first: with more than one
/// pass under way, each is best off with a core of its own.
pub struct Crew {
    helpers: Option<Helpers>,
    /// Passes under way.
    callers: AtomicUsize,
    lead: Mutex<Lead>,
}

/// What the caller who has the helpers keeps.
struct Lead {
    /// Number of the last stage.
    stage: u64,
    /// One a helper.
    shares: Vec<Share>,
    patience: Patience,
    /// Whether a part of this pass was late.
    late: bool,
}

impl Crew {
    /// No helpers: every caller is alone.
    #[must_use]
    pub fn alone() -> Self {
        Self::of(None)
    }

    /// Starts `helpers` threads.
    ///
    /// # Errors
    ///
    /// The system gives no more threads.
    pub fn new(helpers: usize) -> io::Result<Self> {
        Ok(Self::of((helpers > 0).then(|| Helpers::start(helpers)).transpose()?))
    }

    fn of(helpers: Option<Helpers>) -> Self {
        let count = helpers.as_ref().map_or(0, Helpers::count);
        let shares = (0..count).map(|_| Share::default()).collect();
        let lead = Lead { stage: 0, shares, patience: Patience::new(), late: false };
        Self { helpers, callers: AtomicUsize::new(0), lead: Mutex::new(lead) }
    }

    /// Threads that may share a pass, the caller's included.
    #[must_use]
    pub fn size(&self) -> usize {
        1 + self.helpers.as_ref().map_or(0, Helpers::count)
    }

    /// Counts the caller in for one pass, and lends the helpers if nobody else is at work.
    #[must_use]
    pub fn join(&self) -> Team<'_> {
        self.lend(|helpers, lead| {
            lead.late = false;
            if helpers.follow() {
                lead.patience.in_the_way();
            }
            lead.patience.begin()
        })
    }

    /// As [`Crew::join`], for work of seconds or hours: helpers stay, however often others take their
    /// core from them. Over so long a time their leader comes to run anywhere, and nobody waits for
    /// the slowest percent of stages.
    #[must_use]
    pub fn keep(&self) -> Team<'_> {
        self.lend(|helpers, lead| {
            helpers.follow_nobody();
            // As if it were counted already.
            lead.late = true;
            true
        })
    }

    fn lend(&self, begin: impl FnOnce(&Helpers, &mut Lead) -> bool) -> Team<'_> {
        let alone = self.callers.fetch_add(1, Ordering::Relaxed) == 0;
        let lent = self.helpers.as_ref().filter(|_| alone).and_then(|helpers| {
            let mut lead = match self.lead.try_lock() {
                Ok(lead) => lead,
                // A part panicked; the numbers inside are whole all the same.
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            begin(helpers, &mut lead).then_some(Lent { helpers, lead })
        });
        Team { crew: Some(self), lent }
    }
}

impl fmt::Debug for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").field("size", &self.size()).finish_non_exhaustive()
    }
}

/// Who does one pass: the caller, and perhaps helpers.
pub struct Team<'a> {
    crew: Option<&'a Crew>,
    lent: Option<Lent<'a>>,
}

struct Lent<'a> {
    helpers: &'a Helpers,
    lead: MutexGuard<'a, Lead>,
}

impl Team<'_> {
    /// The caller alone, counted nowhere.
    #[must_use]
    pub fn alone() -> Self {
        Self { crew: None, lent: None }
    }

    /// Threads that may take parts.
    #[must_use]
    pub fn size(&self) -> usize {
        1 + self.lent.as_ref().map_or(0, |lent| lent.helpers.count())
    }

    /// Calls `work(thread, part)` once for each of `parts`, in any order, and returns when all
    /// are done. While all threads keep up, thread `t` does the `t`th share of them. `thread` is
    /// less than [`Team::size`], and no two threads share it.
    ///
    /// # Panics
    ///
    /// If `work` does, after all parts are done.
    pub fn run(&mut self, parts: usize, work: impl Fn(usize, usize) + Sync) {
        let crowded = self.crew.is_none_or(|crew| crew.callers.load(Ordering::Relaxed) > 1);
        match &mut self.lent {
            Some(lent)
                if (2..=MAX_PARTS).contains(&parts)
                    && !crowded
                    && !lent.helpers.are_in_the_way() =>
            {
                lent.run(parts, &work);
            }
            _ => (0..parts).for_each(|part| work(0, part)),
        }
    }
}

impl Drop for Team<'_> {
    fn drop(&mut self) {
        if let Some(crew) = self.crew {
            crew.callers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Team<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Team").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl Lent<'_> {
    fn run(&mut self, parts: usize, work: &Work<'_>) {
        let desks = &self.helpers.shared.desks;
        // With fewer parts than threads, the last helpers are left alone.
        let threads = (1 + desks.len()).min(parts);
        let desks = &desks[..threads - 1];
        let Lead { stage, shares, .. } = &mut *self.lead;
        *stage += 1;
        let opened = Instant::now();
        for (index, (share, desk)) in shares.iter_mut().zip(desks).enumerate() {
            // SAFETY: the lock on `lead` makes these the one set of shares, and gives each
            // stage the next number; and this function does not return, nor unwind, before
            // all parts are done: it catches the panics of its own parts as `Desk::help` does
            // of others, and nothing else here panics.
            unsafe { share.open(desk, *stage, (parts, threads, index + 1), work) };
        }
        let mut panics = Panics::default();
        let mut own = |part: usize| panics.catch(|| work(0, part));
        self.helpers.wake(threads - 1);
        let mut own_parts = share(parts, threads, 0);
        if let Some(part) = own_parts.next() {
            own(part);
        }
        // Not before: what was written for helpers that spin is on its way by now, and need
        // not be waited for.
        self.helpers.wake_whoever_dozed_off(threads - 1);
        own_parts.for_each(&mut own);
        self.wait(desks, opened, &mut own);
        for (share, desk) in self.lead.shares.iter().zip(desks) {
            panics.add(share.take_panics(desk));
        }
        panics.resume();
    }

    /// Waits for the helpers, and does what they have not begun.
    fn wait(&mut self, desks: &[Desk], opened: Instant, own: &mut impl FnMut(usize)) {
        let Lead { shares, late, patience, .. } = &mut *self.lead;
        let too_long = LATE.max(opened.elapsed());
        let mut waiting = Instant::now();
        let mut spins = 0;
        loop {
            // What a helper has begun it soon ends; what it has not is done here, whichever
            // helper it is of.
            let (mut is_done, mut taken) = (true, None);
            for (share, desk) in shares.iter_mut().zip(desks) {
                if !share.is_done(desk) {
                    is_done = false;
                    if spins >= PATIENT_SPINS || !share.is_begun(desk) {
                        taken = taken.or_else(|| share.take_back(desk));
                    }
                }
            }
            if let Some(part) = taken {
                own(part);
                waiting = Instant::now();
            } else if is_done {
                return;
            } else if spins < PATIENT_SPINS || waiting.elapsed() < too_long {
                spins += 1;
                std::hint::spin_loop();
            } else {
                if !*late {
                    *late = true;
                    patience.late();
                }
                // Perhaps it waits for this very core.
                std::thread::yield_now();
            }
        }
    }
}

#[cfg(test)]
mod tests;
