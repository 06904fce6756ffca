//! One connection: what HTTP adds to a query.

use std::time::Instant;

use serde::Serialize;

use super::connection::Blocking;
use super::stage::Stage;
use super::tally::{Latency, Times};
use super::texts::checked;
use crate::commands::bench::service::bench;
use crate::failure::Failure;

/// Queries before the other side has its turn with the same ones.
const TURN: usize = 100;

/// The first of a turn, which bring back into the caches what the other side displaced. They
/// are not counted.
const FIRST: usize = 10;

/// One query after the other, over HTTP and in this process, in turns.
#[derive(Serialize)]
pub(super) struct Single {
    pub(super) queries: u64,
    pub(super) http: Latency,
    pub(super) in_process: Latency,
    /// The usual query over HTTP, less the usual one in this process.
    pub(super) p50_above_in_process_us: f64,
}

pub(super) fn measure(stage: &Stage<'_>) -> Result<Single, Failure> {
    let service = stage.serve_uncached(&[])?;
    let mut connection = Blocking::open(&service.target).map_err(bench)?;
    let (mut http, mut in_process) = (Times::new(), Times::new());
    let mut queries = 0;
    let begun = Instant::now();
    let mut request = Vec::new();
    for turn in 0.. {
        let texts: Vec<String> = (0..TURN).map(|_| stage.texts.next()).collect();
        // Who is first in one turn is second in the next.
        for side in [turn % 2, (turn + 1) % 2] {
            for (number, text) in texts.iter().enumerate() {
                let (times, one) = if side == 0 {
                    service.target.request(text, &mut request);
                    let one = Instant::now();
                    let status = connection.ask(&request).map_err(bench)?.status;
                    if status != 200 {
                        return Err(bench(format!("it answered {status} to a query")));
                    }
                    (&mut http, one.elapsed())
                } else {
                    let text = checked(text.clone());
                    let one = Instant::now();
                    std::hint::black_box(stage.router.route(&text, Default::default())?);
                    (&mut in_process, one.elapsed())
                };
                if number >= FIRST {
                    times.add(one);
                }
            }
        }
        queries += (TURN - FIRST) as u64;
        if begun.elapsed() >= stage.span {
            break;
        }
    }
    let nothing = || bench("no query was measured");
    let (http, in_process) =
        (http.latency().ok_or_else(nothing)?, in_process.latency().ok_or_else(nothing)?);
    let p50_above_in_process_us = http.p50_us - in_process.p50_us;
    Ok(Single { queries, http, in_process, p50_above_in_process_us })
}
