//! What the command line understands. Every flag has a `SYNAPTOROUTE_…` twin.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Parser, Subcommand, ValueEnum};
use synaptoroute::{Isa, Pooling, TopK};

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
    /// Model file to use in place of the built-in one. Vectors and confidences of different
    /// models do not compare.
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

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answer over HTTP
    Serve(ServeArgs),
    /// Decide where texts belong, and print it
    Route(RouteArgs),
    /// Look at a model file, or make one
    Model {
        #[command(subcommand)]
        command: ModelCommand,
    },
    /// Measure this machine: one query, the start, memory, file sizes; with `encode` more
    Bench(BenchArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Routes to serve, YAML or JSON; without it the service starts empty
    #[arg(value_name = "ROUTES_FILE", env = "SYNAPTOROUTE_ROUTES")]
    pub(crate) routes: Option<PathBuf>,
    /// Address to listen on, such as 127.0.0.1:8081 where 8080 is taken; port 0 picks a free
    /// one
    #[arg(
        long,
        default_value = "127.0.0.1:8080",
        value_name = "ADDR",
        env = "SYNAPTOROUTE_LISTEN"
    )]
    pub(crate) listen: SocketAddr,
    /// Listen beyond this machine although nobody is asked for a key: whoever reaches the
    /// address can read and change the routes
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
    /// Seconds a stop waits for requests that were admitted
    #[arg(long, default_value_t = 10, value_name = "SECONDS", env = "SYNAPTOROUTE_GRACE")]
    pub(crate) grace: u64,
    /// What to log to standard error: off, error, warn, info, debug or trace
    #[arg(long, default_value = "warn", value_name = "LEVEL", env = "SYNAPTOROUTE_LOG")]
    pub(crate) log: tracing::level_filters::LevelFilter,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RouteArgs {
    /// Texts to route; without any, each line of standard input is one
    #[arg(value_name = "TEXT")]
    pub(crate) texts: Vec<String>,
    /// Routes to choose from, YAML or JSON
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_ROUTES")]
    pub(crate) routes: PathBuf,
    /// Candidates to list [default: the routes file's setting]
    #[arg(long, value_name = "N", value_parser = top_k, env = "SYNAPTOROUTE_TOP_K")]
    pub(crate) top_k: Option<TopK>,
    /// Print one JSON object a text
    #[arg(long, env = "SYNAPTOROUTE_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Say what a model file holds, and how it runs on this machine
    Info(InfoArgs),
    /// Make an int8 model file from an fp32 ONNX export of a BERT
    Convert(ConvertArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct InfoArgs {
    /// Print one JSON object
    #[arg(long, env = "SYNAPTOROUTE_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConvertArgs {
    /// The fp32 ONNX export
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_ONNX")]
    pub(crate) onnx: PathBuf,
    /// Its tokenizer.json
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_TOKENIZER")]
    pub(crate) tokenizer: PathBuf,
    /// Where the model file goes; an existing one is replaced when the new one is complete
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_OUT")]
    pub(crate) out: PathBuf,
    /// Typical sentences, one a line, about a hundred [default: those of the built-in model]
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_CALIBRATION")]
    pub(crate) calibration: Option<PathBuf>,
    /// The name the model carries [default: the ONNX file's, with -int8]
    #[arg(long, value_name = "NAME", env = "SYNAPTOROUTE_NAME")]
    pub(crate) name: Option<String>,
    /// How token vectors become one; the model's card says which
    #[arg(long, value_enum, default_value_t, env = "SYNAPTOROUTE_POOLING")]
    pub(crate) pooling: PoolingArg,
    /// Attention heads, where the graph does not tell
    #[arg(long, value_name = "N", env = "SYNAPTOROUTE_HEADS")]
    pub(crate) heads: Option<std::num::NonZero<usize>>,
}

/// [`Pooling`] as a command-line value.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum PoolingArg {
    /// The first token's vector, as bge has it
    #[default]
    Cls,
    /// The mean over all tokens, as all-MiniLM has it
    Mean,
}

impl From<PoolingArg> for Pooling {
    fn from(arg: PoolingArg) -> Self {
        match arg {
            PoolingArg::Cls => Self::Cls,
            PoolingArg::Mean => Self::Mean,
        }
    }
}

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

fn top_k(value: &str) -> Result<TopK, String> {
    let number: u64 = value.parse().map_err(|_| format!("{value:?} is no whole number"))?;
    TopK::try_from(number)
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
