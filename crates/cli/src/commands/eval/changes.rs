//! What changed since another report, for people.

use synaptoroute::{ChangeKind, Comparison, Difference, Pair};

use super::tables::{named, percent, short};
use crate::failure::Failure;
use crate::output;
use crate::words::count;

pub(super) fn print(changes: &Comparison, top: usize) -> Result<(), Failure> {
    output::line("")?;
    output::line(headline(changes))?;
    if changes.common == 0 {
        return Ok(());
    }
    output::line("")?;
    output::columns(["", "before", "now", "difference", "95 % interval", "p"], &rows(changes))?;
    if changes.changed.is_empty() {
        output::line("")?;
        return output::line("every sample went where it went before");
    }
    output::line("")?;
    output::line(kinds(changes))?;
    for sample in changes.changed.iter().take(top) {
        let word = kind(sample.kind);
        let (before, after) = (named(&sample.before), named(&sample.after));
        let expected = match sample.kind {
            ChangeKind::Mended => String::new(),
            _ => format!(", not {}", named(&sample.expected)),
        };
        let text = short(sample.text.as_str());
        output::line(format_args!("{word:7} {text}\n        {before} -> {after}{expected}"))?;
    }
    Ok(())
}

/// What is compared.
pub(super) fn headline(changes: &Comparison) -> String {
    if changes.common == 0 {
        return "the other report has none of these samples: nothing can be compared".to_owned();
    }
    let others = match (changes.only_before, changes.only_after) {
        (0, 0) => String::new(),
        (before, after) => format!("; {before} only before and {after} only now are left out"),
    };
    format!("compared on {} that both have{others}", count(changes.common, "sample"))
}

/// How many went elsewhere.
pub(super) fn kinds(changes: &Comparison) -> String {
    let number = |kind| changes.changed.iter().filter(|sample| sample.kind == kind).count();
    format!(
        "{} went elsewhere: {} broken, {} mended, {} wrong in another way",
        count(changes.changed.len(), "sample"),
        number(ChangeKind::Broken),
        number(ChangeKind::Mended),
        number(ChangeKind::Moved),
    )
}

pub(super) fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Broken => "broken",
        ChangeKind::Mended => "mended",
        ChangeKind::Moved => "moved",
    }
}

/// The numbers before and now, and how far the difference can be trusted.
pub(super) fn rows(changes: &Comparison) -> Vec<[String; 6]> {
    let shares = [
        ("accuracy", changes.accuracy),
        ("coverage", changes.coverage),
        ("forced accuracy", changes.forced_accuracy),
        ("out of scope accepted", changes.out_of_scope_accepted),
    ];
    let numbers = [("macro F1", changes.macro_f1), ("ECE", changes.ece), ("AURC", changes.aurc)];
    let points = |x: f64| format!("{:+.1}", 100.0 * x);
    let thousandths = |x: f64| format!("{x:+.3}");
    let share = |(name, difference): (&str, Option<Difference>)| {
        difference.map(|found| differing(name, found, percent, points))
    };
    let auroc =
        changes.auroc.map(|found| differing("AUROC", found, |x| format!("{x:.3}"), thousandths));
    let fpr95 = changes.fpr95.map(|found| bare("FPR at 95 % kept", found, percent, points));
    let number = |(name, pair): (&str, Option<Pair>)| {
        pair.map(|found| bare(name, found, |x| format!("{x:.3}"), thousandths))
    };
    let shares = shares.into_iter().filter_map(share);
    shares.chain(auroc).chain(fpr95).chain(numbers.into_iter().filter_map(number)).collect()
}

fn differing(
    name: &str,
    found: Difference,
    value: impl Fn(f64) -> String,
    step: impl Fn(f64) -> String,
) -> [String; 6] {
    let Difference { before, after, difference, low, high, p, .. } = found;
    let interval = format!("{} to {}", step(low), step(high));
    let p =
        p.map_or(
            String::new(),
            |p| {
                if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
            },
        );
    [name.to_owned(), value(before), value(after), step(difference), interval, p]
}

fn bare(
    name: &str,
    found: Pair,
    value: impl Fn(f64) -> String,
    step: impl Fn(f64) -> String,
) -> [String; 6] {
    let Pair { before, after, difference, .. } = found;
    let none = String::new();
    [name.to_owned(), value(before), value(after), step(difference), none.clone(), none]
}
