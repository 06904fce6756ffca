//! `synaptoroute bench serve`: a service under load, from one connection to far too much.
//!
//! `stage` starts services as a user would and has the same router in this process, so that
//! every number over HTTP stands beside one of the same run without it. `load` drives many
//! `connection`s to a `target`, as fast as it answers or by a `schedule`; `answers` reads what
//! comes back, `tally` counts it. `echo` is the least that a service of any kind takes. `single`,
//! `capacity`, `half`, `overload` and `cached` are the scenarios; `remote` is for a service of
//! others.

mod answers;
mod cached;
mod capacity;
mod connection;
mod echo;
mod files;
mod half;
mod load;
mod overload;
mod print;
mod remote;
mod schedule;
mod single;
mod stage;
mod tally;
mod target;
mod texts;

use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use self::cached::Cached;
use self::capacity::Capacity;
use self::half::Half;
use self::overload::Overload;
use self::single::Single;
use self::stage::Stage;
use super::{cores, cpu};
use crate::args::{BenchArgs, BenchServeArgs, EngineArgs, Scenario};
use crate::failure::Failure;
use crate::output;

pub(super) use self::echo::run as echo;

/// Where `--seconds` does not say.
const SECONDS: f64 = 8.0;

/// How long after a load's end answers are waited for; who has none then has hung.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a service may remember, for the report.
const CACHE: &str = "off, but where one text is asked again and again";

/// What is asked, for the report.
const TEXTS: &str = "every text differs, from those of other runs too; about 12 tokens";

/// What was measured; a scenario that was not run is left out.
#[derive(Serialize)]
struct Report {
    machine: String,
    isa: &'static str,
    texts: &'static str,
    /// Tokens of a text on average, both marks included.
    tokens_each: f64,
    cache: &'static str,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    single: Option<Single>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capacity: Option<Capacity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    half: Option<Vec<Half>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overload: Option<Overload>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached: Option<Cached>,
}

pub(super) fn run(
    args: &BenchArgs,
    serve: &BenchServeArgs,
    engine_args: &EngineArgs,
) -> Result<(), Failure> {
    if let Some(url) = &serve.url {
        return remote::run(args, serve, url);
    }
    let seconds = args.seconds.unwrap_or(SECONDS);
    let stage = Stage::new(engine_args, seconds)?;
    let wanted = |scenario| serve.only.is_empty() || serve.only.contains(&scenario);
    let steps = Scenario::value_variants().iter().filter(|&&scenario| wanted(scenario)).count();
    let bar = output::progress(steps, "scenarios");
    bar.tick();
    let single = wanted(Scenario::Single).then(|| single::measure(&stage)).transpose()?;
    bar.inc(u64::from(single.is_some()));
    let capacity = wanted(Scenario::Capacity).then(|| capacity::measure(&stage)).transpose()?;
    bar.inc(u64::from(capacity.is_some()));
    // What the loads below are parts and times of.
    let most = match &capacity {
        Some(capacity) => capacity.most(),
        None if wanted(Scenario::Half) || wanted(Scenario::Overload) => capacity::alone(&stage)?,
        None => 0.0,
    };
    let half = wanted(Scenario::Half).then(|| half::measure(&stage, most)).transpose()?;
    bar.inc(u64::from(half.is_some()));
    let overload = wanted(Scenario::Overload);
    let overload = overload.then(|| overload::measure(&stage, serve, most)).transpose()?;
    bar.inc(u64::from(overload.is_some()));
    let cached = wanted(Scenario::Cached).then(|| cached::measure(&stage)).transpose()?;
    bar.finish_and_clear();
    let report = Report {
        machine: format!("{}, {} cores", cpu(), cores()),
        isa: stage.router.model().isa.name(),
        texts: TEXTS,
        tokens_each: stage.tokens_each()?,
        cache: CACHE,
        seconds,
        single,
        capacity,
        half,
        overload,
        cached,
    };
    if args.json { output::json(&report) } else { print::print(&report) }
}
