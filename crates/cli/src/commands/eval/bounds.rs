//! What the numbers must reach.

use synaptoroute::Report;

use crate::args::{Bound, Metric};
use crate::failure::Failure;

/// Fails with all that fall short.
pub(super) fn check(report: &Report, bounds: &[Bound]) -> Result<(), Failure> {
    let short: Vec<String> = bounds.iter().filter_map(|bound| shortfall(report, bound)).collect();
    if short.is_empty() { Ok(()) } else { Err(Failure::FellShort { short }) }
}

fn shortfall(report: &Report, &Bound { metric, bound }: &Bound) -> Option<String> {
    let Some(found) = value(report, metric) else {
        let missing = match metric {
            Metric::Auroc | Metric::Fpr95 if report.counts.in_scope > 0 => "of none of the routes",
            _ => "of a route",
        };
        return Some(format!("{metric} cannot be told, for there is no sample {missing}"));
    };
    let (short, must) =
        if metric.is_a_fault() { (found > bound, "at most") } else { (found < bound, "at least") };
    // With as many digits as it takes to see the difference.
    short.then(|| format!("{metric} is {found:.6}, and must be {must} {bound}"))
}

fn value(report: &Report, metric: Metric) -> Option<f64> {
    let scope = report.out_of_scope;
    match metric {
        Metric::Accuracy => report.accuracy.map(|share| share.value),
        Metric::Coverage => report.coverage.map(|share| share.value),
        Metric::F1 => report.macro_f1,
        Metric::Auroc => Some(scope?.auroc?.value),
        Metric::Fpr95 => Some(scope?.fpr95?.value),
        Metric::Ece => Some(report.reliability.ece),
    }
}
