//! A service that somebody else runs: as much as it answers.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::load::{Load, Pace};
use super::tally::{Answers, Latency};
use super::target::Target;
use super::texts::Texts;
use super::{files, print};
use crate::args::{BenchArgs, BenchServeArgs};
use crate::failure::Failure;
use crate::output;
use crate::remote::ServerUrl;

/// What it answered.
#[derive(Serialize)]
pub(super) struct Remote {
    pub(super) url: String,
    pub(super) connections: usize,
    pub(super) seconds: f64,
    pub(super) per_second: f64,
    pub(super) latency: Option<Latency>,
    pub(super) answers: Answers,
    pub(super) texts: &'static str,
}

pub(super) fn run(
    args: &BenchArgs,
    serve: &BenchServeArgs,
    url: &ServerUrl,
) -> Result<(), Failure> {
    let seconds = args.seconds.unwrap_or(super::SECONDS);
    let connections = files::allow(serve.connections as usize);
    let tally = Load {
        target: Arc::new(Target::new(&url.to_string())?),
        texts: Arc::new(Texts::new()),
        connections,
        pace: Pace::Saturating,
        span: Duration::from_secs_f64(seconds),
    }
    .run()?;
    let report = Remote {
        url: url.to_string(),
        connections,
        seconds,
        per_second: tally.ok_in_time as f64 / seconds,
        latency: tally.admitted.latency(),
        answers: tally.answers,
        texts: super::TEXTS,
    };
    if args.json { output::json(&report) } else { print::remote(&report) }
}
