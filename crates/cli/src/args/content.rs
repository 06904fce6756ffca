//! `import`, `export`, `backup`, `routes`, `namespaces`: the content of a database or a server.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Subcommand, ValueEnum};
use synaptoroute::{FileFormat, NamespaceName, RouteName, Text};

use super::JsonArgs;
use super::place::{KeepArgs, PlaceArgs, namespace};

#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// File to take: a routes file or a file of the Python library semantic-router, YAML or
    /// JSON, or the SQLite file of the Python package synaptoroute; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Add the file to what is there: its routes replace their namesakes, the others stay
    #[arg(
        long,
        conflicts_with = "replace",
        env = "SYNAPTOROUTE_MERGE",
        value_parser = BoolishValueParser::new()
    )]
    pub(crate) merge: bool,
    /// Put the file in place of all that is there; a rollback brings that back
    #[arg(long, env = "SYNAPTOROUTE_REPLACE", value_parser = BoolishValueParser::new())]
    pub(crate) replace: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// File to write, whole or not at all; an existing one is replaced [default: standard
    /// output]
    #[arg(short, long, value_name = "FILE", env = "SYNAPTOROUTE_OUT")]
    pub(crate) out: Option<PathBuf>,
    /// How to write it [default: by the file's name, YAML on standard output]
    #[arg(long, value_enum, env = "SYNAPTOROUTE_FORMAT")]
    pub(crate) format: Option<FormatArg>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    /// Write the fit in force too: where the file is imported, decisions are the same to the bit
    #[arg(long, env = "SYNAPTOROUTE_WITH_FIT", value_parser = BoolishValueParser::new())]
    pub(crate) with_fit: bool,
    /// Print one JSON object with the content's hash, and with the content where it goes to
    /// no file
    #[arg(long, env = "SYNAPTOROUTE_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
}

/// [`FileFormat`] as a command-line value.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FormatArg {
    /// For people
    Yaml,
    /// For programs
    Json,
}

impl From<FormatArg> for FileFormat {
    fn from(arg: FormatArg) -> Self {
        match arg {
            FormatArg::Yaml => Self::Yaml,
            FormatArg::Json => Self::Json,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// Where the copy goes; it appears there whole or not at all
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Replace a file of that name
    #[arg(long, env = "SYNAPTOROUTE_OVERWRITE", value_parser = BoolishValueParser::new())]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RoutesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<RoutesCommand>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoutesCommand {
    /// List the routes; what is done where no other word is given
    List,
    /// Show a route with its texts
    Show {
        /// The route
        #[arg(value_parser = route_name)]
        name: RouteName,
    },
    /// Add utterances to a route, which is made if there is none
    Add {
        /// The route
        #[arg(value_parser = route_name)]
        name: RouteName,
        /// What people write who mean it; those it has already change nothing
        #[arg(value_name = "TEXT", required = true, value_parser = text)]
        texts: Vec<Text>,
        /// The texts are negatives: they sound like the route and are not meant
        #[arg(long)]
        negatives: bool,
    },
    /// Remove a route, or only the texts that are named
    Remove {
        /// The route
        #[arg(value_parser = route_name)]
        name: RouteName,
        /// Remove this utterance, and keep the route; may be said several times
        #[arg(
            long = "utterance",
            value_name = "TEXT",
            value_parser = text,
            conflicts_with = "negatives"
        )]
        utterances: Vec<Text>,
        /// Remove this negative, and keep the route; may be said several times
        #[arg(long = "negative", value_name = "TEXT", value_parser = text)]
        negatives: Vec<Text>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct NamespacesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<NamespacesCommand>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
    #[command(flatten)]
    pub(crate) keep: KeepArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NamespacesCommand {
    /// List the namespaces; what is done where no other word is given
    List,
    /// Make an empty namespace; one that is there is left as it is
    Create {
        /// Its name
        #[arg(value_parser = namespace)]
        name: NamespaceName,
    },
    /// Delete a namespace with its routes and all its revisions: nothing brings them back but
    /// a backup
    Delete {
        /// Its name
        #[arg(value_parser = namespace)]
        name: NamespaceName,
    },
}

fn route_name(name: &str) -> Result<RouteName, String> {
    RouteName::try_from(name).map_err(|error| error.to_string())
}

fn text(text: &str) -> Result<Text, String> {
    Text::try_from(text).map_err(|error| error.to_string())
}
