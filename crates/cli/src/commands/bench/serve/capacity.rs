//! As much as a service answers, beside as much as the same routers answer without one.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::load::{Load, Pace};
use super::stage::{Measured, Stage};
use super::tally::{Answers, Latency, Tally};
use crate::commands::bench::cores;
use crate::commands::bench::process::{Process, cpu_us_each};
use crate::failure::Failure;

/// Connections that are measured.
pub(super) const CONNECTIONS: [usize; 3] = [1, 16, 256];

/// Each measurement's time comes in so many parts, in turns with the others'.
const TURNS: u32 = 4;

/// A service that always has something to do, and this process in its place.
#[derive(Serialize)]
pub(super) struct Capacity {
    pub(super) in_process: InProcess,
    pub(super) over_http: Vec<Saturated>,
}

/// The router in this process, asked by a thread a core.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct InProcess {
    pub(super) threads: usize,
    pub(super) per_second: f64,
    pub(super) cpu_us_each: Option<f64>,
}

/// Over so many connections.
#[derive(Serialize)]
pub(super) struct Saturated {
    pub(super) connections: usize,
    pub(super) per_second: f64,
    /// As a part of what this process answers.
    pub(super) of_in_process: f64,
    pub(super) latency: Option<Latency>,
    pub(super) answers: Answers,
    pub(super) server_cpu_us_each: Option<f64>,
    /// Without what routing costs in this process.
    pub(super) server_cpu_above_in_process_us: Option<f64>,
}

/// Sums over turns.
struct Sum {
    tally: Tally,
    cpu: Option<Duration>,
}

pub(super) fn measure(stage: &Stage<'_>) -> Result<Capacity, Failure> {
    let service = stage.serve_uncached(&[])?;
    let slice = stage.span / TURNS;
    let mut sums = CONNECTIONS.map(|_| Sum { tally: Tally::new(), cpu: Some(Duration::ZERO) });
    let (mut routed, mut routing, mut cpu) = (0, Duration::ZERO, Some(Duration::ZERO));
    for _ in 0..TURNS {
        let before = Process::own().cpu();
        let (number, took) = in_process(stage, slice)?;
        cpu = add(cpu, before, Process::own().cpu());
        routed += number;
        routing += took;
        for (connections, sum) in CONNECTIONS.into_iter().zip(&mut sums) {
            let before = service.process().cpu();
            let tally = saturate(stage, &service, connections, slice)?;
            sum.cpu = add(sum.cpu, before, service.process().cpu());
            sum.tally.merge(&tally);
        }
    }
    let in_process = InProcess {
        threads: cores().get(),
        per_second: routed as f64 / routing.as_secs_f64(),
        cpu_us_each: cpu_us_each(Some(Duration::ZERO), cpu, routed),
    };
    let over_http = CONNECTIONS.into_iter().zip(&sums).map(|(connections, sum)| {
        let per_second = sum.tally.ok_in_time as f64 / (slice * TURNS).as_secs_f64();
        let cpu = cpu_us_each(Some(Duration::ZERO), sum.cpu, sum.tally.answers.answered());
        Saturated {
            connections,
            per_second,
            of_in_process: per_second / in_process.per_second,
            latency: sum.tally.admitted.latency(),
            answers: sum.tally.answers,
            server_cpu_us_each: cpu,
            server_cpu_above_in_process_us: cpu.zip(in_process.cpu_us_each).map(|(a, b)| a - b),
        }
    });
    Ok(Capacity { over_http: over_http.collect(), in_process })
}

/// Requests a second that a fresh service answers at most, where nothing else is asked.
pub(super) fn alone(stage: &Stage<'_>) -> Result<f64, Failure> {
    let service = stage.serve_uncached(&[])?;
    let most = CONNECTIONS[CONNECTIONS.len() - 1];
    let span = stage.span / TURNS;
    let tally = saturate(stage, &service, most, span)?;
    Ok(tally.ok_in_time as f64 / span.as_secs_f64())
}

impl Capacity {
    /// Requests a second over the most connections.
    pub(super) fn most(&self) -> f64 {
        self.over_http.last().map_or(0.0, |saturated| saturated.per_second)
    }
}

fn saturate(
    stage: &Stage<'_>,
    service: &Measured,
    connections: usize,
    span: Duration,
) -> Result<Tally, Failure> {
    let (target, texts) = (Arc::clone(&service.target), Arc::clone(&stage.texts));
    Load { target, texts, connections, pace: Pace::Saturating, span }.run()
}

/// Routes on all cores for so long; how many texts, and how long it was.
fn in_process(stage: &Stage<'_>, span: Duration) -> Result<(u64, Duration), Failure> {
    let begun = Instant::now();
    let route = || {
        let mut routed = 0;
        while begun.elapsed() < span {
            stage.route(stage.texts.next())?;
            routed += 1;
        }
        Ok::<u64, Failure>(routed)
    };
    let routed = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores().get()).map(|_| scope.spawn(route)).collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.sum::<Result<u64, Failure>>()
    })?;
    Ok((routed, begun.elapsed()))
}

fn add(
    sum: Option<Duration>,
    before: Option<Duration>,
    after: Option<Duration>,
) -> Option<Duration> {
    Some(sum? + after?.checked_sub(before?)?)
}
