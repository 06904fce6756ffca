//! What the command line understands. Every flag has a `SYNAPTOROUTE_…` twin.
//!
//! `place` says where content is and `auto_fit` whether it is fitted, and both are shared; the
//! other modules have a group of commands each.

mod auto_fit;
mod bench;
mod content;
mod eval;
mod fit;
mod history;
mod key;
mod lint;
mod model;
mod place;
mod route;
mod secret;
mod serve;
mod tune;

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Parser, Subcommand};
use synaptoroute::Isa;

pub(crate) use bench::{BenchArgs, BenchCommand, BenchServeArgs, BenchStoreArgs, Scenario};
pub(crate) use content::{
    BackupArgs, ExportArgs, ImportArgs, NamespacesArgs, NamespacesCommand, RoutesArgs,
    RoutesCommand,
};
pub(crate) use eval::{Bound, EvalArgs, Metric};
pub(crate) use fit::FitArgs;
pub(crate) use history::{DiffArgs, RevisionsArgs, RollbackArgs};
pub(crate) use key::KeyArgs;
pub(crate) use lint::LintArgs;
pub(crate) use model::{ConvertArgs, InfoArgs, ModelCommand, ModelListArgs, ModelNumberArgs};
pub(crate) use place::{Choice, DEFAULT_DB, KeepArgs};
pub(crate) use route::RouteArgs;
pub(crate) use secret::Secret;
pub(crate) use serve::{LogFormat, ServeArgs, TraceArgs};
pub(crate) use tune::TuneArgs;

/// Decide which of your routes a text belongs to, or none: locally, in about a millisecond.
#[derive(Debug, Parser)]
#[command(name = "synaptoroute", version, propagate_version = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What runs the model.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EngineArgs {
    /// Model file to use in place of the built-in one, or of the one that was installed in a
    /// database. Vectors and confidences of different models do not compare.
    #[arg(long, global = true, value_name = "FILE", env = "SYNAPTOROUTE_MODEL")]
    pub(crate) model: Option<PathBuf>,
    /// Instruction set to use in place of the fastest: avx512, avxvnni, avx2 or scalar. For
    /// bug reports and comparisons. All but avx2 give the same vectors, bit for bit; those of
    /// avx2 differ slightly (cosine 0.9996 on average, 0.998 at worst over 512 texts), and
    /// confidences with them.
    #[arg(long, global = true, value_name = "NAME", env = synaptoroute::ISA_VARIABLE)]
    pub(crate) isa: Option<Isa>,
    /// Threads that may share one query while no other is under way; the answer is the same,
    /// sooner. With several queries each has one thread [default: one a core]
    #[arg(
        long,
        global = true,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=1024),
        env = "SYNAPTOROUTE_QUERY_THREADS"
    )]
    pub(crate) query_threads: Option<u16>,
}

/// How to answer.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct JsonArgs {
    /// Print one JSON object a line
    #[arg(
        long,
        global = true,
        env = "SYNAPTOROUTE_JSON",
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answer over HTTP
    Serve(Box<ServeArgs>),
    /// Make a key for a server that asks for one
    Key(KeyArgs),
    /// Decide where texts belong, and print it
    Route(RouteArgs),
    /// Measure how good the decisions are, on texts whose routes are known
    Eval(EvalArgs),
    /// Look for what is doubtful about the routes, and say what to do
    Lint(LintArgs),
    /// Learn evidence, confidence and cuts from the routes, and from samples; list fits, and go back
    Fit(FitArgs),
    /// Have the encoder learn the routes, in minutes, into a model file of its own or into
    /// the database
    Tune(TuneArgs),
    /// Look at routes and change them
    Routes(RoutesArgs),
    /// Look at namespaces, make and delete them
    Namespaces(NamespacesArgs),
    /// Take routes from a file, all or nothing
    Import(ImportArgs),
    /// Write the routes as a file, from which import makes the same again
    Export(ExportArgs),
    /// List what was changed, and when
    Revisions(RevisionsArgs),
    /// Compare two revisions
    Diff(DiffArgs),
    /// Go back to what a revision was
    Rollback(RollbackArgs),
    /// Copy a database whole, also while a server writes to it
    Backup(BackupArgs),
    /// Look at a model file, or make one; list the models of a database, and go back to one
    Model {
        #[command(subcommand)]
        command: ModelCommand,
    },
    /// Measure this machine: one query, the start, memory, file sizes; with `encode` more
    Bench(BenchArgs),
}
