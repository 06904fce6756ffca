//! Ten times what a service can: who is admitted waits no longer than the queue is long, the
//! others are refused at once, and nobody waits for ever.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde::Serialize;

use super::files;
use super::load::{Load, Pace};
use super::stage::Stage;
use super::tally::{Answers, Latency};
use crate::args::BenchServeArgs;
use crate::commands::bench::process::{Process, cpu_us_each};
use crate::failure::Failure;

/// How many times its capacity a service is asked for.
const TIMES: f64 = 10.0;

/// Connections beyond the two for each place in the queue.
const MORE_CONNECTIONS: usize = 1000;

/// What an overloaded service did.
#[derive(Serialize)]
pub(super) struct Overload {
    pub(super) seconds: f64,
    pub(super) max_queue: u32,
    pub(super) connections: usize,
    /// Whether there would be more connections if this process might have more files open.
    pub(super) connections_limited_by_open_files: bool,
    pub(super) due_per_second: f64,
    pub(super) sent_per_second: f64,
    /// How late requests were sent: the generator's own doing, or no connection was free.
    pub(super) sent_late: Option<Latency>,
    pub(super) ok_per_second: f64,
    /// Of 2xx, from when each was due.
    pub(super) admitted: Option<Latency>,
    /// Of all others.
    pub(super) refused: Option<Latency>,
    /// The queue's bound at the rate at which it was worked off.
    pub(super) bound_ms: f64,
    /// p99 of the admitted as a part of that.
    pub(super) admitted_p99_of_bound: Option<f64>,
    pub(super) answers: Answers,
    pub(super) server_cpu_us_each: Option<f64>,
    /// Before, then each second, then after.
    pub(super) resident_mb: Vec<f64>,
    pub(super) resident_mb_peak: Option<f64>,
}

pub(super) fn measure(
    stage: &Stage<'_>,
    args: &BenchServeArgs,
    capacity: f64,
) -> Result<Overload, Failure> {
    let wanted = 2 * args.max_queue as usize + MORE_CONNECTIONS;
    let connections = files::allow(wanted);
    let max_queue = args.max_queue;
    let service = stage.serve_uncached(&["--max-queue".to_owned(), max_queue.to_string()])?;
    let process = service.process();
    let span = Duration::from_secs_f64(args.overload_seconds);
    let (due_per_second, cpu) = (capacity * TIMES, process.cpu());
    let load = Load {
        target: Arc::clone(&service.target),
        texts: Arc::clone(&stage.texts),
        connections,
        pace: Pace::Fixed(due_per_second),
        span,
    };
    let (tally, resident_mb) = watched(process, || load.run())?;
    let ok_per_second = tally.ok_in_time as f64 / span.as_secs_f64();
    let bound_ms = f64::from(max_queue) / ok_per_second * 1e3;
    let admitted = tally.admitted.latency();
    Ok(Overload {
        seconds: args.overload_seconds,
        max_queue,
        connections,
        connections_limited_by_open_files: connections < wanted,
        due_per_second,
        sent_per_second: tally.sent_in_time as f64 / span.as_secs_f64(),
        sent_late: tally.late.latency(),
        ok_per_second,
        admitted,
        refused: tally.refused.latency(),
        bound_ms,
        admitted_p99_of_bound: admitted.map(|latency| latency.p99_us / 1e3 / bound_ms),
        answers: tally.answers,
        server_cpu_us_each: cpu_us_each(cpu, process.cpu(), tally.answers.answered()),
        resident_mb,
        resident_mb_peak: process.peak_mb(),
    })
}

/// Does `work`, and notes the memory of a process before, each second, and after.
fn watched<T>(
    process: Process,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Result<(T, Vec<f64>), Failure> {
    let (end, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let watcher = scope.spawn(move || {
            let mut seen: Vec<f64> = process.resident_mb().into_iter().collect();
            while ended.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                seen.extend(process.resident_mb());
            }
            seen.extend(process.resident_mb());
            seen
        });
        let done = work();
        drop(end);
        let seen = watcher.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        done.map(|done| (done, seen))
    })
}
