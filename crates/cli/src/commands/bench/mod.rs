//! `synaptoroute bench`: the numbers people ask for first, of this machine.
//!
//! `query` is what a user of the service feels; `encode` holds passes of many sizes against
//! what the machine could do at most; `store` adds to databases of all sizes, and searches them;
//! `serve` puts a service under load.

mod encode;
mod process;
mod quantiles;
mod query;
mod serve;
mod service;
mod store;

use std::fs;
use std::num::NonZero;

use crate::args::{BenchArgs, BenchCommand, EngineArgs};
use crate::failure::Failure;

pub(crate) fn run(args: &BenchArgs, engine: &EngineArgs) -> Result<(), Failure> {
    match &args.command {
        None => query::run(args, engine),
        Some(BenchCommand::Encode) => encode::run(args, engine),
        Some(BenchCommand::Store(store)) => store::run(args, store, engine),
        Some(BenchCommand::Serve(serve)) => serve::run(args, serve, engine),
        Some(BenchCommand::Echo) => serve::echo(),
    }
}

/// The CPU's name, where the system tells.
fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find(|line| line.starts_with("model name"));
    let name = name.and_then(|line| line.split_once(": "));
    name.map_or("unknown CPU", |(_, name)| name).to_owned()
}

/// As many threads as this process has cores.
fn cores() -> NonZero<usize> {
    std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}
