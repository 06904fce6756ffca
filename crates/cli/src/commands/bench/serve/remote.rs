//! A service that somebody else runs: as much as it answers.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::load::{Load, Pace};
use super::tally::{Answers, Latency, Tally};
use super::target::Target;
use super::texts::Texts;
use super::{files, print};
use crate::args::{BenchArgs, BenchServeArgs};
use crate::commands::bench::service::bench;
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
        target: Arc::new(Target::new(url, serve.key.get())?),
        texts: Arc::new(Texts::new()),
        connections,
        pace: Pace::Saturating,
        span: Duration::from_secs_f64(seconds),
    }
    .run()
    .map_err(|failure| match failure {
        Failure::Bench(why) => Failure::Bench(format!("{url}: {why}")),
        failure => failure,
    })?;
    if tally.answers.ok == 0 {
        return Err(bench(in_vain(url, &tally)));
    }
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

/// Why a load measured nothing, and what to do about it.
fn in_vain(url: &ServerUrl, tally: &Tally) -> String {
    let advice = match tally.odd_status {
        Some(status @ (401 | 403)) => {
            format!("the last status was {status}: show it a key that may read, with --api-key")
        }
        Some(status) => format!(
            "the last status was {status}: is that the address of a service that answers POST \
             /route?"
        ),
        None => "it has more to do than it can, or is starting or stopping: ask again later, or \
                 with fewer --connections"
            .to_owned(),
    };
    let kinds = print::answers(&tally.answers);
    format!("{url}: not one 2xx, but {kinds}; {advice}")
}
