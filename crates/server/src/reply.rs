//! Answers that may be large: written piece by piece, bounded, and counted until they are sent.
//!
//! Ten thousand decisions of a hundred candidates each come to gigabytes that a small request
//! asks for. So each is written as it comes, and what an answer has beyond its first
//! [`CHUNK`] counts as bodies of requests do: until the client, or its end, has taken it.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use crate::engine::EngineError;
use crate::failure::Failure;
use crate::intake::Intake;

/// Bytes that are counted, and sent, at a time. The first are free: as many as a connection may
/// cost in any case.
const CHUNK: usize = 64 << 10;

/// Most bytes of an answer.
const MAX_BYTES: usize = 64 << 20;

/// JSON that is being written; later its body.
pub(crate) struct Reply {
    full: VecDeque<Chunk>,
    last: Chunk,
    /// Of `full`.
    bytes: usize,
    intake: Intake,
    /// Why no more is taken.
    refused: Option<Failure>,
}

/// A part of it, and its share of what may be inside.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    _held: Option<OwnedSemaphorePermit>,
}

impl Reply {
    pub(crate) fn new(intake: &Intake) -> Self {
        let intake = intake.clone();
        Self { full: VecDeque::new(), last: Chunk::default(), bytes: 0, intake, refused: None }
    }

    /// Writes a value.
    pub(crate) fn put(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut *self, value).map_err(|_| self.failure())
    }

    /// Writes what stands around values.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.write_all(text.as_bytes()).map_err(|_| self.failure())
    }

    fn failure(&mut self) -> Failure {
        // Nothing else fails: the values are those that answers are made of.
        self.refused.take().unwrap_or(Failure::Engine(EngineError::Panicked))
    }

    fn next_chunk(&mut self) -> Result<(), Failure> {
        if self.bytes + 2 * CHUNK > MAX_BYTES {
            return Err(Failure::AnswerTooLarge { limit: MAX_BYTES });
        }
        let held = self.intake.take(CHUNK).map_err(Failure::Engine)?;
        let next = Chunk { bytes: Vec::with_capacity(CHUNK), _held: Some(held) };
        self.full.push_back(std::mem::replace(&mut self.last, next));
        self.bytes += CHUNK;
        Ok(())
    }
}

impl Write for Reply {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.last.bytes.len() == CHUNK && !bytes.is_empty() {
            self.next_chunk().map_err(|failure| {
                self.refused = Some(failure);
                io::Error::other("the answer is too large")
            })?;
        }
        let taken = bytes.len().min(CHUNK - self.last.bytes.len());
        self.last.bytes.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl IntoResponse for Reply {
    fn into_response(mut self) -> Response {
        let body = if self.full.is_empty() {
            Body::from(self.last.bytes)
        } else {
            self.bytes += self.last.bytes.len();
            self.full.push_back(self.last);
            Body::new(Chunks { left: self.bytes, chunks: self.full })
        };
        let json = HeaderValue::from_static("application/json");
        ([(header::CONTENT_TYPE, json)], body).into_response()
    }
}

/// What is left of it to be sent.
struct Chunks {
    chunks: VecDeque<Chunk>,
    left: usize,
}

/// Counts until the connection has let go of it.
impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let chunk = self.chunks.pop_front();
        self.left -= chunk.as_ref().map_or(0, |chunk| chunk.bytes.len());
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(Bytes::from_owner(chunk)))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left as u64)
    }
}
