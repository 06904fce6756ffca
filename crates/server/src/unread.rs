//! What becomes of a connection whose request was answered before its body was read.
//!
//! HTTP/1 has no way to skip a body: unless it is read to its end, the connection can carry
//! no other request. The HTTP library then closes it without a word, and a client that
//! keeps connections fails on its next request. So [`finish`] reads what is left, if that
//! is little and comes soon, and the connection lives on; else the answer says
//! `Connection: close`.
//!
//! Always to say so would be simpler, and worse. The common case is a small body on its way
//! to a wrong path. A client whose body meets a closed socket gets a reset, which may
//! discard the answer that would have told it what is wrong.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use tokio::time;

/// Longest body that is read on for the connection's sake; Go's server draws the same line.
/// A new connection costs less than more than this.
const MAX_BYTES: u64 = 256 << 10;

/// How much later an answer may be for the connection's sake: some round trips to another
/// continent.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers, and sees to it that the request's body is read to its end or the answer ends
/// the connection.
pub(crate) async fn finish(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Who asks whether to send the body must not hear yes only for it to be thrown away.
    let asks_first = request.headers().contains_key(header::EXPECT);
    let (head, body) = request.into_parts();
    let body = Watched::new(body);
    let request = Request::from_parts(head, Body::new(body.clone()));
    let mut response = next.run(request).await;
    if !body.ended() && (asks_first || !body.skip_rest().await) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body that knows how far it was read; copies share it.
#[derive(Clone)]
struct Watched(Arc<Mutex<Progress>>);

struct Progress {
    body: Body,
    read: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Read to its end.
    Ended,
    /// Failed midway: where the next request would begin is not known.
    Broken,
}

impl Watched {
    fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(Progress { body, read: 0, state: State::Open })))
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ended(&self) -> bool {
        self.progress().state == State::Ended
    }

    /// Reads on to the end; false if that is too far off.
    async fn skip_rest(&self) -> bool {
        let to_the_end = async {
            while self.progress().may_go_on() {
                let _skipped = poll_fn(|cx| self.progress().poll(cx)).await;
            }
        };
        let _late = time::timeout(PATIENCE, to_the_end).await;
        self.ended()
    }
}

impl Progress {
    /// What was read counts: who refuses a body for its length refuses the rest of it too.
    fn may_go_on(&self) -> bool {
        self.state == State::Open && self.read + self.body.size_hint().lower() <= MAX_BYTES
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        self.read += match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, |data| data.len() as u64),
            _ => 0,
        };
        self.state = match (self.state, &frame) {
            (State::Broken, _) | (_, Some(Err(_))) => State::Broken,
            (_, None) => State::Ended,
            (_, Some(Ok(_))) if self.body.is_end_stream() => State::Ended,
            (state, Some(Ok(_))) => state,
        };
        Poll::Ready(frame)
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.progress().poll(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.progress().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.progress().body.size_hint()
    }
}
