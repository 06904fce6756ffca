//! Threads that share one forward pass, stage by stage.
//!
//! A stage of a short text takes a few microseconds, and waking a thread takes tens: so
//! helpers spin for the next stage, and sleep when none comes for a while. A stage is cut into
//! parts; who is done with its own takes others', which makes a helper a bonus and never a
//! duty: while it wakes up, or another process has its core, the caller goes on alone.

mod cpu;
mod helper;
mod patience;
mod rows;
mod stage;

use std::fmt;
use std::io;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use helper::Helpers;
use patience::Patience;
pub use rows::RowsMut;
pub(crate) use rows::{SharedMut, share};
use stage::{MAX_PARTS, Work};

/// A helper that keeps the caller waiting for this long, and for longer than the caller's own
/// parts took, is held up by something else.
const LATE: Duration = Duration::from_micros(200);
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
    patience: Patience,
    /// Whether a part of this pass was late.
    late: bool,
}

impl Crew {
    /// No helpers: every caller is alone.
    #[must_use]
    pub fn alone() -> Self {
        let lead = Lead { stage: 0, patience: Patience::new(), late: false };
        Self { helpers: None, callers: AtomicUsize::new(0), lead: Mutex::new(lead) }
    }

    /// Starts `helpers` threads.
    ///
    /// # Errors
    ///
    /// The system gives no more threads.
    pub fn new(helpers: usize) -> io::Result<Self> {
        let helpers = (helpers > 0).then(|| Helpers::start(helpers)).transpose()?;
        Ok(Self { helpers, ..Self::alone() })
    }

    /// Threads that may share a pass, the caller's included.
    #[must_use]
    pub fn size(&self) -> usize {
        1 + self.helpers.as_ref().map_or(0, Helpers::count)
    }

    /// Counts the caller in for one pass, and lends the helpers if nobody else is at work.
    #[must_use]
    pub fn join(&self) -> Team<'_> {
        let alone = self.callers.fetch_add(1, Ordering::Relaxed) == 0;
        let lent = self.helpers.as_ref().filter(|_| alone).and_then(|helpers| {
            let mut lead = match self.lead.try_lock() {
                Ok(lead) => lead,
                // A part panicked; the numbers inside are whole all the same.
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            lead.late = false;
            if helpers.follow() {
                lead.patience.late();
            }
            lead.patience.begin().then_some(Lent { helpers, lead })
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
    /// are done. While all threads keep up, thread `t` does the `t`th share of them. `thread` is less than [`Team::size`], and no two threads share it.
    ///
    /// # Panics
    ///
    /// If `work` does; or with more than 4,095 parts.
    pub fn run(&mut self, parts: usize, work: impl Fn(usize, usize) + Sync) {
        let crowded = self.crew.is_none_or(|crew| crew.callers.load(Ordering::Relaxed) > 1);
        match &mut self.lent {
            Some(lent) if parts > 1 && !crowded && !lent.helpers.are_in_the_way() => {
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
        assert!(parts <= MAX_PARTS, "{parts} parts");
        let stage = &self.helpers.shared.stage;
        self.lead.stage += 1;
        let opened = Instant::now();
        // SAFETY: the lock on `lead` makes this the one thread that opens stages, each with
        // the next number; and this function does not return, nor unwind, before all parts
        // are done: `help` catches their panics, and nothing else here panics.
        unsafe { stage.open(self.lead.stage, parts, work) };
        self.helpers.wake();
        stage.help(0);
        if !stage.is_done() {
            self.wait(opened);
        }
        if let Some(panic) = stage.take_panic() {
            resume_unwind(panic);
        }
    }

    /// Waits for parts that helpers have taken.
    fn wait(&mut self, opened: Instant) {
        let stage = &self.helpers.shared.stage;
        let waiting = Instant::now();
        let late = LATE.max(waiting - opened);
        let mut is_late = false;
        while !stage.is_done() {
            if is_late {
                // Perhaps it waits for this very core.
                std::thread::yield_now();
            } else {
                std::hint::spin_loop();
                is_late = waiting.elapsed() > late;
            }
        }
        if is_late && !self.lead.late {
            self.lead.late = true;
            self.lead.patience.late();
        }
    }
}

#[cfg(test)]
mod tests;
