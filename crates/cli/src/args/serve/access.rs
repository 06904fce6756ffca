//! Who may ask, and how: keys, TLS, web pages, and how slow a client may be.

use std::path::PathBuf;
use std::time::Duration;

use synaptoroute_server::{HostName, Limits, Origin};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Who may ask, and how")]
pub(crate) struct AccessArgs {
    /// Keys that are asked for, with what each may do, as `synaptoroute key` makes them; read
    /// again on SIGHUP. Hashes alone stand there. Those in the variable SYNAPTOROUTE_KEYS, in
    /// the same form, count too; without any, everybody who reaches the address may do all
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_KEYS_FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Certificate to show, PEM, with those between it and its authority behind it: everything
    /// is encrypted then, and nothing answered in the clear
    #[arg(long, value_name = "FILE", requires = "tls_key", env = "SYNAPTOROUTE_TLS_CERT")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key of the certificate, PEM, unencrypted: who can read the file can pretend to
    /// be this server
    #[arg(long, value_name = "FILE", requires = "tls_cert", env = "SYNAPTOROUTE_TLS_KEY")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Origin of a web page that may ask, such as https://localhost:3000, again for each;
    /// * lets every page ask that somebody looks at who can reach the server
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', env = "SYNAPTOROUTE_CORS_ORIGIN")]
    pub(crate) cors_origin: Vec<Origin>,
    /// Name that this server is asked by, beside its addresses and localhost, such as
    /// router.internal, again for each. Any other is answered 421 where no keys are asked for,
    /// unless --insecure: more names reach it, and so does a web page that takes one of them
    #[arg(long, value_name = "NAME", value_delimiter = ',', env = "SYNAPTOROUTE_ALLOW_HOST")]
    pub(crate) allow_host: Vec<HostName>,
    /// Connections at a time; one more is answered 503 and closed. Each takes an open file of
    /// the process, whose limit is raised to fit
    #[arg(
        long,
        value_name = "N",
        default_value_t = 16_384,
        value_parser = clap::value_parser!(u32).range(1..),
        env = "SYNAPTOROUTE_MAX_CONNECTIONS"
    )]
    max_connections: u32,
    /// Seconds for the head of a request to arrive, and for a connection to be idle; longer
    /// spares clients that seldom ask a new connection, shorter frees places sooner
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..),
        env = "SYNAPTOROUTE_HEADER_TIMEOUT"
    )]
    header_timeout: u32,
    /// Seconds for the body of a request to arrive, all of it; longer lets slow lines import
    /// large files, shorter frees places sooner
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 120,
        value_parser = clap::value_parser!(u32).range(1..),
        env = "SYNAPTOROUTE_BODY_TIMEOUT"
    )]
    body_timeout: u32,
    /// Seconds that a client may leave its answer unread; longer bears with slow readers,
    /// shorter frees places and memory sooner
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..),
        env = "SYNAPTOROUTE_WRITE_TIMEOUT"
    )]
    write_timeout: u32,
    /// KiB that the head of a request may have; a connection may take as much memory before it
    /// has asked anything
    #[arg(
        long,
        value_name = "KIB",
        default_value_t = 32,
        value_parser = clap::value_parser!(u16).range(8..=256),
        env = "SYNAPTOROUTE_MAX_HEADER_KB"
    )]
    max_header_kb: u16,
}

impl AccessArgs {
    pub(crate) fn limits(&self) -> Limits {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Limits {
            max_connections: usize::try_from(self.max_connections).unwrap_or(usize::MAX),
            header_timeout: seconds(self.header_timeout),
            body_timeout: seconds(self.body_timeout),
            write_timeout: seconds(self.write_timeout),
            max_header_bytes: usize::from(self.max_header_kb) << 10,
        }
    }
}
