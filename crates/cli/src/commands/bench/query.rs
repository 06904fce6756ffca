//! `synaptoroute bench` alone: one query, the start, the memory.
//!
//! One query is measured in this process, on one thread and on all. The start, the first answer and
//! the memory are those of a service started for the purpose, as a user would start it.

use std::fs;
use std::time::{Duration, Instant};

use serde::Serialize;
use synaptoroute::{Bert, Encoder, Scratch};

use super::quantiles::Quantiles;
use super::service::{Service, bench};
use super::{cores, cpu};
use crate::args::{BenchArgs, EngineArgs};
use crate::built_in;
use crate::engine;
use crate::failure::Failure;
use crate::output;

/// Twelve tokens, `[CLS]` and `[SEP]` included.
const QUERY: &str = "how do i reset my password for my account?";

/// Where `--seconds` does not say.
const SECONDS: f64 = 3.0;

/// What was measured; times are of one query.
#[derive(Serialize)]
struct Report {
    machine: String,
    isa: &'static str,
    tokens: usize,
    /// One query alone, one thread.
    encode: Quantiles,
    /// The same on all threads, where there is more than one.
    encode_on_all_threads: Option<Quantiles>,
    threads: usize,
    /// The same with its tokens made from text.
    text_to_vector: Quantiles,
    /// From starting the program to the first answer over HTTP.
    start_to_first_answer_ms: f64,
    resident_mb_while_serving: Option<f64>,
    binary_mb: f64,
    model_mb: f64,
}

pub(super) fn run(args: &BenchArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let file = engine::model_file(engine_args)?;
    let encoder = Bert::new(&file, engine::kernels(engine_args)?)?;
    let tokens = encoder.tokenizer().encode(QUERY).map_err(|e| Failure::Bench(e.to_string()))?;
    let (mut scratch, mut vector) = (Scratch::new(), vec![0.0; encoder.model().dimensions]);
    let third = Duration::from_secs_f64(args.seconds.unwrap_or(SECONDS) / 3.0);
    let encode = measure(third, || encoder.encode_ids(&mut scratch, &[&tokens.ids], &mut vector));
    let text_to_vector = measure(third, || {
        // The result is not used; an error would be the same each time and was seen above.
        let _ = std::hint::black_box(encoder.encode(&[QUERY]));
    });

    let threads = cores();
    let encoder = encoder.with_threads(threads).map_err(Failure::Runtime)?;
    let encode_on_all_threads = (threads.get() > 1)
        .then(|| measure(third, || encoder.encode_ids(&mut scratch, &[&tokens.ids], &mut vector)));

    let (start_to_first_answer_ms, resident) = serve_once(engine_args)?;
    let binary = std::env::current_exe().and_then(fs::metadata).map_err(bench)?.len();
    let report = Report {
        machine: format!("{}, {threads} cores", cpu()),
        isa: encoder.model().isa.name(),
        tokens: tokens.ids.len(),
        encode,
        encode_on_all_threads,
        threads: threads.get(),
        text_to_vector,
        start_to_first_answer_ms,
        resident_mb_while_serving: resident,
        binary_mb: binary as f64 / 1e6,
        model_mb: file.len_bytes() as f64 / 1e6,
    };
    if args.json { output::json(&report) } else { print(&report) }
}

fn print(report: &Report) -> Result<(), Failure> {
    let times = |q: &Quantiles| {
        format!("{:.3} ms at best, {:.3} p50, {:.3} p99", q.min_ms, q.p50_ms, q.p99_ms)
    };
    let resident = report.resident_mb_while_serving;
    output::table(&[
        ("machine", format!("{}, {}", report.machine, report.isa)),
        ("one query", format!("{} ({} tokens, one thread)", times(&report.encode), report.tokens)),
        (
            "on all threads",
            report.encode_on_all_threads.as_ref().map_or_else(
                || "one thread is all there is".into(),
                |quantiles| format!("{} ({} threads)", times(quantiles), report.threads),
            ),
        ),
        ("with tokenising", times(&report.text_to_vector)),
        ("start to first answer", format!("{:.0} ms", report.start_to_first_answer_ms)),
        (
            "memory while serving",
            resident.map_or("not known here".into(), |mb| format!("{mb:.0} MB")),
        ),
        ("binary", format!("{:.1} MB", report.binary_mb)),
        ("model file", format!("{:.1} MB", report.model_mb)),
    ])
}

/// Runs `work` over and over for so long, after a warm-up.
fn measure(span: Duration, mut work: impl FnMut()) -> Quantiles {
    (0..20).for_each(|_| work());
    let mut times = Vec::new();
    let started = Instant::now();
    while started.elapsed() < span || times.len() < 100 {
        let one = Instant::now();
        work();
        times.push(one.elapsed().as_secs_f64() * 1e3);
    }
    Quantiles::of(&mut times)
}

/// Milliseconds from start to the first answer over HTTP, and megabytes resident after it.
fn serve_once(engine_args: &EngineArgs) -> Result<(f64, Option<f64>), Failure> {
    let routes = tempfile::Builder::new().suffix(".yaml").tempfile().map_err(bench)?;
    fs::write(routes.path(), built_in::EXAMPLE_ROUTES).map_err(bench)?;
    let started = Instant::now();
    let service = Service::start(engine_args, [routes.path()])?;
    let answer = ureq::post(format!("{}/route", service.url()))
        .send_json(serde_json::json!({ "query": QUERY }))
        .map_err(bench)?;
    let elapsed = started.elapsed().as_secs_f64() * 1e3;
    drop(answer);
    Ok((elapsed, service.process().resident_mb()))
}
