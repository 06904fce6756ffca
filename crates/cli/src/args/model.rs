//! `model`: the files that vectors are made with, and which a database has.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Subcommand, ValueEnum};
use synaptoroute::Pooling;

use super::JsonArgs;
use super::place::{KeepArgs, PlaceArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Say what a model file holds, and how it runs on this machine
    Info(InfoArgs),
    /// Make an int8 model file from an fp32 ONNX export of a BERT
    Convert(ConvertArgs),
    /// List the models that a database or a server had, the newest first
    List(ModelListArgs),
    /// Go back, or forth, to one of them: all texts are embedded by it, and what was fitted is fitted
    /// anew
    Use(ModelNumberArgs),
    /// Forget one of them that is not in use, and its file
    Remove(ModelNumberArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct ModelListArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ModelNumberArgs {
    /// Its number in the list
    #[arg(value_name = "NUMBER")]
    pub(crate) number: u64,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
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
