//! `revisions`, `diff`, `rollback`: what happened to the content.

use super::JsonArgs;
use super::place::{KeepArgs, PlaceArgs};

#[derive(Debug, clap::Args)]
pub(crate) struct RevisionsArgs {
    /// How many to list, the newest first
    #[arg(long, value_name = "N", default_value_t = 20, env = "SYNAPTOROUTE_LIMIT")]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// Revision to compare from; 0 is the empty beginning
    #[arg(value_name = "FROM")]
    pub(crate) from: u64,
    /// Revision to compare to [default: the current one]
    #[arg(value_name = "TO")]
    pub(crate) to: Option<u64>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RollbackArgs {
    /// Revision whose content to go back to; that makes a revision of its own, so it can be
    /// undone
    #[arg(value_name = "REVISION")]
    pub(crate) revision: u64,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
}
