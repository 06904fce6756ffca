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
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot, watch};
use tokio::task;

#[cfg(test)]
mod tests;

type Job = Box<dyn FnOnce() + Send>;

/// Why a job gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EngineError {
    /// As many requests wait as may.
    #[error("as many requests are waiting as this server allows; try again in a moment")]
    Full,
    /// The server is on its way down.
    #[error("the server is stopping; ask another, or this one once it is back")]
    Stopping,
    /// The job panicked.
    #[error("the request failed inside the server; its log says more")]
    Panicked,
}

/// Where handlers bring their jobs; a copy is as good as the original.
#[derive(Clone)]
pub(crate) struct Engine {
    queue: Weak<Sender<Job>>,
    admission: Arc<Semaphore>,
    running: watch::Receiver<()>,
    workers: usize,
}

/// The threads' life. Drop it, and every caller is answered and the threads end.
pub(crate) struct Workers {
    _queue: Arc<Sender<Job>>,
    _running: watch::Sender<()>,
}

/// A request's place in the queue.
pub(crate) type Ticket = Arc<OwnedSemaphorePermit>;

/// What a job came to.
#[derive(Debug)]
pub(crate) struct Done<T> {
    /// What it returned.
    pub(crate) value: T,
    /// How long it waited for a thread.
    pub(crate) waited: Duration,
}

/// The promise of an answer.
struct Pending<T> {
    answer: oneshot::Receiver<Result<Done<T>, EngineError>>,
    running: watch::Receiver<()>,
}

/// Starts `workers` threads, at least one, for `max_queue` requests beyond those they are
/// at work on.
pub(crate) fn start(workers: usize, max_queue: usize) -> io::Result<(Engine, Workers)> {
    let workers = workers.max(1);
    let places = max_queue.saturating_add(workers).min(Semaphore::MAX_PERMITS);
    let (queue, jobs) = mpsc::channel();
    let (queue, jobs) = (Arc::new(queue), Arc::new(Mutex::new(jobs)));
    let (alive, running) = watch::channel(());
    for number in 0..workers {
        let jobs = Arc::clone(&jobs);
        thread::Builder::new().name(format!("encode-{number}")).spawn(move || work(&jobs))?;
    }
    let engine = Engine {
        queue: Arc::downgrade(&queue),
        admission: Arc::new(Semaphore::new(places)),
        running,
        workers,
    };
    let workers = Workers { _queue: queue, _running: alive };
    Ok((engine, workers))
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(),
            Err(mpsc::RecvError) => return,
        }
    }
}

impl Engine {
    /// Admits nobody any more; who was admitted is served.
    pub(crate) fn close(&self) {
        self.admission.close();
    }

    /// A place in the queue.
    pub(crate) fn admit(&self) -> Result<Ticket, EngineError> {
        match Arc::clone(&self.admission).try_acquire_owned() {
            Ok(permit) => Ok(Arc::new(permit)),
            Err(TryAcquireError::NoPermits) => Err(EngineError::Full),
            Err(TryAcquireError::Closed) => Err(EngineError::Stopping),
        }
    }

    /// Runs a request of one job.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<Done<T>, EngineError>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let ticket = self.admit()?;
        self.submit(ticket, work)?.answer().await
    }

    /// Runs the parts of one request, which takes one place in the queue; `each` gets what
    /// they came to in order, with the part's number, and ends the whole by an error.
    ///
    /// No more parts than there are threads are ever queued, so another request waits for
    /// one part of this one and not for all.
    pub(crate) async fn run_parts<T, W, E>(
        &self,
        ticket: &Ticket,
        parts: impl IntoIterator<Item = W>,
        mut each: impl FnMut(usize, Done<T>) -> Result<(), E>,
    ) -> Result<(), E>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
        E: From<EngineError>,
    {
        let mut queued: VecDeque<Pending<T>> = VecDeque::with_capacity(self.workers);
        let mut answered = 0;
        for part in parts {
            if queued.len() == self.workers
                && let Some(first) = queued.pop_front()
            {
                each(answered, first.answer().await?)?;
                answered += 1;
            }
            queued.push_back(self.submit(Arc::clone(ticket), part)?);
        }
        for (pending, number) in queued.into_iter().zip(answered..) {
            each(number, pending.answer().await?)?;
        }
        Ok(())
    }

    /// Runs the last job of a request on a thread that may wait for the disk.
    ///
    /// Until it begins it is as any other job: not run if its caller goes away or the server
    /// has stopped. Once begun it is done whatever happens, and the caller hears what came of
    /// it, for nobody could tell what a change came to that was cut short.
    pub(crate) async fn finish<T, W>(&self, ticket: Ticket, work: W) -> Result<T, EngineError>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let running = self.running.clone();
        let job = move || {
            if reply.is_closed() {
                return;
            }
            let result = if running.has_changed().is_err() {
                Err(EngineError::Stopping)
            } else {
                catch_unwind(AssertUnwindSafe(work)).map_err(|_| EngineError::Panicked)
            };
            drop(ticket);
            let _gone = reply.send(result);
        };
        drop(task::spawn_blocking(job));
        answer.await.unwrap_or(Err(EngineError::Stopping))
    }

    fn submit<T, W>(&self, ticket: Ticket, work: W) -> Result<Pending<T>, EngineError>
    where
        T: Send + 'static,
        W: FnOnce() -> T + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let submitted = Instant::now();
        let job = move || {
            if reply.is_closed() {
                return;
            }
            let waited = submitted.elapsed();
            // A router that saw a panic is sound: its writers publish at the very end.
            let result = catch_unwind(AssertUnwindSafe(work))
                .map(|value| Done { value, waited })
                .map_err(|_| EngineError::Panicked);
            // Before the answer: who has it may come back at once, and finds room.
            drop(ticket);
            let _gone = reply.send(result);
        };
        let queue = self.queue.upgrade().ok_or(EngineError::Stopping)?;
        queue.send(Box::new(job)).map_err(|_| EngineError::Stopping)?;
        Ok(Pending { answer, running: self.running.clone() })
    }
}

impl<T> Pending<T> {
    async fn answer(mut self) -> Result<Done<T>, EngineError> {
        tokio::select! {
            biased;
            result = self.answer => result.unwrap_or(Err(EngineError::Stopping)),
            _stopped = self.running.changed() => Err(EngineError::Stopping),
        }
    }
}

impl<T> Done<T> {
    /// [`Self::waited`] in microseconds.
    pub(crate) fn queue_us(&self) -> u64 {
        u64::try_from(self.waited.as_micros()).unwrap_or(u64::MAX)
    }
}
