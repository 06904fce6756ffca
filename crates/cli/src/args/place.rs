//! Where content is: a database file or a running server, and in which namespace.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::BoolishValueParser;
use synaptoroute::{Durability, NamespaceName, OpenOptions, StoreOptions};

use super::secret::Secret;
use crate::failure::Failure;
use crate::place::{Database, Place};
use crate::remote::{self, Remote, ServerUrl};

/// The database, where nothing else is named.
pub(crate) const DEFAULT_DB: &str = "synaptoroute.db";

/// A file or a server, and a namespace of it.
///
/// `--db` and `--url` exclude each other, and what the command line says goes before what
/// the environment says: clap would call that a conflict, so their twins are read here.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PlaceArgs {
    /// Database file; commands that only read open it beside a running server [default:
    /// synaptoroute.db] [env: SYNAPTOROUTE_DB]
    #[arg(long, global = true, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Running server to ask in place of a file, such as http://127.0.0.1:8080 [env:
    /// SYNAPTOROUTE_URL]
    #[arg(long, global = true, value_name = "URL")]
    url: Option<ServerUrl>,
    #[command(flatten)]
    key: ApiKeyArgs,
    /// Certificate, PEM, of the authority that signed an https server's, where it is none of
    /// those that browsers trust: then this one is trusted, and no other
    #[arg(long, global = true, value_name = "FILE", env = "SYNAPTOROUTE_CA_CERT")]
    ca_cert: Option<PathBuf>,
    /// Namespace: each has routes, settings and revisions of its own
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "default",
        value_parser = namespace,
        env = "SYNAPTOROUTE_NAMESPACE"
    )]
    namespace: NamespaceName,
}

/// Who asks a server.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ApiKeyArgs {
    /// Key to show the server; in the environment others cannot read it from the list of
    /// processes
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "SYNAPTOROUTE_API_KEY",
        hide_env_values = true
    )]
    api_key: Option<Secret>,
}

/// How a database is written.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options for a database that is written")]
pub(crate) struct KeepArgs {
    /// When a change counts as done
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        env = "SYNAPTOROUTE_DURABILITY"
    )]
    durability: DurabilityArg,
    /// Revisions of a namespace to keep for diff and rollback; what only older ones need is
    /// deleted. The file does not remember it: say the same to every command that writes
    #[arg(
        long,
        global = true,
        value_name = "N",
        default_value_t = 1000,
        value_parser = clap::value_parser!(u64).range(1..),
        env = "SYNAPTOROUTE_KEEP_REVISIONS"
    )]
    keep_revisions: u64,
    /// Refuse a database whose vectors another model made. Without it its texts are embedded
    /// anew, about a millisecond each, and the old vectors are gone
    #[arg(
        long,
        global = true,
        env = "SYNAPTOROUTE_NO_REEMBED",
        value_parser = BoolishValueParser::new()
    )]
    no_reembed: bool,
}

/// [`Durability`] as a command-line value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum DurabilityArg {
    /// It would survive a power cut: each commit waits for the disk
    #[default]
    Full,
    /// It would survive the end of the program: faster, but a power cut may take the last
    /// acknowledged changes, each as a whole; it never tears one
    Relaxed,
}

impl KeepArgs {
    pub(crate) fn options(&self) -> OpenOptions {
        let durability = match self.durability {
            DurabilityArg::Full => Durability::Full,
            DurabilityArg::Relaxed => Durability::Relaxed,
        };
        let store = StoreOptions { durability, keep_revisions: self.keep_revisions };
        OpenOptions { store, reembed: !self.no_reembed }
    }

    pub(crate) fn is_relaxed(&self) -> bool {
        self.durability == DurabilityArg::Relaxed
    }
}

/// What names a place: at most one of these.
#[derive(Default)]
struct Named {
    routes: Option<PathBuf>,
    db: Option<PathBuf>,
    url: Option<ServerUrl>,
}

/// How each of them is named.
const FLAGS: [&str; 3] = ["--routes", "--db", "--url"];
const VARIABLES: [&str; 3] = ["SYNAPTOROUTE_ROUTES", "SYNAPTOROUTE_DB", "SYNAPTOROUTE_URL"];

impl Named {
    fn by_variables() -> Result<Self, Failure> {
        let [routes, db, url] = VARIABLES.map(variable);
        let url = url.map(|url| {
            let url = url.to_string_lossy().parse();
            url.map_err(|why| Failure::Variable { name: VARIABLES[2], why })
        });
        Ok(Self { routes: routes.map(Into::into), db: db.map(Into::into), url: url.transpose()? })
    }

    /// Itself if it names something, an error if it names several things.
    fn checked(self, words: [&'static str; 3]) -> Result<Option<Self>, Failure> {
        let there = [self.routes.is_some(), self.db.is_some(), self.url.is_some()];
        let named: Vec<_> = words.into_iter().zip(there).filter(|(_, there)| *there).collect();
        match named.len() {
            0 => Ok(None),
            1 => Ok(Some(self)),
            _ => Err(Failure::Places { named: named.into_iter().map(|(word, _)| word).collect() }),
        }
    }
}

impl ApiKeyArgs {
    /// The key, where there is one.
    pub(crate) fn get(&self) -> Option<&str> {
        self.api_key.as_ref().map(Secret::as_str)
    }
}

impl PlaceArgs {
    /// The place that is named, or the default database.
    pub(crate) fn place(&self) -> Result<Place, Failure> {
        let named = match self.named(None).checked(FLAGS)? {
            Some(named) => named,
            // A routes file is for other commands: here its variable names nothing.
            None => Named { routes: None, ..Named::by_variables()? }
                .checked(VARIABLES)?
                .unwrap_or_default(),
        };
        self.place_of(named)
    }

    /// As [`Self::place`], where a routes file will do as well.
    pub(crate) fn place_or_routes(&self, routes: Option<&Path>) -> Result<Choice, Failure> {
        let named = match self.named(routes).checked(FLAGS)? {
            Some(named) => named,
            None => Named::by_variables()?.checked(VARIABLES)?.unwrap_or_default(),
        };
        Ok(match named.routes {
            Some(routes) => Choice::Routes(routes),
            None => Choice::Place(self.place_of(named)?),
        })
    }

    fn named(&self, routes: Option<&Path>) -> Named {
        Named { routes: routes.map(Into::into), db: self.db.clone(), url: self.url.clone() }
    }

    fn place_of(&self, named: Named) -> Result<Place, Failure> {
        let namespace = self.namespace.clone();
        Ok(match named.url {
            Some(url) => {
                let tls = remote::trust(self.ca_cert.as_deref())?;
                Place::Server(Remote::new(url, self.key.get(), tls, namespace))
            }
            None => {
                let path = named.db.unwrap_or_else(|| DEFAULT_DB.into());
                Place::Database(Database { path, namespace })
            }
        })
    }
}

/// What `route` and `lint` can choose from.
#[derive(Debug)]
pub(crate) enum Choice {
    /// A routes file, in memory.
    Routes(PathBuf),
    /// What lasts.
    Place(Place),
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// A namespace's name, checked.
pub(super) fn namespace(name: &str) -> Result<NamespaceName, String> {
    NamespaceName::try_from(name).map_err(|error| error.to_string())
}
