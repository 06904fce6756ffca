//! The same text again and again, which a service with a cache does not read twice.

use std::time::Instant;

use serde::Serialize;

use super::connection::Blocking;
use super::stage::Stage;
use super::tally::{Latency, Times};
use crate::commands::bench::service::bench;
use crate::failure::Failure;

/// One text over one connection, to a service as it is started by default.
#[derive(Serialize)]
pub(super) struct Cached {
    pub(super) queries: u64,
    pub(super) http: Latency,
}

pub(super) fn measure(stage: &Stage<'_>) -> Result<Cached, Failure> {
    let service = stage.serve(&[])?;
    let mut connection = Blocking::open(&service.target).map_err(bench)?;
    let (mut request, mut times, mut queries) = (Vec::new(), Times::new(), 0);
    service.target.request(&stage.texts.next(), &mut request);
    connection.ask(&request).map_err(bench)?;
    let begun = Instant::now();
    while begun.elapsed() < stage.span {
        let one = Instant::now();
        let status = connection.ask(&request).map_err(bench)?.status;
        if status != 200 {
            return Err(bench(format!("it answered {status} to a query")));
        }
        times.add(one.elapsed());
        queries += 1;
    }
    let http = times.latency().ok_or_else(|| bench("no query was measured"))?;
    Ok(Cached { queries, http })
}
