//! `serve`: how it logs.

use clap::builder::BoolishValueParser;

#[derive(Debug, clap::Args)]
pub(crate) struct LogArgs {
    /// How log lines are written to standard error: for people, or one JSON object each, for
    /// what collects them
    #[arg(
        long,
        value_enum,
        default_value = "text",
        value_name = "FORMAT",
        env = "SYNAPTOROUTE_LOG_FORMAT"
    )]
    pub(crate) log_format: LogFormat,
    /// Log the text of every query at --log info: helps to find out what people ask, and leaves
    /// whatever they wrote in confidence in the log
    #[arg(long, env = "SYNAPTOROUTE_LOG_QUERIES", value_parser = BoolishValueParser::new())]
    pub(crate) log_queries: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}
