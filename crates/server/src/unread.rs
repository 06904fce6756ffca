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

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time;

use crate::deadline::Overdue;
use crate::intake::{Intake, Watched};

/// Longest body that is read on for the connection's sake; Go's server draws the same line.
/// A new connection costs less than more than this.
const MAX_BYTES: u64 = 256 << 10;

/// How much later an answer may be for the connection's sake: some round trips to another
/// continent.
const PATIENCE: Duration = Duration::from_secs(1);

/// Answers, and sees to it that the request's body is read to its end or the answer ends
/// the connection.
pub(crate) async fn finish(State(intake): State<Intake>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    // Who asks whether to send the body must not hear yes only for it to be thrown away.
    let asks_first = request.headers().contains_key(header::EXPECT);
    let (head, body) = request.into_parts();
    let body = intake.watch(body);
    let mut request = Request::from_parts(head, Body::new(body.clone()));
    // For who reads on when nobody waits for the answer any more.
    request.extensions_mut().insert(body.clone());
    let mut response = next.run(request).await;
    let has_no_time = asks_first || response.extensions().get::<Overdue>().is_some();
    if !body.ended() && (has_no_time || !skip_rest(&body).await) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads on to the end; false if that is too far off.
async fn skip_rest(body: &Watched) -> bool {
    let to_the_end = async {
        // What was read counts: who refuses a body for its length refuses the rest of it too.
        while body.at_most().is_some_and(|length| length <= MAX_BYTES) {
            body.skip().await;
        }
    };
    let _late = time::timeout(PATIENCE, to_the_end).await;
    body.ended()
}
