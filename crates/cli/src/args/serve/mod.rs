//! `serve`: what is answered from, and how; `access` has who may ask,
//! `logs` what is told, `traces` who else is told.

mod access;
mod logs;
mod traces;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use synaptoroute::NamespaceName;

use super::auto_fit::AutoFitArgs;
use super::place::{KeepArgs, namespace};
pub(crate) use access::AccessArgs;
pub(crate) use logs::{LogArgs, LogFormat};
pub(crate) use traces::TraceArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Routes to serve, YAML or JSON. Without --db they are served from memory, and what is
    /// changed over HTTP is gone when the service ends. With --db they fill a namespace that is
    /// empty; for one that is not, say --merge or --replace
    #[arg(value_name = "ROUTES_FILE", env = "SYNAPTOROUTE_ROUTES")]
    pub(crate) routes: Option<PathBuf>,
    /// Database file that keeps every change; made if there is none [default: synaptoroute.db,
    /// unless a routes file is given]
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_DB")]
    pub(crate) db: Option<PathBuf>,
    /// Add the routes file to what the database holds: its routes replace their namesakes, the
    /// others stay
    #[arg(
        long,
        requires = "routes",
        conflicts_with = "replace",
        env = "SYNAPTOROUTE_MERGE",
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) merge: bool,
    /// Put the routes file in place of what the database holds; a rollback brings that back
    #[arg(
        long,
        requires = "routes",
        env = "SYNAPTOROUTE_REPLACE",
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) replace: bool,
    /// Read the routes file again whenever it changes, as SIGHUP does: whole or not at all, in
    /// place of what was changed over HTTP, or with --merge beside it
    #[arg(
        long,
        requires = "routes",
        env = "SYNAPTOROUTE_WATCH",
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) watch: bool,
    /// Namespace that the routes file fills, made if there is none; all others are served too,
    /// each below /namespaces/NAME
    #[arg(
        long,
        value_name = "NAME",
        default_value = "default",
        value_parser = namespace,
        env = "SYNAPTOROUTE_NAMESPACE"
    )]
    pub(crate) namespace: NamespaceName,
    #[command(flatten)]
    pub(crate) auto_fit: AutoFitArgs,
    /// Address to listen on, such as 127.0.0.1:8081 where 8080 is taken; port 0 picks a free
    /// one
    #[arg(
        long,
        default_value = "127.0.0.1:8080",
        value_name = "ADDR",
        env = "SYNAPTOROUTE_LISTEN"
    )]
    pub(crate) listen: SocketAddr,
    /// Listen beyond this machine although no --keys are asked for, and answer by any name:
    /// whoever reaches the address, web pages included, can read and change the routes
    #[arg(long, env = "SYNAPTOROUTE_INSECURE", value_parser = BoolishValueParser::new())]
    pub(crate) insecure: bool,
    /// Threads that encode and decide; more than there are cores makes every answer slower
    /// [default: one a core]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u16).range(1..=1024),
        env = "SYNAPTOROUTE_WORKERS"
    )]
    pub(crate) workers: Option<u16>,
    /// Requests that may wait; one more is answered 429 at once. More of them wait longer
    #[arg(long, default_value_t = 10_000, value_name = "N", env = "SYNAPTOROUTE_MAX_QUEUE")]
    pub(crate) max_queue: usize,
    /// Megabytes of requests, and of long answers, that may be inside at a time; a request that
    /// brings or asks for more is answered 429. More of them take more memory
    #[arg(long, default_value_t = 256, value_name = "MB", env = "SYNAPTOROUTE_MAX_QUEUE_MB")]
    pub(crate) max_queue_mb: usize,
    /// Milliseconds a request may take, unless its X-Timeout-Ms allows it less; past them it is
    /// answered 503 and costs no inference. Imports and long batches need their time too
    /// [default: as long as it takes]
    #[arg(
        long,
        value_name = "MS",
        value_parser = clap::value_parser!(u64).range(1..),
        env = "SYNAPTOROUTE_DEADLINE"
    )]
    pub(crate) deadline: Option<u64>,
    /// Megabytes of embeddings to keep of texts that were seen before, so that they need no
    /// inference when they come again; 0 keeps none. 64 are some 40,000 sentences
    #[arg(long, default_value_t = 64, value_name = "MB", env = "SYNAPTOROUTE_CACHE_MB")]
    pub(crate) cache_mb: u64,
    /// Seconds a stop waits for requests that were admitted
    #[arg(long, default_value_t = 10, value_name = "SECONDS", env = "SYNAPTOROUTE_GRACE")]
    pub(crate) grace: u64,
    /// What to log to standard error: off, error, warn, info, debug or trace
    #[arg(long, default_value = "warn", value_name = "LEVEL", env = "SYNAPTOROUTE_LOG")]
    pub(crate) log: tracing::level_filters::LevelFilter,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
    #[command(flatten)]
    pub(crate) logs: LogArgs,
    #[command(flatten)]
    pub(crate) traces: TraceArgs,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
}
