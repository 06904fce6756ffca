//! What is counted on the way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use synaptoroute::Timing;

use super::decisions::Decisions;
use super::metric::{Counter, Histogram};
use super::page::{Kind, Page};

const fn us(microseconds: u64) -> Duration {
    Duration::from_micros(microseconds)
}

/// From a search in a few rows to a request that waited for as long as anybody does.
const BOUNDS: [Duration; 22] = [
    us(1),
    us(2),
    us(5),
    us(10),
    us(25),
    us(50),
    us(100),
    us(250),
    us(500),
    us(1_000),
    us(2_500),
    us(5_000),
    us(10_000),
    us(25_000),
    us(50_000),
    us(100_000),
    us(250_000),
    us(500_000),
    us(1_000_000),
    us(2_500_000),
    us(5_000_000),
    us(10_000_000),
];

/// All that this server counts.
#[derive(Default)]
pub(super) struct Metrics {
    pub(super) requests: Requests,
    pub(super) stages: Stages,
    pub(super) decisions: Decisions,
    pub(super) rejections: Rejections,
    /// Requests that have no answer yet.
    pub(super) in_flight: AtomicU64,
    /// Requests whose caller went away first.
    pub(super) abandoned: Counter,
}

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    QueueFull,
    QueueBytes,
    Copies,
    /// Another fit was being made.
    Fits,
    Deadline,
    Stopping,
}

/// Rejections by reason.
#[derive(Default)]
pub(super) struct Rejections([Counter; Rejection::ALL.len()]);

impl Rejection {
    pub(super) const ALL: [Self; 6] = [
        Self::QueueFull,
        Self::QueueBytes,
        Self::Copies,
        Self::Fits,
        Self::Deadline,
        Self::Stopping,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::QueueBytes => "queue_bytes",
            Self::Copies => "copies",
            Self::Fits => "fits",
            Self::Deadline => "deadline",
            Self::Stopping => "stopping",
        }
    }
}

impl Rejections {
    pub(super) fn add(&self, reason: Rejection) {
        self.0[reason as usize].add(1);
    }

    pub(super) fn write(&self, page: &mut Page) {
        let help = "Requests that were refused although nothing was wrong with them";
        let mut family = page.family("synaptoroute_rejections_total", Kind::Counter, help);
        for (reason, count) in Rejection::ALL.iter().zip(&self.0) {
            family.sample(&[("reason", reason.name())], count.get());
        }
    }
}

/// Where the time of a decision goes.
pub(super) struct Stages([Histogram; STAGES.len()]);

/// In the order of a query's way.
pub(super) const STAGES: [&str; 5] = ["queue", "tokenise", "encode", "search", "decide"];

/// How long a query spent in each of [`STAGES`].
pub(super) fn times(timing: &Timing) -> [Duration; STAGES.len()] {
    let Timing { queue_us, tokenise_us, encode_us, search_us, decide_us } = *timing;
    [queue_us, tokenise_us, encode_us, search_us, decide_us].map(Duration::from_micros)
}

impl Default for Stages {
    fn default() -> Self {
        Self(STAGES.map(|_| Histogram::new(&BOUNDS)))
    }
}

impl Stages {
    pub(super) fn add(&self, timing: &Timing) {
        for (histogram, time) in self.0.iter().zip(times(timing)) {
            histogram.add(time);
        }
    }

    pub(super) fn write(&self, page: &mut Page) {
        let help = "Time of a decision by stage; one of a batch counts as any other";
        let mut family = page.family("synaptoroute_stage_duration_seconds", Kind::Histogram, help);
        for (name, histogram) in STAGES.iter().zip(&self.0) {
            family.histogram(&[("stage", name)], &histogram.counts());
        }
    }
}

/// Requests by what was asked for and what came of it. Bounded by what there is: a path is the
/// template that a handler was found by, a method one that is known.
#[derive(Default)]
pub(super) struct Requests {
    answered: RwLock<HashMap<Answered, Counter>>,
    durations: RwLock<HashMap<Template, Histogram>>,
}

/// A path with its parameters' names in place of their values.
pub(super) type Template = std::sync::Arc<str>;

#[derive(PartialEq, Eq, Hash)]
struct Answered {
    method: &'static str,
    path: Template,
    status: u16,
}

impl Requests {
    pub(super) fn add(
        &self,
        method: &'static str,
        path: &Template,
        status: StatusCode,
        took: Duration,
    ) {
        let key = Answered { method, path: path.clone(), status: status.as_u16() };
        with(&self.answered, key, Counter::default, |counter| counter.add(1));
        let histogram = || Histogram::new(&BOUNDS);
        with(&self.durations, path.clone(), histogram, |histogram| histogram.add(took));
    }

    pub(super) fn write(&self, page: &mut Page) {
        let help = "Requests that were answered";
        let mut family = page.family("synaptoroute_http_requests_total", Kind::Counter, help);
        let answered = self.answered.read().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<_> = answered.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| (&key.path, key.method, key.status));
        for (Answered { method, path, status }, count) in sorted {
            let status = status.to_string();
            family.sample(&[("method", method), ("path", path), ("status", &status)], count.get());
        }
        let help = "Time from a request's head to its answer's";
        let mut family =
            page.family("synaptoroute_http_request_duration_seconds", Kind::Histogram, help);
        let durations = self.durations.read().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<_> = durations.iter().collect();
        sorted.sort_unstable_by_key(|(path, _)| *path);
        for (path, histogram) in sorted {
            family.histogram(&[("path", path)], &histogram.counts());
        }
    }
}

/// Does something with the value of a key, made if there is none.
fn with<K: Eq + std::hash::Hash, V>(
    map: &RwLock<HashMap<K, V>>,
    key: K,
    make: impl FnOnce() -> V,
    work: impl FnOnce(&V),
) {
    if let Some(known) = map.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return work(known);
    }
    work(map.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert_with(make));
}

/// The method, if it is one that anything here could take.
pub(super) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A request that is being answered, for as long as this lives.
pub(super) struct InFlight<'a>(&'a AtomicU64);

impl<'a> InFlight<'a> {
    pub(super) fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
