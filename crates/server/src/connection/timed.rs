//! A request's body that has to arrive in time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{self, Sleep};

/// A body did not arrive in time.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body did not arrive within {limit:?}")]
pub(crate) struct SlowBody {
    pub(crate) limit: Duration,
}

/// A body that fails once it takes too long from when it is first asked for.
pub(super) struct Timed {
    body: Incoming,
    limit: Duration,
    /// Runs from when the body is first waited for.
    left: Option<Pin<Box<Sleep>>>,
}

impl Timed {
    pub(super) fn new(body: Incoming, limit: Duration) -> Self {
        Self { body, limit, left: None }
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let limit = self.limit;
        // Time first: else a body that comes by the byte has always something to give.
        if let Some(left) = &mut self.left
            && left.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(SlowBody { limit }.into())));
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx).map_err(Into::into);
        if frame.is_pending() && self.left.is_none() {
            let mut left = Box::pin(time::sleep(limit));
            // So that it wakes whoever waits.
            let _running = left.as_mut().poll(cx);
            self.left = Some(left);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
