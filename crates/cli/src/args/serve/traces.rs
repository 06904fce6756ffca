//! `serve`: where traces go.

use std::path::PathBuf;

use crate::args::secret::Secret;
use crate::remote::ServerUrl;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Traces")]
pub(crate) struct TraceArgs {
    /// Collector to send a span of every request to, OTLP over HTTP, such as
    /// http://127.0.0.1:4318, below which it is /v1/traces. Shows where the time of a request
    /// goes, across services; costs some of it. No text of a query is sent
    #[arg(long, value_name = "URL", env = "SYNAPTOROUTE_OTLP_ENDPOINT")]
    pub(crate) otlp_endpoint: Option<ServerUrl>,
    /// Share of the traces that begin here that are sent, 0 to 1: fewer cost less, and may lack
    /// the one that is looked for. A caller that sends a traceparent has decided for its own
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 1.0,
        value_parser = share,
        env = "SYNAPTOROUTE_OTLP_RATIO"
    )]
    pub(crate) otlp_ratio: f64,
    /// Header to send along, NAME=VALUE, such as a collector's token; again, or with commas, for
    /// each. In the environment others cannot read it from the list of processes
    #[arg(
        long,
        value_name = "NAME=VALUE",
        value_delimiter = ',',
        requires = "otlp_endpoint",
        env = "SYNAPTOROUTE_OTLP_HEADER",
        hide_env_values = true
    )]
    pub(crate) otlp_header: Vec<Secret>,
    /// Certificate, PEM, of the authority that signed an https collector's, where it is none of
    /// those that browsers trust: then this one is trusted, and no other
    #[arg(
        long,
        value_name = "FILE",
        requires = "otlp_endpoint",
        env = "SYNAPTOROUTE_OTLP_CA_CERT"
    )]
    pub(crate) otlp_ca_cert: Option<PathBuf>,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("write a number from 0, none, to 1, all".to_owned()),
    }
}
