//! A job on its way: what a thread is to do, and the promise of its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::queue::Job;
use super::{EngineError, Shared, Ticket};

/// What a job came to.
#[derive(Debug)]
pub(crate) struct Done<T> {
    /// What it returned.
    pub(crate) value: T,
    /// How long it waited for a thread.
    pub(crate) waited: Duration,
}

/// The promise of an answer.
pub(super) struct Pending<T> {
    pub(super) answer: oneshot::Receiver<Reply<T>>,
    pub(super) running: watch::Receiver<()>,
    /// Told if nobody waits for the answer any more.
    pub(super) shared: Arc<Shared>,
    pub(super) answered: bool,
}

pub(super) type Reply<T> = Result<Done<T>, EngineError>;

/// What a thread is to do, and for whom.
pub(super) struct Task<T, W> {
    pub(super) work: W,
    pub(super) reply: oneshot::Sender<Reply<T>>,
    pub(super) submitted: Instant,
    pub(super) ticket: Ticket,
    pub(super) shared: Arc<Shared>,
}

impl<T, W> Job for Task<T, W>
where
    T: Send,
    W: FnOnce() -> T + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(self: Box<Self>) {
        let Self { work, reply, submitted, ticket, shared } = *self;
        let result = shared.run(work, submitted.elapsed());
        // Before the answer: who has it may come back at once, and finds room.
        drop(ticket);
        let _gone = reply.send(result);
    }
}

impl<T> Pending<T> {
    pub(super) async fn answer(mut self) -> Result<Done<T>, EngineError> {
        let answer = tokio::select! {
            biased;
            result = &mut self.answer => result.unwrap_or(Err(EngineError::Stopping)),
            _stopped = self.running.changed() => Err(EngineError::Stopping),
        };
        self.answered = true;
        answer
    }
}

impl<T> Drop for Pending<T> {
    fn drop(&mut self) {
        if !self.answered {
            // Closed first, so that whoever is told finds it so.
            self.answer.close();
            self.shared.queue.abandon();
        }
    }
}

impl<T> Done<T> {
    /// [`Self::waited`] in microseconds.
    pub(crate) fn queue_us(&self) -> u64 {
        u64::try_from(self.waited.as_micros()).unwrap_or(u64::MAX)
    }
}
