//! Asking over HTTP, with nobody else there and while routes change.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;

use super::super::quantiles::Quantiles;
use super::super::service::{Service, bench};
use super::dataset::name;
use crate::args::EngineArgs;
use crate::failure::Failure;

/// Adds a second while routes change.
const ADDS_A_SECOND: u64 = 100;

/// Of one turn; quiet and busy ones alternate, so that both meet the same machine.
const SPAN: Duration = Duration::from_secs(3);

const TURNS: usize = 4;

/// One client, one query after the other, each on one thread.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Live {
    pub(super) quiet: Quantiles,
    pub(super) while_adding: Quantiles,
    pub(super) adds_a_second: f64,
}

/// Resident megabytes of a service that has just opened the file.
pub(super) fn resident_mb(
    engine_args: &EngineArgs,
    database: &Path,
) -> Result<Option<f64>, Failure> {
    let service = Service::start(engine_args, [Path::new("--db"), database])?;
    ask(&agent(), service.url(), 0)?;
    Ok(service.process().resident_mb())
}

pub(super) fn measure(engine_args: &EngineArgs, database: &Path) -> Result<Live, Failure> {
    let flags = ["--query-threads", "1", "--db"].map(Path::new);
    let service = Service::start(engine_args, flags.into_iter().chain([database]))?;
    let agent = agent();
    let (mut quiet, mut busy) = (Vec::new(), Vec::new());
    (0..200).try_for_each(|i| ask(&agent, service.url(), i))?;
    let (mut added, mut adding) = (0, Duration::ZERO);
    for turn in 0..TURNS {
        queries(&agent, service.url(), &mut quiet)?;
        let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
        let begun = Instant::now();
        thread::scope(|scope| {
            let writer = scope.spawn(|| adds(service.url(), turn, &stop, &count));
            let asked = queries(&agent, service.url(), &mut busy);
            stop.store(true, Ordering::Relaxed);
            writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).and(asked)
        })?;
        added += count.into_inner();
        adding += begun.elapsed();
    }
    Ok(Live {
        quiet: Quantiles::of(&mut quiet),
        while_adding: Quantiles::of(&mut busy),
        adds_a_second: added as f64 / adding.as_secs_f64(),
    })
}

fn queries(agent: &ureq::Agent, url: &str, times: &mut Vec<f64>) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut number = 0;
    while begun.elapsed() < SPAN {
        let one = Instant::now();
        ask(agent, url, number)?;
        times.push(one.elapsed().as_secs_f64() * 1e3);
        number += 1;
    }
    Ok(())
}

fn ask(agent: &ureq::Agent, url: &str, number: usize) -> Result<(), Failure> {
    let query = format!("how do I reset the password of account {number}");
    let mut answer =
        agent.post(format!("{url}/route")).send_json(json!({ "query": query })).map_err(bench)?;
    answer.body_mut().read_to_vec().map(drop).map_err(bench)
}

/// Adds at a fixed rate; who is late does not hurry.
fn adds(url: &str, turn: usize, stop: &AtomicBool, count: &AtomicUsize) -> Result<(), Failure> {
    let agent = agent();
    let mut due = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let path = name(number % 100).to_string().replace(' ', "%20");
        let text = format!("one more way to say it, number {number} of turn {turn}");
        let mut answer = agent
            .post(format!("{url}/routes/{path}/utterances"))
            .send_json(json!({ "utterance": text }))
            .map_err(bench)?;
        answer.body_mut().read_to_vec().map_err(bench)?;
        due = (due + Duration::from_nanos(1_000_000_000 / ADDS_A_SECOND)).max(Instant::now());
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

fn agent() -> ureq::Agent {
    ureq::Agent::new_with_defaults()
}
