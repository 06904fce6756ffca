//! How long a request may take, from its head to its answer.
//!
//! Past its deadline a request is answered 503, and what it had queued is dropped before it
//! costs an inference. A change that is being committed at that moment is answered as it turns
//! out: nobody could tell what it came to otherwise.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::{task_local, time};

use crate::engine::EngineError;
use crate::failure::Failure;

/// Milliseconds that this request may take; the server's own limit holds as well.
pub(crate) const TIMEOUT: HeaderName = HeaderName::from_static("x-timeout-ms");

/// More than a year is no deadline, and clocks cannot add it up.
const MAX_MS: u64 = 1000 * 60 * 60 * 24 * 365;

task_local! {
    /// Of the request that is being answered, where it has a deadline.
    static COMMITMENT: Arc<Commitment>;
}

/// Marks an answer that is late already, and waits for nothing.
#[derive(Clone)]
pub(crate) struct Overdue;

/// Whether a request can still be called off. Of the two that want to know, the deadline and
/// the job that commits, one is first.
#[derive(Default)]
pub(crate) struct Commitment(AtomicU8);

const OPEN: u8 = 0;
const COMMITTING: u8 = 1;
const LATE: u8 = 2;

impl Commitment {
    /// That of the request that is being answered.
    pub(crate) fn current() -> Option<Arc<Self>> {
        COMMITMENT.try_with(Arc::clone).ok()
    }

    /// Runs a request that can be called off by this.
    #[cfg(test)]
    pub(crate) async fn scope<F: Future>(self, request: F) -> F::Output {
        COMMITMENT.scope(Arc::new(self), request).await
    }

    /// From now on it is carried out; false if its deadline was first.
    pub(crate) fn begin(&self) -> bool {
        self.settle(COMMITTING)
    }

    /// It is called off; false if it is being carried out.
    fn call_off(&self) -> bool {
        self.settle(LATE)
    }

    fn settle(&self, on: u8) -> bool {
        self.0.compare_exchange(OPEN, on, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Answers within the limit, or within what the caller allows if that is less.
pub(crate) async fn keep(
    State(limit): State<Option<Duration>>,
    request: Request,
    next: Next,
) -> Response {
    let allowed = match asked(request.headers()) {
        Ok(asked) => asked.into_iter().chain(limit).min(),
        Err(failure) => return failure.into_response(),
    };
    let Some(allowed) = allowed else {
        return next.run(request).await;
    };
    let commitment = Arc::new(Commitment::default());
    let mut answer = pin!(COMMITMENT.scope(Arc::clone(&commitment), next.run(request)));
    match time::timeout(allowed, &mut answer).await {
        Ok(answer) => answer,
        Err(_) if commitment.call_off() => {
            let mut answer = EngineError::Late { allowed }.into_response();
            answer.extensions_mut().insert(Overdue);
            answer
        }
        Err(_) => answer.await,
    }
}

fn asked(headers: &HeaderMap) -> Result<Option<Duration>, Failure> {
    let mut given = headers.get_all(TIMEOUT).iter();
    let Some(first) = given.next() else {
        return Ok(None);
    };
    let milliseconds = first.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    match milliseconds.and_then(|text| text.parse::<u64>().ok()) {
        Some(milliseconds) if given.next().is_none() => {
            Ok(Some(Duration::from_millis(milliseconds.min(MAX_MS))))
        }
        _ => Err(Failure::Timeout { found: String::from_utf8_lossy(first.as_bytes()).into() }),
    }
}

impl IntoResponse for EngineError {
    fn into_response(self) -> Response {
        Failure::Engine(self).into_response()
    }
}
