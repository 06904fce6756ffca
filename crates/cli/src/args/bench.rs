//! `bench`: what this machine does.

use std::path::PathBuf;

use clap::Subcommand;
use clap::builder::BoolishValueParser;

#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,
    /// Seconds to measure for; more of them find calmer moments of a busy machine. `encode`
    /// takes as many for each instruction set, and leaves out what takes longer than a
    /// twentieth of them [default: 3, of encode 20]
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        value_parser = seconds,
        env = "SYNAPTOROUTE_SECONDS"
    )]
    pub(crate) seconds: Option<f64>,
    /// Print one JSON object
    #[arg(
        long,
        global = true,
        env = "SYNAPTOROUTE_JSON",
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Measure texts and batches of many sizes beside what this machine could do at most, on
    /// every instruction set it has or on that of --isa
    Encode,
    /// Measure what adding, searching and opening cost as a database grows, beside what the
    /// disk and the memory take by themselves
    Store(BenchStoreArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchStoreArgs {
    /// The largest database to make, filled step by step from 1,000 utterances on. A million
    /// takes some minutes, 2.5 GB of memory and 2 GB of disk
    #[arg(
        long,
        default_value_t = 100_000,
        value_name = "N",
        value_parser = at_least_a_thousand,
        env = "SYNAPTOROUTE_UTTERANCES"
    )]
    pub(crate) utterances: usize,
    /// Folder of the disk to measure [default: the system's for temporary files]
    #[arg(long, value_name = "FOLDER", env = "SYNAPTOROUTE_FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

fn at_least_a_thousand(value: &str) -> Result<usize, String> {
    let number: usize = value.parse().map_err(|_| format!("{value:?} is no whole number"))?;
    (number >= 1000).then_some(number).ok_or_else(|| "it is 1,000 at least".to_owned())
}

fn seconds(value: &str) -> Result<f64, String> {
    let number: f64 = value.parse().map_err(|_| format!("{value:?} is no number"))?;
    let sensible = (0.01..=600.0).contains(&number);
    sensible.then_some(number).ok_or_else(|| "it lies between 0.01 and 600".to_owned())
}
