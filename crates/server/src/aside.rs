//! Work that takes more than a moment, and is no encoding that somebody waits for, where it is in nobody's way: neither
//! on the threads that serve connections nor on those that encode. It needs no place in the
//! queue, so that one can read while that is full.
//!
//! Four kinds of it do not wait for each other, each with places of its own: reading one thing,
//! reading a file that somebody sent, copying everything there is, and studying it, which keeps a
//! core busy for seconds. A copy keeps its place until its reader has it, or it would be no bound
//! on how many there are; so does what a study came to.
//!
//! Fits are the fifth kind, of which there is one at a time, for it takes all cores; so does going
//! back to another model, which fits anew. It may change something, so it ends as changes do: see
//! [`Engine::finish`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::{task, time};

use crate::engine::{Engine, EngineError};

/// Of each kind at a time; those beyond wait.
const PLACES: usize = 8;

/// Studies at a time: those who encode have the other cores.
const STUDIES: usize = 1;

/// The places there are.
#[derive(Clone)]
pub(crate) struct Aside {
    reads: Arc<Semaphore>,
    files: Arc<Semaphore>,
    copies: Arc<Semaphore>,
    studies: Arc<Semaphore>,
    fits: Arc<Semaphore>,
    /// How long one waits for a copy or a study, or to fit. Those before it read on, or would have
    /// been cut off by then.
    patience: Duration,
    engine: Engine,
}

/// A copy's place, for whoever sends it.
pub(crate) struct Place(OwnedSemaphorePermit);

impl Aside {
    pub(crate) fn new(patience: Duration, engine: Engine) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        let (reads, files, copies) = (places(PLACES), places(PLACES), places(PLACES));
        let (studies, fits) = (places(STUDIES), places(1));
        Self { reads, files, copies, studies, fits, patience, engine }
    }

    /// Reads one thing.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        self.run(acquire(&self.reads).await, work).await.map(|(value, _place)| value)
    }

    /// Takes in a file, or looks at all there is without copying it.
    pub(crate) async fn file<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        self.run(acquire(&self.files).await, work).await.map(|(value, _place)| value)
    }

    /// Copies what may be everything. Its place is to be kept with the answer.
    pub(crate) async fn copy<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Place), EngineError> {
        let permit = self.patiently(&self.copies).await?;
        self.run(permit, work).await
    }

    /// Studies everything there is. Its place is to be kept with the answer.
    pub(crate) async fn study<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Place), EngineError> {
        let permit = self.patiently(&self.studies).await?;
        self.run(permit, work).await
    }

    /// Fits. It holds a place in the queue too, and a caller that goes away before it begins ends
    /// it.
    pub(crate) async fn fit<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let ticket = self.engine.admit()?;
        let permit = time::timeout(self.patience, acquire(&self.fits)).await;
        let permit = permit
            .map_err(|_late| EngineError::Fitting { retry_after_s: self.engine.retry_after_s() })?;
        let work = move || {
            let _alone = permit;
            work()
        };
        self.engine.finish(ticket, work).await
    }

    async fn patiently(
        &self,
        places: &Arc<Semaphore>,
    ) -> Result<OwnedSemaphorePermit, EngineError> {
        let permit = time::timeout(self.patience, acquire(places)).await;
        permit.map_err(|_late| EngineError::Copying { retry_after_s: self.engine.retry_after_s() })
    }

    /// The permit comes back with the value, so that it lives as long even where nobody waits for
    /// that any more.
    async fn run<T: Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Place), EngineError> {
        let work = move || (work(), Place(permit));
        task::spawn_blocking(work).await.map_err(|_| self.engine.count_panic())
    }
}

async fn acquire(places: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(places).acquire_owned().await.expect("it is never closed")
}

impl Place {
    /// Keeps it until the answer is sent, or given up.
    pub(crate) fn keep(self, answer: Response) -> Response {
        answer.map(|body| Body::new(Kept { body, rest: Bytes::new(), place: Arc::new(self.0) }))
    }
}

/// Bytes that the connection gets at a time. It keeps several of these until they are sent, and
/// would keep all of the copy if it got that in one.
const PIECE: usize = 64 << 10;

/// A body that keeps a place.
struct Kept {
    body: Body,
    /// What was not handed on yet of what it gave.
    rest: Bytes,
    place: Arc<OwnedSemaphorePermit>,
}

/// A part of it: as long as the connection has one of them, the whole is there.
struct Piece {
    bytes: Bytes,
    _place: Arc<OwnedSemaphorePermit>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Kept {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            match frame.into_data() {
                Ok(bytes) => self.rest = bytes,
                Err(other) => return Poll::Ready(Some(Ok(other))),
            }
        }
        let length = self.rest.len().min(PIECE);
        let piece = Piece { bytes: self.rest.split_to(length), _place: Arc::clone(&self.place) };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(piece)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.body.size_hint(), self.rest.len() as u64);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

#[cfg(test)]
mod tests;
