//! By what a request is known: to its caller, in log lines, in a trace.

use std::fmt::Write;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::trace::{self, Parent};

/// What a caller calls its request, and what it is told that we do.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest request id that is taken from a caller: it stands in every log line.
const MAX_ID: usize = 128;

/// By what a request is known.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// The caller's own, if it can be shown as it is; else one of ours. Visible ASCII.
    pub(super) request: HeaderValue,
    /// The trace that it belongs to: the caller's, or one that begins here.
    pub(super) trace: u128,
    /// What called, if it said so.
    pub(super) parent: Option<Parent>,
}

/// Makes ids that no other process makes, as long as nobody tries: to tell requests apart, not
/// to keep secrets.
pub(super) struct Ids {
    random: RandomState,
    made: AtomicU64,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self { random: RandomState::new(), made: AtomicU64::new(0) }
    }

    pub(super) fn identify(&self, headers: &HeaderMap) -> Identity {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let parent = trace::parent(headers);
        let trace = match &parent {
            Some(parent) => parent.trace,
            None => self.trace(number),
        };
        let given = headers.get(REQUEST_ID).filter(|id| is_sane(id));
        let request = given.cloned().unwrap_or_else(|| self.request(number));
        Identity { request, trace, parent }
    }

    /// What tells this process from others, and the request's number in it.
    fn request(&self, number: u64) -> HeaderValue {
        let mut id = String::with_capacity(24);
        let process = self.random.hash_one("process") >> 16;
        write!(id, "{process:012x}-{number:x}").expect("a string takes all");
        HeaderValue::try_from(id).expect("hexadecimal digits are visible")
    }

    /// Not zero, which is no trace.
    fn trace(&self, number: u64) -> u128 {
        let half = |which: u8| u128::from(self.random.hash_one((which, number)));
        (half(0) << 64 | half(1)).max(1)
    }
}

fn is_sane(id: &HeaderValue) -> bool {
    (1..=MAX_ID).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
}
