//! A tuned model, for people.

use synaptoroute::{Difference, Pair, TuneReport};

use crate::commands::eval::percent;
use crate::failure::Failure;
use crate::output;

pub(super) fn print(report: &TuneReport) -> Result<(), Failure> {
    let away = match report.with_negatives {
        true => format!(", told from {} negatives", report.negatives),
        false => String::new(),
    };
    let learned = format!("{} utterances of {} routes{away}", report.utterances, report.routes);
    let mut rows = vec![
        ("model", report.model.clone()),
        ("learned", learned),
        (
            "steps",
            format!(
                "{}, the loss from {:.3} to {:.3}",
                report.steps, report.loss_before, report.loss_after
            ),
        ),
        (
            "integers",
            format!("cosine {:.5} to the weights they were rounded from", report.fidelity),
        ),
    ];
    if let Some(comparison) = &report.comparison {
        let held_out = "on what was held out";
        rows.extend([
            ("right route", difference(comparison.forced_accuracy, held_out)),
            ("right and taken", difference(comparison.accuracy, held_out)),
            ("AUROC", difference(comparison.auroc, "of what belongs nowhere")),
            (
                "FPR95",
                pair(comparison.fpr95, "of what belongs nowhere is taken where 95 % are kept"),
            ),
        ]);
    }
    if let Some(achieved) = report.achieved {
        let Pair { before, after, .. } = achieved;
        rows.push(("objective", format!("{before:.4} -> {after:.4} of {}", report.objective)));
    }
    rows.push(("verdict", report.verdict.advice().to_owned()));
    output::table(&rows)
}

fn difference(difference: Option<Difference>, what: &str) -> String {
    difference.map_or_else(unknown, |d| {
        format!(
            "{} -> {} {what}; {:+.1} ({:+.1} to {:+.1}) points",
            percent(d.before),
            percent(d.after),
            100.0 * d.difference,
            100.0 * d.low,
            100.0 * d.high,
        )
    })
}

fn pair(pair: Option<Pair>, what: &str) -> String {
    pair.map_or_else(unknown, |p| format!("{} -> {} {what}", percent(p.before), percent(p.after)))
}

fn unknown() -> String {
    "cannot be told".to_owned()
}
