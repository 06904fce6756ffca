//! `key`: a key for a server.

use std::path::PathBuf;

use synaptoroute::NamespaceName;
use synaptoroute_server::Role;

use super::JsonArgs;
use super::place::namespace;

#[derive(Debug, clap::Args)]
pub(crate) struct KeyArgs {
    /// What to call it, in the file of keys and in what the server says: who or what has it
    #[arg(long, value_name = "NAME", env = "SYNAPTOROUTE_KEY_NAME")]
    pub(crate) name: String,
    /// What it may do: read (ask, and look), write (and change routes) or admin (and make and
    /// delete namespaces, and copy the database); the least that will do is best
    #[arg(long, value_name = "ROLE", env = "SYNAPTOROUTE_KEY_ROLE")]
    pub(crate) role: Role,
    /// Namespaces it is good for, with commas between; all, also those to come, unless given
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        value_parser = namespace,
        env = "SYNAPTOROUTE_KEY_NAMESPACES"
    )]
    pub(crate) namespaces: Option<Vec<NamespaceName>>,
    /// File of keys to write the entry to, behind those that are there; made if there is none.
    /// Without it the entry is printed to standard error
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_KEY_APPEND")]
    pub(crate) append: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: JsonArgs,
}
