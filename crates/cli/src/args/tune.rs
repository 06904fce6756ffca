//! `tune`: what is learned, for how long, and where it goes.

use std::num::NonZero;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;

use super::place::{KeepArgs, PlaceArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct TuneArgs {
    /// Where the tuned model file goes, once it has shown that it is better; an existing one is
    /// replaced when the new one is complete. Say this, --install or both
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// Have the database, or the running server, decide by the tuned model from then on, once it has
    /// shown that it is better: all its namespaces. A server tunes by itself, and answers meanwhile.
    /// `synaptoroute model use` goes back
    #[arg(long, env = "SYNAPTOROUTE_INSTALL", value_parser = BoolishValueParser::new())]
    pub(crate) install: bool,
    /// Routes to learn, YAML or JSON, in place of a database or a server [env:
    /// SYNAPTOROUTE_ROUTES]
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Batches to learn from, half a second to a second each on two cores. More than a few hundred
    /// teach little more
    #[arg(
        long,
        value_name = "N",
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=100_000),
        env = "SYNAPTOROUTE_STEPS"
    )]
    pub(crate) steps: u32,
    /// Make fewer steps if they would take longer than this, in each fold and at the end. What
    /// comes out then depends on how fast the machine is
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(1..),
        env = "SYNAPTOROUTE_TIME_BUDGET"
    )]
    pub(crate) time_budget: Option<u32>,
    /// Tune only the last N layers: faster, in less memory, and less is learned [default: all]
    #[arg(long, value_name = "N", env = "SYNAPTOROUTE_LAYERS")]
    pub(crate) layers: Option<usize>,
    /// How far a step goes: higher learns faster and forgets more
    #[arg(long, value_name = "RATE", default_value_t = 5e-5, value_parser = rate, env = "SYNAPTOROUTE_RATE")]
    pub(crate) rate: f32,
    /// Threads at work, one to leave the others to a service; the result is the same [default: one
    /// a core, and one where a server tunes]
    #[arg(long, value_name = "N", env = "SYNAPTOROUTE_THREADS")]
    pub(crate) threads: Option<NonZero<usize>>,
    /// Another seed draws the batches in another order
    #[arg(long, value_name = "N", default_value_t = 0, env = "SYNAPTOROUTE_SEED")]
    pub(crate) seed: u64,
    /// Tune and judge so many times on a part of the utterances before all are learned; with 0 nobody
    /// knows whether it is better, and only --force writes or installs the model
    #[arg(
        long,
        value_name = "K",
        default_value_t = synaptoroute::TUNE_FOLDS,
        value_parser = clap::value_parser!(u8).range(0..=20),
        env = "SYNAPTOROUTE_FOLDS"
    )]
    pub(crate) folds: u8,
    /// Write or install the model even if it has not shown that it is better
    #[arg(long, env = "SYNAPTOROUTE_FORCE", value_parser = BoolishValueParser::new())]
    pub(crate) force: bool,
    /// Print the whole report as one JSON object
    #[arg(long, env = "SYNAPTOROUTE_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
}

fn rate(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(rate) if rate > 0.0 && rate <= 0.01 => Ok(rate),
        _ => Err(format!("{text:?} is no rate: it lies above 0 and is at most 0.01")),
    }
}
