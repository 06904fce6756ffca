//! `route`: texts, and what to choose from.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use synaptoroute::TopK;

use super::JsonArgs;
use super::auto_fit::AutoFitArgs;
use super::place::PlaceArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct RouteArgs {
    /// Texts to route; without any, each line of standard input is one
    #[arg(value_name = "TEXT")]
    pub(crate) texts: Vec<String>,
    /// Routes to choose from, YAML or JSON, in place of a database or a server [env:
    /// SYNAPTOROUTE_ROUTES]
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Candidates to list [default: the namespace's setting]
    #[arg(long, value_name = "N", value_parser = top_k, env = "SYNAPTOROUTE_TOP_K")]
    pub(crate) top_k: Option<TopK>,
    /// Say why: the evidence for each candidate, where its cut comes from, and what would have
    /// changed the outcome
    #[arg(long, env = "SYNAPTOROUTE_EXPLAIN", value_parser = BoolishValueParser::new())]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) auto_fit: AutoFitArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

fn top_k(value: &str) -> Result<TopK, String> {
    let number: u64 = value.parse().map_err(|_| format!("{value:?} is no whole number"))?;
    TopK::try_from(number)
}
