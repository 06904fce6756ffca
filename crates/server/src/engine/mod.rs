//! The threads that do the work, and the bounded queue before them.
//!
//! Encoding is a millisecond of pure computing, which must not run on the threads that
//! serve connections. A request is admitted by a [`Ticket`], taken without waiting; it goes
//! back when the last job of the request is done. Jobs are closures that get the router.
//!
//! Nobody waits for ever. A caller gets an answer; or [`EngineError::Panicked`] if its job
//! panicked, and the thread goes on; or [`EngineError::Stopping`] once [`Workers`] is
//! dropped. A job whose caller has gone away is not run.

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot, watch};
use tokio::task;

use crate::config::Config;
use crate::deadline::Commitment;
use job::{Pending, Reply, Task};
use queue::{Lane, Queue};

pub(crate) use error::EngineError;
pub(crate) use job::Done;

mod error;
mod job;
mod queue;
#[cfg(test)]
mod tests;

/// Longest that a refused caller is told to stay away, in seconds: by then much has changed.
const LONGEST_ABSENCE: u64 = 60;

/// A request's place in the queue.
pub(crate) type Ticket = Arc<OwnedSemaphorePermit>;

/// Where handlers bring their jobs; a copy is as good as the original.
#[derive(Clone)]
pub(crate) struct Engine {
    shared: Arc<Shared>,
    at_once: bool,
    running: watch::Receiver<()>,
}

struct Shared {
    queue: Queue,
    admission: Arc<Semaphore>,
    workers: usize,
    /// How long the job waited that was begun last, in microseconds.
    last_wait_us: AtomicU64,
    /// Panics that were caught, whoever heard of them.
    panics: AtomicU64,
}

/// The threads' life. Drop it, and every caller is answered and the threads end.
pub(crate) struct Workers {
    shared: Arc<Shared>,
    _running: watch::Sender<()>,
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

/// Starts [`Config::workers`] threads, at least one, for [`Config::max_queue`] requests beyond
/// those they are at work on.
pub(crate) fn start(config: &Config) -> io::Result<(Engine, Workers)> {
    let workers = config.workers.max(1);
    let places = config.max_queue.saturating_add(workers).min(Semaphore::MAX_PERMITS);
    let shared = Arc::new(Shared {
        queue: Queue::new(workers),
        admission: Arc::new(Semaphore::new(places)),
        workers,
        last_wait_us: AtomicU64::new(0),
        panics: AtomicU64::new(0),
    });
    let (alive, running) = watch::channel(());
    let life = Workers { shared: Arc::clone(&shared), _running: alive };
    for number in 0..workers {
        let shared = Arc::clone(&shared);
        thread::Builder::new().name(format!("encode-{number}")).spawn(move || work(&shared))?;
    }
    Ok((Engine { shared, at_once: config.at_once, running }, life))
}

/// A panic is its job's, and the thread goes on: also after one that came while the job was
/// cleared away, which its task could not catch.
fn work(shared: &Shared) {
    let jobs = || {
        while let Some((turn, job)) = shared.queue.pop() {
            job.run();
            drop(turn);
        }
    };
    while catch_unwind(AssertUnwindSafe(jobs)).is_err() {
        shared.count_panic();
        tracing::error!("a job panicked as it ended");
    }
}

impl Shared {
    /// Runs what has waited for so long.
    fn run<T>(&self, work: impl FnOnce() -> T, waited: Duration) -> Reply<T> {
        let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.last_wait_us.store(micros, Ordering::Relaxed);
        self.catch(work).map(|value| Done { value, waited })
    }

    /// A router that saw a panic is sound: its writers publish at the very end.
    fn catch<T>(&self, work: impl FnOnce() -> T) -> Result<T, EngineError> {
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| self.count_panic())
    }

    fn count_panic(&self) -> EngineError {
        self.panics.fetch_add(1, Ordering::Relaxed);
        EngineError::Panicked
    }
}

impl Engine {
    /// Admits nobody any more; who was admitted is served.
    pub(crate) fn close(&self) {
        self.shared.admission.close();
    }

    /// A place in the queue.
    pub(crate) fn admit(&self) -> Result<Ticket, EngineError> {
        let shared = &self.shared;
        let place = || Arc::clone(&shared.admission).try_acquire_owned();
        let found = place().or_else(|full| match full {
            TryAcquireError::NoPermits => {
                // Those who have gone may hold places still.
                shared.queue.sweep();
                place()
            }
            closed @ TryAcquireError::Closed => Err(closed),
        });
        found.map(Arc::new).map_err(|error| match error {
            TryAcquireError::NoPermits => EngineError::Full { retry_after_s: self.retry_after_s() },
            TryAcquireError::Closed => EngineError::Stopping,
        })
    }

    /// When a refused caller should come back: after the time that the last job has waited. Of
    /// single queries that is about what the queue takes to drain; of large batches, of which few
    /// parts are queued at a time, it is less.
    pub(crate) fn retry_after_s(&self) -> u64 {
        let waited = Duration::from_micros(self.shared.last_wait_us.load(Ordering::Relaxed));
        waited.as_secs().saturating_add(1).min(LONGEST_ABSENCE)
    }

    /// Takes note of a panic that was caught elsewhere.
    pub(crate) fn count_panic(&self) -> EngineError {
        self.shared.count_panic()
    }

    /// Panics so far, also of jobs whose callers had gone.
    pub(crate) fn panics(&self) -> u64 {
        self.shared.panics.load(Ordering::Relaxed)
    }

    /// Jobs that wait for a thread.
    pub(crate) fn waiting(&self) -> usize {
        self.shared.queue.len()
    }

    /// Runs a request of one job.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<Done<T>, EngineError>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let ticket = self.admit()?;
        self.submit(ticket, Lane::Query, work)?.answer().await
    }

    /// Runs a request of one short job: right here where [`Config::at_once`] allows it and a
    /// thread is free, as [`Self::run`] otherwise.
    ///
    /// Not with a deadline, which could not be told while the job runs; nor where this is the
    /// only thread that serves connections.
    pub(crate) async fn run_short<T, W>(&self, work: W) -> Result<Done<T>, EngineError>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let ticket = self.admit()?;
        if self.at_once
            && Commitment::current().is_none()
            && Handle::current().metrics().num_workers() > 1
            && let Some(_turn) = self.shared.queue.at_once()
        {
            return self.shared.run(work, Duration::ZERO);
        }
        self.submit(ticket, Lane::Query, work)?.answer().await
    }

    /// Runs the parts of one request, of `texts` texts each, which takes one place in the
    /// queue; `each` gets what they came to in order, with the part's number, and ends the
    /// whole by an error.
    ///
    /// No more parts than there are threads are ever queued, so another request waits for
    /// one part of this one and not for all.
    pub(crate) async fn run_parts<T, W, E>(
        &self,
        ticket: &Ticket,
        texts: usize,
        parts: impl IntoIterator<Item = W>,
        mut each: impl FnMut(usize, Done<T>) -> Result<(), E>,
    ) -> Result<(), E>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
        E: From<EngineError>,
    {
        let mut queued: VecDeque<Pending<T>> = VecDeque::with_capacity(self.shared.workers);
        let mut answered = 0;
        for part in parts {
            if queued.len() == self.shared.workers
                && let Some(first) = queued.pop_front()
            {
                each(answered, first.answer().await?)?;
                answered += 1;
            }
            queued.push_back(self.submit(Arc::clone(ticket), Lane::Part { texts }, part)?);
        }
        for (pending, number) in queued.into_iter().zip(answered..) {
            each(number, pending.answer().await?)?;
        }
        Ok(())
    }

    /// Runs the last job of a request on a thread that may wait for the disk.
    ///
    /// Until it begins it is as any other job: not run if its caller goes away or the server
    /// has stopped, or its deadline is past. Once begun it is done whatever happens, and the
    /// caller hears what came of it, for nobody could tell what a change came to that was cut
    /// short.
    pub(crate) async fn finish<T, W>(&self, ticket: Ticket, work: W) -> Result<T, EngineError>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let (running, shared) = (self.running.clone(), Arc::clone(&self.shared));
        let commitment = Commitment::current();
        let job = move || {
            if reply.is_closed() || commitment.is_some_and(|commitment| !commitment.begin()) {
                return;
            }
            let result = if running.has_changed().is_err() {
                Err(EngineError::Stopping)
            } else {
                shared.catch(work)
            };
            drop(ticket);
            let _gone = reply.send(result);
        };
        drop(task::spawn_blocking(job));
        answer.await.unwrap_or(Err(EngineError::Stopping))
    }

    fn submit<T, W>(&self, ticket: Ticket, lane: Lane, work: W) -> Result<Pending<T>, EngineError>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let task = Task { work, reply, submitted: Instant::now(), ticket, shared };
        if !self.shared.queue.push(lane, Box::new(task)) {
            return Err(EngineError::Stopping);
        }
        let (running, shared) = (self.running.clone(), Arc::clone(&self.shared));
        Ok(Pending { answer, running, shared, answered: false })
    }
}
