//! What tuning takes: time by stage, and memory.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use synaptoroute::{InstallStage, Kernels, Models, Router, TuneOptions, TuneRequest, TuneStage};
use synaptoroute_benches::{BenchError, model_file, read, routes_of};

/// Measure what tuning takes
#[derive(Parser)]
struct Args {
    /// Labelled texts to learn, such as `clinc150/fewshot/train_10shot_s0.jsonl`
    #[arg(long)]
    routes: PathBuf,
    /// Steps to make
    #[arg(long, default_value_t = 100)]
    steps: usize,
    /// Threads at work
    #[arg(long)]
    threads: Option<NonZero<usize>>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tuning: {error}");
            ExitCode::from(3)
        }
    }
}

fn run(args: &Args) -> Result<(), BenchError> {
    let kernels = Kernels::from_env()?;
    let all = || thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let threads = args.threads.unwrap_or_else(all);
    let models = Models::new(model_file()?, kernels).threads(threads);
    let router = Router::with_models(Arc::new(models))?;
    router.load(routes_of(&read(args.routes.clone())?)?, &|_, _| ())?;
    router.refit()?;
    let before = peak_memory();

    let mut watch = Watch::default();
    let model = model_file()?;
    let options = TuneOptions { steps: args.steps, ..TuneOptions::default() };
    let request = TuneRequest { options, ..TuneRequest::new(&model, threads) };
    let tuned = router.tune(&request, &mut |progress| {
        watch.at(match progress.stage {
            TuneStage::Quantise => "to integers",
            _ if progress.done == 0 => "texts before tuning",
            _ => "steps",
        });
        true
    })?;
    let learned = tuned.report.utterances;
    router.install(&tuned, threads, &mut |progress| {
        watch.at(match progress.stage {
            InstallStage::Embed => "texts encoded",
            InstallStage::Fit => "fitted",
            _ => "stored and published",
        });
        true
    })?;
    watch.at("");
    println!("{} steps, {learned} utterances, {threads} threads, {}", args.steps, kernels.isa());
    for (stage, took) in &watch.stages {
        println!("{stage:>22} {:8.2} s", took.as_secs_f64());
    }
    let all: Duration = watch.stages.iter().map(|(_, took)| *took).sum();
    println!("{:>22} {:8.2} s", "all", all.as_secs_f64());
    println!("{:>22} {:8.5}", "integers to weights", tuned.report.fidelity);
    println!("{:>22} {before} MB before, {} MB at most", "resident", peak_memory());
    Ok(())
}

/// How long each stage took, in order.
#[derive(Default)]
struct Watch {
    stages: Vec<(&'static str, Duration)>,
    since: Option<(&'static str, Instant)>,
}

impl Watch {
    fn at(&mut self, stage: &'static str) {
        let (before, since) = *self.since.get_or_insert((stage, Instant::now()));
        if before != stage {
            self.stages.push((before, since.elapsed()));
            self.since = Some((stage, Instant::now()));
        }
    }
}

/// The most that was ever resident, in megabytes; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
    kilobytes.unwrap_or(0_u64) / 1000
}
