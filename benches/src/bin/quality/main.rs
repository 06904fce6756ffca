//! What decisions are worth, on public sets: accuracy, trust in `none`, calibration, cost.
//!
//! Routes come from training files, decisions are made on validation files, and no text that
//! acceptance is taught by comes from the set that is measured or from where its out-of-scope
//! texts come from. Run by `benches/quality/run`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

mod cost;
mod floor;
mod limits;
mod metrics;
mod near;
mod noise;
mod run;
mod sets;
mod table;
mod tuned;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use synaptoroute::Encoder;
use synaptoroute_benches::{BenchError, encoder};

use crate::sets::{Size, Vectors};

/// Measure decisions on labelled sets.
#[derive(Parser)]
struct Args {
    /// Folder that holds `bitext/`, `clinc150/`, `hwu64/` and `typos/`
    #[arg(long)]
    data: PathBuf,
    /// Measure only this; all but `tuned`, which takes half an hour, if not given
    #[arg(long)]
    part: Vec<Part>,
    /// Measure only sets whose name begins so
    #[arg(long, default_value = "")]
    set: String,
    /// Tune on whole training sets, for at most 15 minutes each, and not on ten utterances a route
    #[arg(long)]
    full: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Accuracy, out-of-scope AUROC and FPR95, calibration, gain over plain nearest
    Table,
    /// Routes held out as wholes
    Near,
    /// Misspelt queries
    Typos,
    /// Promised rates of false acceptance
    Limits,
    /// Time of a fit and of a decision
    Cost,
    /// The encoder as it is, and after it has learned the routes
    Tuned,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quality: {error}");
            ExitCode::from(3)
        }
    }
}

fn run(args: &Args) -> Result<(), BenchError> {
    let encoder = encoder()?;
    println!("{} on {}", encoder.model().name, encoder.model().isa);
    let mut vectors = Vectors::new(encoder);
    let wanted = |part| args.part.is_empty() || args.part.contains(&part);
    let sets: Vec<&sets::Set> =
        sets::SETS.iter().filter(|set| set.name.starts_with(&args.set)).collect();
    if sets.is_empty() {
        return Err(BenchError::NoSet { name: args.set.clone() });
    }
    if wanted(Part::Table) {
        table::print(&mut vectors, &args.data, &sets)?;
    }
    if wanted(Part::Near) {
        for set in sets.iter().filter(|set| set.name != "bitext") {
            near::print(&mut vectors, &args.data, set)?;
        }
    }
    if wanted(Part::Typos) {
        for set in sets.iter().filter(|set| set.name == "clinc150") {
            noise::print(&mut vectors, &args.data, set, Size::Full)?;
        }
    }
    if wanted(Part::Limits) {
        for set in &sets {
            limits::print(&mut vectors, &args.data, set)?;
        }
    }
    if wanted(Part::Cost) {
        cost::print(&mut vectors, &args.data)?;
    }
    if args.part.contains(&Part::Tuned) {
        let size = if args.full { Size::Full } else { Size::Shots(10) };
        tuned::print(&mut vectors, &args.data, &sets, size)?;
    }
    Ok(())
}
