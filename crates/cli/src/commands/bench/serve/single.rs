//! One connection: what HTTP adds to a query, and how much of that is waking up.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::connection::Blocking;
use super::echo::Echo;
use super::stage::{Measured, Stage};
use super::tally::{Latency, Times};
use super::texts::checked;
use crate::commands::bench::service::bench;
use crate::failure::Failure;

/// Queries before another side has its turn with the same ones.
const TURN: usize = 100;

/// The first of a turn, which bring back into the caches what another side displaced. They are
/// not counted.
const FIRST: usize = 10;

/// One query after the other, over HTTP and in this process, in turns.
#[derive(Serialize)]
pub(super) struct Single {
    pub(super) queries: u64,
    pub(super) http: Latency,
    pub(super) in_process: Latency,
    /// The usual query over HTTP, less the usual one in this process.
    pub(super) p50_above_in_process_us: f64,
    /// What an echo adds to as much computing, in the same turns: of what HTTP adds, the part
    /// that is sleeping processes, woken.
    pub(super) wake_ups_alone: Latency,
}

/// Those who have a turn each with the same texts.
#[derive(Clone, Copy)]
enum Side {
    Http,
    InProcess,
    /// As long as the usual query in this process, so it comes behind the first of those.
    Echo,
}

/// Who is first in one turn is last in the next.
const ORDER: [Side; 3] = [Side::Http, Side::InProcess, Side::Echo];

/// What is measured, and so far.
struct Sides<'a> {
    stage: &'a Stage<'a>,
    service: Measured,
    connection: Blocking,
    echo: Echo,
    request: Vec<u8>,
    /// Of the service's last one.
    answer_bytes: usize,
    http: Times,
    in_process: Times,
    wake_ups: Times,
}

pub(super) fn measure(stage: &Stage<'_>) -> Result<Single, Failure> {
    let mut sides = Sides::new(stage)?;
    let mut queries = 0;
    let begun = Instant::now();
    for turn in 0.. {
        let texts: Vec<String> = (0..TURN).map(|_| stage.texts.next()).collect();
        for place in 0..ORDER.len() {
            sides.take_turn(ORDER[(turn + place) % ORDER.len()], &texts)?;
        }
        queries += (TURN - FIRST) as u64;
        if begun.elapsed() >= stage.span {
            break;
        }
    }
    let latency = |times: &Times| times.latency().ok_or_else(|| bench("no query was measured"));
    let (http, in_process) = (latency(&sides.http)?, latency(&sides.in_process)?);
    Ok(Single {
        queries,
        http,
        in_process,
        p50_above_in_process_us: http.p50_us - in_process.p50_us,
        wake_ups_alone: latency(&sides.wake_ups)?,
    })
}

impl<'a> Sides<'a> {
    fn new(stage: &'a Stage<'a>) -> Result<Self, Failure> {
        let service = stage.serve_uncached(&[])?;
        Ok(Self {
            stage,
            connection: Blocking::open(&service.target).map_err(bench)?,
            service,
            echo: Echo::start().map_err(bench)?,
            request: Vec::new(),
            answer_bytes: 0,
            http: Times::new(),
            in_process: Times::new(),
            wake_ups: Times::new(),
        })
    }

    fn take_turn(&mut self, side: Side, texts: &[String]) -> Result<(), Failure> {
        let usual = self.in_process.latency().map_or(0.0, |latency| latency.p50_us);
        let usual = Duration::from_secs_f64(usual / 1e6);
        for (number, text) in texts.iter().enumerate() {
            let (time, times) = match side {
                Side::Http => (self.over_http(text)?, &mut self.http),
                Side::InProcess => (self.in_process(text)?, &mut self.in_process),
                Side::Echo => (self.woken(text, usual)?, &mut self.wake_ups),
            };
            if number >= FIRST {
                times.add(time);
            }
        }
        Ok(())
    }

    fn over_http(&mut self, text: &str) -> Result<Duration, Failure> {
        self.service.target.request(text, &mut self.request);
        let begun = Instant::now();
        let answer = self.connection.ask(&self.request).map_err(bench)?;
        let took = begun.elapsed();
        if answer.status != 200 {
            return Err(bench(format!("it answered {} to a query", answer.status)));
        }
        self.answer_bytes = answer.bytes;
        Ok(took)
    }

    fn in_process(&mut self, text: &str) -> Result<Duration, Failure> {
        let text = checked(text.to_owned());
        let begun = Instant::now();
        std::hint::black_box(self.stage.router.route(&text, Default::default())?);
        Ok(begun.elapsed())
    }

    fn woken(&mut self, text: &str, computes: Duration) -> Result<Duration, Failure> {
        self.service.target.request(text, &mut self.request);
        self.echo.ask(self.request.len(), self.answer_bytes, computes).map_err(bench)
    }
}
