//! `lint`: which routes to look at.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;

use super::JsonArgs;
use super::place::PlaceArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct LintArgs {
    /// Routes to look at, YAML or JSON, in place of a database or a server [env:
    /// SYNAPTOROUTE_ROUTES]
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// End with exit code 1 where anything was found that is a warning or an error, as a check
    /// before routes are put to use. Advice alone still ends with 0
    #[arg(long, env = "SYNAPTOROUTE_STRICT", value_parser = BoolishValueParser::new())]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}
