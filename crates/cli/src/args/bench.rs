//! `bench`: what this machine does.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Subcommand, ValueEnum};

use super::place::ApiKeyArgs;
use crate::remote::ServerUrl;

#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,
    /// Seconds to measure for; more of them find calmer moments of a busy machine. `encode`
    /// takes as many for each instruction set, and leaves out what takes longer than a
    /// twentieth of them; `serve` for each load [default: 3, of encode 20, of serve 8]
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
    /// Measure a service under load: what HTTP adds to a query, how much it answers, and what
    /// becomes of ten times as much
    Serve(BenchServeArgs),
    /// A part of `serve`, which starts it: answers whoever is at its standard input
    #[command(hide = true)]
    Echo,
}

/// What `bench serve` does to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// One connection, one query after the other, beside the same in this process
    /// and an echo that computes as long
    Single,
    /// As many queries as it answers on 1, 16 and 256 connections, beside this process's
    Capacity,
    /// Half of that at a fixed rate, on as many connections
    Half,
    /// Ten times that at a fixed rate
    Overload,
    /// The same text again and again
    Cached,
}

#[derive(Debug, clap::Args)]
pub(crate) struct BenchServeArgs {
    /// Scenarios to run, with commas between them; fewer of them end sooner [default: all]
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',', env = "SYNAPTOROUTE_ONLY")]
    pub(crate) only: Vec<Scenario>,
    /// Requests that may wait in the overloaded service. More of them are admitted, and each
    /// waits longer; there are twice as many connections, and a thousand
    #[arg(
        long,
        default_value_t = 1_000,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        env = "SYNAPTOROUTE_MAX_QUEUE"
    )]
    pub(crate) max_queue: u32,
    /// Seconds of the overload; more of them would show memory that grows slowly
    #[arg(
        long,
        default_value_t = 10.0,
        value_name = "SECONDS",
        value_parser = seconds,
        env = "SYNAPTOROUTE_OVERLOAD_SECONDS"
    )]
    pub(crate) overload_seconds: f64,
    /// A service that is running already, any that answers POST /route: it gets as much as it
    /// answers, and nothing is started or measured beside it
    #[arg(long, value_name = "URL", conflicts_with = "only", env = "SYNAPTOROUTE_URL")]
    pub(crate) url: Option<ServerUrl>,
    #[command(flatten)]
    pub(crate) key: ApiKeyArgs,
    /// Connections to the service of --url, each with one request at a time
    #[arg(
        long,
        default_value_t = 256,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        requires = "url",
        env = "SYNAPTOROUTE_CONNECTIONS"
    )]
    pub(crate) connections: u32,
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
