//! Jobs that wait for a thread, in two lanes that share the threads fairly.
//!
//! Single queries have one lane; parts of batches and of changes have the other. While both
//! wait they take turns by what they cost: after a part of eight texts, eight queries. So a
//! batch of ten thousand does not starve a query, nor do queries without end starve a batch;
//! and a query that comes while only parts wait is the next. Within a lane it is first come,
//! first served, and since no batch has more parts here than there are threads, batches take
//! turns too.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Something to do, unless nobody waits for it any more.
pub(super) trait Job: Send {
    /// Whether somebody waits for it.
    fn is_wanted(&self) -> bool;
    /// Does it, and answers.
    fn run(self: Box<Self>);
}

/// What a job is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// It is all of a request.
    Query,
    /// One of the parts of a request, with this many texts.
    Part { texts: usize },
}

/// Unwanted jobs are looked for among all once they may be one in this many: so each costs no
/// more than a look at this many, however long the queue is.
const SWEEP: usize = 16;

pub(super) struct Queue {
    lanes: Mutex<Lanes>,
    filled: Condvar,
    /// Jobs that wait and that nobody waits for, or a few more.
    unwanted: AtomicUsize,
}

#[derive(Default)]
struct Lanes {
    queries: VecDeque<Box<dyn Job>>,
    parts: VecDeque<(usize, Box<dyn Job>)>,
    /// Queries that go before the next part.
    queries_first: usize,
    closed: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        let (lanes, filled) = (Mutex::default(), Condvar::new());
        Self { lanes, filled, unwanted: AtomicUsize::new(0) }
    }

    /// Queues a job; false once closed.
    pub(super) fn push(&self, lane: Lane, job: Box<dyn Job>) -> bool {
        let mut lanes = self.lanes();
        if lanes.closed {
            return false;
        }
        match lane {
            Lane::Query => lanes.queries.push_back(job),
            Lane::Part { texts } => lanes.parts.push_back((texts, job)),
        }
        drop(lanes);
        self.filled.notify_one();
        true
    }

    /// The next job, once there is one; none once closed.
    pub(super) fn pop(&self) -> Option<Box<dyn Job>> {
        let mut lanes = self.lanes();
        loop {
            if lanes.closed {
                return None;
            }
            match lanes.next() {
                Some(job) if job.is_wanted() => return Some(job),
                Some(_unwanted) => self.found(1),
                None => {
                    lanes = self.filled.wait(lanes).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        let lanes = self.lanes();
        lanes.queries.len() + lanes.parts.len()
    }

    /// Says that a job is not wanted any more, which may wait here still.
    pub(super) fn abandon(&self) {
        self.unwanted.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets go of jobs that nobody waits for, if there may be enough of them.
    pub(super) fn sweep(&self) {
        let mut lanes = self.lanes();
        let unwanted = self.unwanted.load(Ordering::Relaxed);
        let waiting = lanes.queries.len() + lanes.parts.len();
        if unwanted == 0 || unwanted.saturating_mul(SWEEP) < waiting {
            return;
        }
        lanes.queries.retain(|job| job.is_wanted());
        lanes.parts.retain(|(_, job)| job.is_wanted());
        self.found(unwanted);
    }

    /// Lets go of all jobs and takes no more; those who pop are told.
    pub(super) fn close(&self) {
        let mut lanes = self.lanes();
        let left = std::mem::replace(&mut *lanes, Lanes { closed: true, ..Lanes::default() });
        drop(lanes);
        self.filled.notify_all();
        // Outside of the lock: each answers its caller as it goes.
        drop(left);
    }

    fn found(&self, jobs: usize) {
        // A job whose caller left while it ran was counted and is not here: the count may be
        // too high, never below 0.
        let less = |unwanted: usize| Some(unwanted.saturating_sub(jobs));
        let _always = self.unwanted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lanes {
    fn next(&mut self) -> Option<Box<dyn Job>> {
        if (self.queries_first == 0 || self.queries.is_empty())
            && let Some((texts, part)) = self.parts.pop_front()
        {
            self.queries_first = texts;
            return Some(part);
        }
        self.queries_first = self.queries_first.saturating_sub(1);
        self.queries.pop_front()
    }
}

#[cfg(test)]
mod tests;
