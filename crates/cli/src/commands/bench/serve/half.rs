//! Half of what a service can: how it feels when there is enough of it.

use std::sync::Arc;

use serde::Serialize;

use super::capacity::CONNECTIONS;
use super::load::{Load, Pace};
use super::stage::Stage;
use super::tally::{Answers, Latency};
use crate::commands::bench::process::cpu_us_each;
use crate::failure::Failure;

/// The part of its capacity that a service is asked for.
const PART: f64 = 0.5;

/// A fixed rate over so many connections.
#[derive(Serialize)]
pub(super) struct Half {
    pub(super) connections: usize,
    pub(super) due_per_second: f64,
    /// From when each was due.
    pub(super) latency: Option<Latency>,
    /// How late requests were sent: the generator's own doing, or no connection was free.
    pub(super) sent_late: Option<Latency>,
    pub(super) answers: Answers,
    pub(super) server_cpu_us_each: Option<f64>,
    pub(super) resident_mb_before: Option<f64>,
    pub(super) resident_mb_peak: Option<f64>,
    pub(super) resident_mb_after: Option<f64>,
}

pub(super) fn measure(stage: &Stage<'_>, capacity: f64) -> Result<Vec<Half>, Failure> {
    let each = |connections| over(stage, capacity * PART, connections);
    CONNECTIONS.into_iter().map(each).collect()
}

fn over(stage: &Stage<'_>, due_per_second: f64, connections: usize) -> Result<Half, Failure> {
    // Its own service for each: a peak of memory is one of a process's whole life.
    let service = stage.serve_uncached(&[])?;
    let process = service.process();
    let (cpu, resident_mb_before) = (process.cpu(), process.resident_mb());
    let tally = Load {
        target: Arc::clone(&service.target),
        texts: Arc::clone(&stage.texts),
        connections,
        pace: Pace::Fixed(due_per_second),
        span: stage.span,
    }
    .run()?;
    Ok(Half {
        connections,
        due_per_second,
        latency: tally.admitted.latency(),
        sent_late: tally.late.latency(),
        answers: tally.answers,
        server_cpu_us_each: cpu_us_each(cpu, process.cpu(), tally.answers.answered()),
        resident_mb_before,
        resident_mb_peak: process.peak_mb(),
        resident_mb_after: process.resident_mb(),
    })
}
