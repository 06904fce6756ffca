//! Jobs that wait for a thread, in two lanes that share the threads fairly.
//!
//! Single queries have one lane; parts of batches and of changes have the other. While both
//! wait they take turns by what they cost: after a part of eight texts, eight queries. So a
//! batch of ten thousand does not starve a query, nor do queries without end starve a batch;
//! and a query that comes while only parts wait is the next. Within a lane it is first come,
//! first served, and since no batch has more parts here than there are threads, batches take
//! turns too.
//!
//! As many run at a time as there are threads. A query can have a thread's turn on the thread
//! that brought it, see [`Queue::at_once`].

use std::collections::VecDeque;
use std::mem;
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

/// The right to run a job; whoever drops it lets the next one run.
pub(super) struct Turn<'a> {
    queue: &'a Queue,
    is_at_once: bool,
}

#[derive(Default)]
struct Lanes {
    queries: VecDeque<Box<dyn Job>>,
    parts: VecDeque<(usize, Box<dyn Job>)>,
    /// Queries that go before the next part.
    queries_first: usize,
    /// Jobs that may begin now.
    turns: usize,
    /// Somebody runs one where it came in.
    at_once: bool,
    /// Threads that wait to be told of a job: with none there is no call to the system.
    sleeping: usize,
    closed: bool,
}

impl Queue {
    /// For so many jobs at a time.
    pub(super) fn new(turns: usize) -> Self {
        let lanes = Mutex::new(Lanes { turns, ..Lanes::default() });
        Self { lanes, filled: Condvar::new(), unwanted: AtomicUsize::new(0) }
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
        self.tell(lanes);
        true
    }

    /// The next job and the right to run it, once there is one; none once closed.
    pub(super) fn pop(&self) -> Option<(Turn<'_>, Box<dyn Job>)> {
        let mut lanes = self.lanes();
        loop {
            if lanes.closed {
                return None;
            }
            let next = if lanes.turns > 0 { lanes.next() } else { None };
            match next {
                Some(job) if job.is_wanted() => {
                    lanes.turns -= 1;
                    return Some((Turn { queue: self, is_at_once: false }, job));
                }
                Some(_unwanted) => self.found(1),
                None => {
                    lanes.sleeping += 1;
                    lanes = self.filled.wait(lanes).unwrap_or_else(PoisonError::into_inner);
                    lanes.sleeping -= 1;
                }
            }
        }
    }

    /// The right to run a job on the thread that asks, if it would be the next to run anyway:
    /// nobody waits, and a thread is free. Only one at a time has it, so that of several threads
    /// that serve connections no more than one is away.
    pub(super) fn at_once(&self) -> Option<Turn<'_>> {
        let mut lanes = self.lanes();
        if lanes.closed || lanes.at_once || lanes.turns == 0 || lanes.waiting() > 0 {
            return None;
        }
        lanes.turns -= 1;
        lanes.at_once = true;
        Some(Turn { queue: self, is_at_once: true })
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lanes().waiting()
    }

    /// Says that a job is not wanted any more, which may wait here still.
    pub(super) fn abandon(&self) {
        self.unwanted.fetch_add(1, Ordering::Relaxed);
    }

    /// Lets go of jobs that nobody waits for, if there may be enough of them.
    pub(super) fn sweep(&self) {
        let mut lanes = self.lanes();
        let unwanted = self.unwanted.load(Ordering::Relaxed);
        if unwanted == 0 || unwanted.saturating_mul(SWEEP) < lanes.waiting() {
            return;
        }
        lanes.queries.retain(|job| job.is_wanted());
        lanes.parts.retain(|(_, job)| job.is_wanted());
        self.found(unwanted);
    }

    /// Lets go of all jobs and takes no more; those who pop are told.
    pub(super) fn close(&self) {
        let mut lanes = self.lanes();
        lanes.closed = true;
        let left = (mem::take(&mut lanes.queries), mem::take(&mut lanes.parts));
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

    /// Tells a thread that there may be a job for it.
    fn tell(&self, lanes: MutexGuard<'_, Lanes>) {
        let somebody = lanes.sleeping > 0;
        drop(lanes);
        if somebody {
            self.filled.notify_one();
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut lanes = self.queue.lanes();
        lanes.turns += 1;
        if self.is_at_once {
            lanes.at_once = false;
        }
        // A thread that came for a job while there was no turn sleeps.
        if self.is_at_once && lanes.waiting() > 0 {
            self.queue.tell(lanes);
        }
    }
}

impl Lanes {
    fn waiting(&self) -> usize {
        self.queries.len() + self.parts.len()
    }

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
