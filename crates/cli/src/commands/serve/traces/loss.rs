//! Spans that do not reach the collector: counted, and told of in the log now and then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::collector::Refusal;

/// How long nothing more is said of losses after something was: a collector that comes and
/// goes must not fill the log.
const SILENCE: Duration = Duration::from_secs(60);

/// What its log lines are found by.
const TARGET: &str = "synaptoroute::traces";

/// What was made, and what became of it.
#[derive(Debug)]
pub(super) struct Losses {
    url: String,
    /// Spans that can be on their way without being lost.
    room: u64,
    made: AtomicU64,
    taken: AtomicU64,
    delivered: AtomicU64,
    said: Mutex<Said>,
}

/// What stands in the log.
#[derive(Debug, Default)]
struct Said {
    at: Option<Instant>,
    /// That the collector does not take them.
    failing: bool,
    /// That so many found no room.
    dropped: u64,
}

impl Said {
    fn may_say(&mut self) -> bool {
        let may = self.at.is_none_or(|at| at.elapsed() >= SILENCE);
        if may {
            self.at = Some(Instant::now());
        }
        may
    }
}

impl Losses {
    pub(super) fn new(url: &str, room: usize) -> Self {
        Self {
            url: url.to_owned(),
            room: room as u64,
            made: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            said: Mutex::default(),
        }
    }

    /// A batch is taken from those that wait.
    pub(super) fn taken(&self, spans: u64) {
        let taken = self.taken.fetch_add(spans, Ordering::Relaxed);
        let waiting = self.made.load(Ordering::Relaxed).saturating_sub(taken);
        let dropped = waiting.saturating_sub(self.room);
        self.say(|said| {
            // A collector that takes none is reason enough, and was told of.
            if said.failing || dropped <= said.dropped || !said.may_say() {
                return;
            }
            said.dropped = dropped;
            tracing::warn!(
                target: TARGET,
                url = self.url,
                dropped,
                "there are more spans than the collector takes, and those that find no place in \
                 the queue are dropped; make fewer with --otlp-ratio, or name a nearer collector"
            );
        });
    }

    pub(super) fn delivered(&self, spans: u64) {
        self.delivered.fetch_add(spans, Ordering::Relaxed);
        self.say(|said| {
            if std::mem::take(&mut said.failing) {
                tracing::info!(target: TARGET, url = self.url, "the collector takes spans again");
            }
        });
    }

    /// The collector took the batch but for some.
    pub(super) fn partly(&self, spans: u64, refused: u64, why: &str) {
        self.delivered(spans.saturating_sub(refused));
        self.say(|said| {
            if said.may_say() {
                let url = &self.url;
                tracing::warn!(
                    target: TARGET,
                    url,
                    refused,
                    of = spans,
                    why,
                    "the collector refused spans"
                );
            }
        });
    }

    /// The collector took none of a batch.
    pub(super) fn refused(&self, spans: u64, refusal: &Refusal) {
        let url = &self.url;
        tracing::debug!(target: TARGET, url, spans, %refusal, "a batch of spans is lost");
        self.say(|said| {
            if said.failing || !said.may_say() {
                return;
            }
            said.failing = true;
            tracing::warn!(
                target: TARGET,
                url = self.url,
                "the collector does not take spans: {refusal}. They are lost until it does, and \
                 requests are answered as ever. {}",
                refusal.advice()
            );
        });
    }

    /// The end: what was lost of all there were.
    pub(super) fn sum_up(&self, in_time: bool) {
        let made = self.made.load(Ordering::Relaxed);
        let lost = made.saturating_sub(self.delivered.load(Ordering::Relaxed));
        if lost > 0 {
            let why = if in_time { "" } else { ", the last of them for want of time" };
            tracing::warn!(
                target: TARGET,
                url = self.url,
                "{lost} of {made} spans did not reach the collector{why}"
            );
        }
    }

    fn say(&self, what: impl FnOnce(&mut Said)) {
        what(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Counts the spans that are handed on: one that finds no room is counted nowhere else.
#[derive(Debug)]
pub(super) struct Counted<P> {
    next: P,
    losses: Arc<Losses>,
}

impl<P> Counted<P> {
    pub(super) fn new(next: P, losses: Arc<Losses>) -> Self {
        Self { next, losses }
    }
}

impl<P: SpanProcessor> SpanProcessor for Counted<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.next.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        self.losses.made.fetch_add(1, Ordering::Relaxed);
        self.next.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}
