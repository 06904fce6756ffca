//! `eval`: samples, what is to be said of them, and what they must reach.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::BoolishValueParser;
use synaptoroute::FoldCount;

use super::auto_fit::AutoFitArgs;
use super::place::PlaceArgs;

#[derive(Debug, clap::Args)]
pub(crate) struct EvalArgs {
    /// Texts whose routes are known: JSON lines like {"text": "…", "intent": "…"}, or CSV with
    /// the columns text and intent if the name ends in .csv; null, nothing or oos as intent means
    /// none of the routes. - is standard input
    #[arg(value_name = "FILE", required_unless_present = "cross_validate")]
    pub(crate) file: Option<PathBuf>,
    /// Ask the routes' own utterances, in K parts (2 to 20; 5 if none is said): each part is
    /// forgotten while it is asked, so no samples are needed. A FILE adds its texts that belong to
    /// no route, and nothing else. With --url the routes are fetched, and this is done here
    #[arg(
        long,
        value_name = "K",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "5",
        value_parser = folds,
        env = "SYNAPTOROUTE_CROSS_VALIDATE"
    )]
    pub(crate) cross_validate: Option<FoldCount>,
    /// Routes to evaluate, YAML or JSON, in place of a database or a server [env:
    /// SYNAPTOROUTE_ROUTES]
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) auto_fit: AutoFitArgs,
    /// Write a page of it all, with curves and the errors; it needs nothing else to be shown
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_HTML")]
    pub(crate) html: Option<PathBuf>,
    /// Compare with a report that --json printed before: what changed on the samples that both
    /// have, and how sure that is
    #[arg(long, value_name = "FILE", env = "SYNAPTOROUTE_COMPARE")]
    pub(crate) compare: Option<PathBuf>,
    /// Exit with 1 if a number falls short; may be said several times. accuracy, coverage, f1 (the
    /// mean over the routes) and auroc must be at least NUMBER; fpr95 (what belongs to no route and is
    /// taken where 95 % of the rest are kept) and ece must be at most NUMBER. A number that the
    /// samples do not give falls short too
    #[arg(
        long,
        value_name = "METRIC=NUMBER",
        value_delimiter = ',',
        env = "SYNAPTOROUTE_FAIL_UNDER"
    )]
    pub(crate) fail_under: Vec<Bound>,
    /// Entries of each list that is printed: routes, confusions, errors, changed samples
    #[arg(long, value_name = "N", default_value_t = 10, env = "SYNAPTOROUTE_TOP")]
    pub(crate) top: usize,
    /// Print the whole report as one JSON object, and with --compare another of what changed
    #[arg(long, env = "SYNAPTOROUTE_JSON", value_parser = BoolishValueParser::new())]
    pub(crate) json: bool,
}

/// A number that must reach a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bound {
    pub(crate) metric: Metric,
    pub(crate) bound: f64,
}

/// What can be bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    Accuracy,
    Coverage,
    F1,
    Auroc,
    Fpr95,
    Ece,
}

impl Metric {
    const ALL: [Self; 6] =
        [Self::Accuracy, Self::Coverage, Self::F1, Self::Auroc, Self::Fpr95, Self::Ece];

    fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::Coverage => "coverage",
            Self::F1 => "f1",
            Self::Auroc => "auroc",
            Self::Fpr95 => "fpr95",
            Self::Ece => "ece",
        }
    }

    /// Whether less of it is better.
    pub(crate) fn is_a_fault(self) -> bool {
        matches!(self, Self::Fpr95 | Self::Ece)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Bound {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, number) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is no bound; write METRIC=NUMBER, such as f1=0.9"))?;
        let known = Metric::ALL.into_iter().find(|metric| metric.name() == name.trim());
        let metric = known.ok_or_else(|| {
            let names = Metric::ALL.map(Metric::name).join(", ");
            format!("{name:?} is no metric that can be bounded; these are: {names}")
        })?;
        match number.trim().parse::<f64>() {
            Ok(bound) if (0.0..=1.0).contains(&bound) => Ok(Self { metric, bound }),
            _ => Err(format!("{number:?} is no bound of {metric}: it lies between 0 and 1")),
        }
    }
}

fn folds(value: &str) -> Result<FoldCount, String> {
    let number: u64 = value.parse().map_err(|_| format!("{value:?} is no whole number"))?;
    FoldCount::try_from(number)
}
