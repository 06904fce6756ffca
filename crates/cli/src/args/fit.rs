//! `fit`: by what, for what, and which of the kept ones.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use synaptoroute::Objective;

use super::place::{KeepArgs, PlaceArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct FitArgs {
    /// Texts whose routes are known, as `eval` takes them: JSON lines like {"text": "…", "intent":
    /// "…"}, or CSV with the columns text and intent if the name ends in .csv; null, nothing or oos as
    /// intent means none of the routes. - is standard input. Without samples the routes'
    /// utterances and the built-in background texts are all that is learned from
    #[arg(value_name = "SAMPLES")]
    pub(crate) samples: Option<PathBuf>,
    /// Routes to fit, YAML or JSON, in place of a database or a server; nothing is kept then [env:
    /// SYNAPTOROUTE_ROUTES]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "number"])]
    pub(crate) routes: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// What cuts are chosen for: accuracy, f1, keep=0.95 (of what belongs to a route),
    /// max_false_accept=0.05 (of what belongs to none), min_precision=0.98, or cost=5 (of a wrong
    /// answer, in refusals) [default: the namespace's setting]
    #[arg(long, value_name = "OBJECTIVE", env = "SYNAPTOROUTE_OBJECTIVE")]
    pub(crate) objective: Option<Objective>,
    /// Only tell what would come of it
    #[arg(long, env = "SYNAPTOROUTE_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(crate) dry_run: bool,
    /// List the kept fits, the newest first, and make none
    #[arg(long, conflicts_with_all = ["samples", "number"])]
    pub(crate) list: bool,
    /// Go back to a kept fit, by its number in the list, and make none
    #[arg(long = "use", id = "number", value_name = "N", conflicts_with = "samples")]
    pub(crate) number: Option<u64>,
    /// Print JSON: the whole report as one object; with --list one object a fit
    #[arg(long, env = "SYNAPTOROUTE_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
}
