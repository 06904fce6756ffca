//! Whether routes are fitted without being asked for it: of `serve`, `route` and `eval`.

use clap::ArgAction;
use clap::builder::BoolishValueParser;

#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AutoFitArgs {
    /// Fit evidence, confidence and cuts: `serve` in the background, a moment after texts have
    /// changed, `route` and `eval` before the routes of --routes are asked. On a --db or a --url
    /// those two decide by the fit that is there. Routes whose setting auto_fit is false are left
    /// alone in any case
    #[arg(
        long = "auto-fit",
        value_name = "true|false",
        default_value_t = true,
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        env = "SYNAPTOROUTE_AUTO_FIT"
    )]
    pub(crate) wanted: bool,
}
