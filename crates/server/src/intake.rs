//! How many bytes of requests, and of large answers, are inside at a time.
//!
//! Bytes count from when they come until the request is answered, so that neither many large
//! bodies that wait nor many that are being sent take all memory. They count as they come and
//! not as they are announced: who announces much and sends nothing keeps nobody out.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::engine::{Engine, EngineError};

/// The bytes that are left to requests.
#[derive(Clone)]
pub(crate) struct Intake {
    left: Arc<Semaphore>,
    limit: usize,
    engine: Engine,
}

impl Intake {
    pub(crate) fn new(limit: usize, engine: Engine) -> Self {
        let limit = limit.min(Semaphore::MAX_PERMITS);
        Self { left: Arc::new(Semaphore::new(limit)), limit, engine }
    }

    /// Bytes that are inside.
    pub(crate) fn bytes(&self) -> usize {
        self.limit.saturating_sub(self.left.available_permits())
    }

    /// Counts the bytes of a body until all copies of what is returned are gone.
    pub(crate) fn watch(&self, body: Body) -> Watched {
        let progress =
            Progress { body, read: 0, state: State::Open, held: None, intake: self.clone() };
        Watched(Arc::new(Mutex::new(progress)))
    }

    /// Takes so many into account, for as long as what is returned lives.
    pub(crate) fn take(&self, bytes: usize) -> Result<OwnedSemaphorePermit, EngineError> {
        let taken = u32::try_from(bytes)
            .ok()
            .and_then(|bytes| Arc::clone(&self.left).try_acquire_many_owned(bytes).ok());
        taken.ok_or_else(|| EngineError::Heavy { retry_after_s: self.engine.retry_after_s() })
    }
}

/// A body that counts, and knows how far it was read; copies share it.
#[derive(Clone)]
pub(crate) struct Watched(Arc<Mutex<Progress>>);

struct Progress {
    body: Body,
    read: u64,
    state: State,
    held: Option<OwnedSemaphorePermit>,
    intake: Intake,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Read to its end.
    Ended,
    /// Failed midway: where the next request would begin is not known.
    Broken,
}

type Polled = Poll<Option<Result<Frame<Bytes>, axum::Error>>>;

impl Watched {
    /// Whether it was read to its end.
    pub(crate) fn ended(&self) -> bool {
        self.progress().state == State::Ended
    }

    /// Its length as far as that is known while it can be read on, what was read included.
    pub(crate) fn at_most(&self) -> Option<u64> {
        let progress = self.progress();
        let rest = progress.body.size_hint().lower();
        (progress.state == State::Open).then(|| progress.read.saturating_add(rest))
    }

    /// Reads some more of it that nobody wants, and that does not count.
    pub(crate) async fn skip(&self) {
        let _skipped = poll_fn(|cx| self.progress().poll(cx)).await;
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn poll(&mut self, cx: &mut Context<'_>) -> Polled {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.read += length(&frame) as u64;
        self.state = match (self.state, &frame) {
            (State::Broken, _) | (_, Some(Err(_))) => State::Broken,
            (_, None) => State::Ended,
            (_, Some(Ok(_))) if self.body.is_end_stream() => State::Ended,
            (state, Some(Ok(_))) => state,
        };
        Poll::Ready(frame)
    }

    /// Takes what came into account; it is gone if that is too much.
    fn count(&mut self, bytes: usize) -> Result<(), EngineError> {
        if bytes == 0 {
            return Ok(());
        }
        let taken = self.intake.take(bytes)?;
        match &mut self.held {
            Some(held) => held.merge(taken),
            None => self.held = Some(taken),
        }
        Ok(())
    }
}

fn length(frame: &Option<Result<Frame<Bytes>, axum::Error>>) -> usize {
    match frame {
        Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
        _ => 0,
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let mut progress = self.progress();
        let frame = ready!(progress.poll(cx));
        Poll::Ready(match progress.count(length(&frame)) {
            Ok(()) => frame,
            Err(too_much) => Some(Err(axum::Error::new(too_much))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.progress().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.progress().body.size_hint()
    }
}
