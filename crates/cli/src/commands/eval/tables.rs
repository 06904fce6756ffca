//! A report for people, on a terminal.

use synaptoroute::{Judged, Report, RouteName, RouteScore, Share};

use crate::failure::Failure;
use crate::output;
use crate::words::{count, one_line};

/// Characters of a text; more would wrap.
const TEXT: usize = 72;

pub(super) fn print(report: &Report, top: usize) -> Result<(), Failure> {
    output::line(headline(report))?;
    output::line("")?;
    output::columns(["", "", "95 % interval", ""], &numbers(report))?;
    routes(report, top)?;
    confusions(report, top)?;
    errors(report, top)
}

/// What was asked of what.
pub(super) fn headline(report: &Report) -> String {
    let counts = report.counts;
    let what = if report.folds.is_some() { "utterance" } else { "sample" };
    let repeats = match counts.duplicates {
        0 => String::new(),
        repeats => format!(" ({} left out)", count(repeats, "repeat")),
    };
    let folds = report.folds.map_or(String::new(), |folds| format!(" in {folds} folds"));
    let fitted = if report.calibrated { "" } else { ", confidence not fitted" };
    format!(
        "{}{folds} and {} of no route{repeats}; {}, revision {}{fitted}",
        count(counts.in_scope, what),
        count(counts.out_of_scope, "text"),
        report.model,
        report.revision,
    )
}

/// The key numbers: each with its interval, where it has one, and what it means.
pub(super) fn numbers(report: &Report) -> Vec<[String; 4]> {
    let share = |name: &str, share: Option<Share>, means: &str| {
        share.map(|share| [name.into(), percent(share.value), interval(share), means.into()])
    };
    let number = |name: &str, number: Option<f64>, means: &str| {
        number.map(|number| [name.into(), format!("{number:.3}"), String::new(), means.into()])
    };
    let scope = report.out_of_scope;
    let auroc = scope.and_then(|scope| scope.auroc).map(|auroc| {
        let interval = format!("{:.3} to {:.3}", auroc.low, auroc.high);
        let means = "how well confidence tells what belongs to no route; 0.5 is chance";
        ["AUROC".into(), format!("{:.3}", auroc.value), interval, means.into()]
    });
    [
        share("accuracy", report.accuracy, "taken by the right route"),
        share("coverage", report.coverage, "taken by some route"),
        share("forced accuracy", report.forced_accuracy, "right if nothing could be refused"),
        number("macro F1", report.macro_f1, "precision and recall, the mean over the routes"),
        share(
            "out of scope accepted",
            scope.map(|scope| scope.accepted),
            "taken, though they belong to no route",
        ),
        auroc,
        share(
            "FPR at 95 % kept",
            scope.and_then(|scope| scope.fpr95),
            "out of scope, and taken by a cut that keeps 95 % of the rest",
        ),
        number("ECE", Some(report.reliability.ece), "how far confidence is off; 0 is best"),
        number("AURC", Some(report.risk_coverage.aurc), "the mean risk over all cuts; 0 is best"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn routes(report: &Report, top: usize) -> Result<(), Failure> {
    let worst = worst_routes(report);
    let imperfect = worst.iter().filter(|route| route.f1.is_some_and(|f1| f1 < 1.0)).count();
    let row = |route: &&RouteScore| {
        let share = |share: Option<Share>| share.map_or("-".into(), |share| percent(share.value));
        let f1 = route.f1.map_or("-".into(), |f1| format!("{f1:.3}"));
        let (recall, precision) = (share(route.recall), share(route.precision));
        [route.route.to_string(), route.support.to_string(), recall, precision, f1]
    };
    if imperfect > 0 && top > 0 {
        let rows: Vec<_> = worst.iter().take(top.min(imperfect)).map(row).collect();
        output::line("")?;
        output::columns(["worst routes", "samples", "recall", "precision", "F1"], &rows)?;
    }
    let silent: Vec<&str> = report.routes_without_samples.iter().map(RouteName::as_str).collect();
    if silent.is_empty() {
        return Ok(());
    }
    let named = silent.iter().take(top.max(1)).copied().collect::<Vec<_>>().join(", ");
    let more = match silent.len().saturating_sub(top.max(1)) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let why = if report.folds.is_some() {
        "not judged, for a single utterance cannot be held out"
    } else {
        "not judged, for no sample belongs to them"
    };
    output::line("")?;
    output::line(format_args!("{why}: {named}{more}"))
}

/// Those that samples belong to, the lowest F1 first.
pub(super) fn worst_routes(report: &Report) -> Vec<&RouteScore> {
    let mut routes: Vec<&RouteScore> =
        report.routes.iter().filter(|route| route.support > 0).collect();
    // Stable: of equals, by name.
    routes.sort_by(|a, b| a.f1.unwrap_or(0.0).total_cmp(&b.f1.unwrap_or(0.0)));
    routes
}

fn confusions(report: &Report, top: usize) -> Result<(), Failure> {
    let wrong = report.confusion.iter().filter(|pair| pair.expected != pair.got);
    let rows: Vec<_> = wrong
        .take(top)
        .map(|pair| [named(&pair.expected), named(&pair.got), pair.count.to_string()])
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    output::line("")?;
    output::columns(["belongs to", "went to", "samples"], &rows)
}

fn errors(report: &Report, top: usize) -> Result<(), Failure> {
    let errors = report.errors();
    if errors.is_empty() || top == 0 {
        return Ok(());
    }
    let shown = top.min(errors.len());
    output::line("")?;
    output::line(format_args!(
        "{}, the most confident first{}",
        count(errors.len(), "error"),
        if shown < errors.len() {
            format!("; {shown} of them, all with --json or --html")
        } else {
            String::new()
        }
    ))?;
    errors.iter().take(shown).try_for_each(error)
}

fn error(sample: &Judged) -> Result<(), Failure> {
    output::line(format_args!("{}", short(sample.text.as_str())))?;
    output::line(format_args!(
        "  -> {}, not {}  (confidence {:.2}, threshold {:.2}; {})",
        named(&sample.got),
        named(&sample.expected),
        sample.confidence,
        sample.threshold,
        sample.reason.as_str().replace('_', " "),
    ))?;
    let sides = [
        (&sample.first, &sample.nearest_of_first),
        (&sample.expected, &sample.nearest_of_expected),
    ];
    let differ = sample.first != sample.expected;
    for (route, nearest) in sides.into_iter().take(if differ { 2 } else { 1 }) {
        if let (Some(route), Some(nearest)) = (route, nearest) {
            output::line(format_args!(
                "     {route}: {:.2} to {:?}",
                nearest.similarity,
                short(nearest.utterance.as_str()),
            ))?;
        }
    }
    Ok(())
}

/// A route, or none.
pub(super) fn named(route: &Option<RouteName>) -> String {
    route.as_ref().map_or_else(|| "none".to_owned(), RouteName::to_string)
}

pub(in crate::commands) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

pub(in crate::commands) fn interval(share: Share) -> String {
    format!("{:.1} to {:.1}", 100.0 * share.low, 100.0 * share.high)
}

/// The beginning of a text, on one line.
pub(super) fn short(text: &str) -> String {
    let text = one_line(text);
    if text.chars().count() <= TEXT {
        return text;
    }
    text.chars().take(TEXT - 1).chain(['…']).collect()
}
