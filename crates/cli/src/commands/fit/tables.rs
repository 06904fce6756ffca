//! What a fit tells of itself, for people.

use synaptoroute::{FitQuality, FitReport, Share};

use crate::commands::eval::{interval, percent};
use crate::failure::Failure;
use crate::output;
use crate::words::count;

pub(super) fn print(report: &FitReport) -> Result<(), Failure> {
    output::line(headline(report))?;
    if let (Some(before), Some(after)) = (&report.before, &report.after) {
        output::line("")?;
        let names = ["", "before", "95 % interval", "after", "95 % interval", ""];
        output::columns(names, &numbers(before, after))?;
        output::line("")?;
        evidence(report)?;
        output::line("")?;
        output::line(threshold(report))?;
    }
    let verdict = if report.installed { "in force now" } else { "not in force" };
    let why = report.reason.as_ref().map_or(String::new(), |why| format!(": {why}"));
    output::line(format_args!("{verdict}{why}"))
}

fn headline(report: &FitReport) -> String {
    let samples = report.samples_in_scope + report.samples_out_of_scope;
    let samples = match samples {
        0 => String::new(),
        samples => {
            format!(", {} ({} of no route)", count(samples, "sample"), report.samples_out_of_scope)
        }
    };
    let folds = match report.folds {
        0 => String::new(),
        folds => format!(" in {folds} folds"),
    };
    format!(
        "{} with {}{folds}{samples}, {}; objective {}, revision {}",
        count(report.routes, "route"),
        count(report.utterances, "utterance"),
        count(report.background, "background text"),
        report.objective,
        report.revision,
    )
}

/// Both sides on the same held-out texts.
fn numbers(before: &FitQuality, after: &FitQuality) -> Vec<[String; 6]> {
    type Of = fn(&FitQuality) -> Option<Share>;
    let shares: [(&str, Of, &str); 4] = [
        ("right route first", |q| q.right_route, "of what belongs to a route"),
        ("accuracy", |q| q.accuracy, "of that, answered by the right route"),
        ("kept", |q| q.kept, "of that, answered by any route"),
        ("falsely accepted", |q| q.false_accept, "of what belongs to none, answered all the same"),
    ];
    let shown = |share: Option<Share>| match share {
        Some(share) => [percent(share.value), interval(share)],
        None => ["-".to_owned(), String::new()],
    };
    let mut rows: Vec<[String; 6]> = shares
        .into_iter()
        .map(|(name, of, means)| {
            let ([was, was_interval], [is, is_interval]) = (shown(of(before)), shown(of(after)));
            [name.to_owned(), was, was_interval, is, is_interval, means.to_owned()]
        })
        .collect();
    type Number = fn(&FitQuality) -> f64;
    let numbers: [(&str, Number, &str); 2] = [
        ("macro F1", |q| q.macro_f1, "precision and recall, the mean over the routes"),
        ("objective", |q| q.objective, "more is better; below 0 a promise is broken"),
    ];
    rows.extend(numbers.into_iter().map(|(name, of, means)| {
        let number = |quality: &FitQuality| format!("{:.3}", of(quality));
        let none = String::new;
        [name.to_owned(), number(before), none(), number(after), none(), means.to_owned()]
    }));
    rows
}

/// How much each kind counts.
fn evidence(report: &FitReport) -> Result<(), Failure> {
    let rows: Vec<[String; 3]> = report
        .evidence
        .iter()
        .map(|kind| [kind.evidence.clone(), format!("{:.4}", kind.weight), percent(kind.share)])
        .collect();
    output::columns(["evidence", "weight", "share of the score's differences"], &rows)
}

fn threshold(report: &FitReport) -> String {
    let own = &report.route_thresholds;
    let of_routes: Vec<String> =
        own.iter().map(|own| format!("{} {:.3}", own.route, own.threshold)).collect();
    let of_routes = match of_routes.len() {
        0 => String::new(),
        _ => format!("; of single routes: {}", of_routes.join(", ")),
    };
    format!("threshold on confidence {:.3}{of_routes}", report.threshold)
}
