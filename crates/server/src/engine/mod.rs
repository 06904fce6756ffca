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

use synaptoroute::Router;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot, watch};

#[cfg(test)]
mod tests;

type Job = Box<dyn FnOnce(&Router) + Send>;

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
type Ticket = Arc<OwnedSemaphorePermit>;

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
pub(crate) fn start(
    router: &Arc<Router>,
    workers: usize,
    max_queue: usize,
) -> io::Result<(Engine, Workers)> {
    let workers = workers.max(1);
    let places = max_queue.saturating_add(workers).min(Semaphore::MAX_PERMITS);
    let (queue, jobs) = mpsc::channel();
    let (queue, jobs) = (Arc::new(queue), Arc::new(Mutex::new(jobs)));
    let (alive, running) = watch::channel(());
    for number in 0..workers {
        let (router, jobs) = (Arc::clone(router), Arc::clone(&jobs));
        thread::Builder::new()
            .name(format!("encode-{number}"))
            .spawn(move || work(&router, &jobs))?;
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

fn work(router: &Router, jobs: &Mutex<Receiver<Job>>) {
    loop {
        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(router),
            Err(mpsc::RecvError) => return,
        }
    }
}

impl Engine {
    /// Admits nobody any more; who was admitted is served.
    pub(crate) fn close(&self) {
        self.admission.close();
    }

    /// Runs one job.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<Done<T>, EngineError>
    where
        T: Send + 'static,
        W: FnOnce(&Router) -> T + Send + 'static,
    {
        let ticket = self.admit()?;
        self.submit(ticket, work)?.answer().await
    }

    /// Runs the parts of one request, which takes one place in the queue; answers in order.
    ///
    /// No more parts than there are threads are ever queued, so another request waits for
    /// one part of this one and not for all.
    pub(crate) async fn run_parts<T, W>(&self, parts: Vec<W>) -> Result<Vec<Done<T>>, EngineError>
    where
        T: Send + 'static,
        W: FnOnce(&Router) -> T + Send + 'static,
    {
        let ticket = self.admit()?;
        let mut done = Vec::with_capacity(parts.len());
        let mut queued: VecDeque<Pending<T>> = VecDeque::with_capacity(self.workers);
        for part in parts {
            if queued.len() == self.workers
                && let Some(first) = queued.pop_front()
            {
                done.push(first.answer().await?);
            }
            queued.push_back(self.submit(Arc::clone(&ticket), part)?);
        }
        for pending in queued {
            done.push(pending.answer().await?);
        }
        Ok(done)
    }

    fn admit(&self) -> Result<Ticket, EngineError> {
        match Arc::clone(&self.admission).try_acquire_owned() {
            Ok(permit) => Ok(Arc::new(permit)),
            Err(TryAcquireError::NoPermits) => Err(EngineError::Full),
            Err(TryAcquireError::Closed) => Err(EngineError::Stopping),
        }
    }

    fn submit<T, W>(&self, ticket: Ticket, work: W) -> Result<Pending<T>, EngineError>
    where
        T: Send + 'static,
        W: FnOnce(&Router) -> T + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let submitted = Instant::now();
        let job = move |router: &Router| {
            if reply.is_closed() {
                return;
            }
            let waited = submitted.elapsed();
            // A router that saw a panic is sound: its writers publish at the very end.
            let result = catch_unwind(AssertUnwindSafe(|| work(router)))
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
