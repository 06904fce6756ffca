//! The tables for people.

use super::report::{CaseReport, IsaReport};
use crate::failure::Failure;
use crate::output;

/// What the numbers are, said once.
pub(super) const LEGEND: &str = "\
the floor: 8-bit multiply-adds of the whole model at the integer peak, or its weights at the
bandwidth, whichever takes longer, and then attention at the f32 peak. The last layer is mostly
skipped, so a long text may come out up to a twelfth better than its floor allows for.";

/// Peaks, then a row a case.
pub(super) fn print(report: &IsaReport) -> Result<(), Failure> {
    output::line(format_args!("\n{}, {} rounds", report.isa, report.rounds))?;
    for peak in &report.peaks {
        let name = format!("peaks of {}", threads(peak.threads));
        output::line(format_args!(
            "{name:23}{:.1} G int8 multiply-adds/s, {:.2} G in f32, {:.1} GB/s of weights ({:.1} p50)",
            peak.integer_g, peak.float_g, peak.stream_gb, peak.stream_gb_p50
        ))?;
    }
    for gemm in &report.linear_layers_alone {
        let name = format!("linear layers, {} rows", gemm.rows);
        match (gemm.integer_g, gemm.of_peak) {
            (Some(rate), Some(part)) => output::line(format_args!(
                "{name:23}{rate:.1} G/s, {:.0} % of the peak (one thread)",
                part * 1e2
            ))?,
            _ => output::line(format_args!("{name:23}left out: it would take too long"))?,
        }
    }
    output::line(format_args!(
        "{:14} {:>6} {:>7} {:>9} {:>9} {:>9} {:>8} {:>9} {:>7} {:>5}",
        "case",
        "tokens",
        "threads",
        "min ms",
        "p50",
        "p99",
        "texts/s",
        "floor ms",
        "x floor",
        "runs"
    ))?;
    report.cases.iter().try_for_each(|case| output::line(row(case)))
}

fn row(case: &CaseReport) -> String {
    let name = match (case.kind, case.texts) {
        ("text", _) => "one text".to_owned(),
        (_, 1) => "batch of 1".to_owned(),
        (_, texts) => format!("batch of {texts}"),
    };
    let start = format!("{name:14} {:>6} {:>7}", case.tokens, case.threads);
    match (&case.measured, &case.note) {
        (Some(measured), _) => format!(
            "{start} {:>9.3} {:>9.3} {:>9.3} {:>8.1} {:>9.3} {:>7.2} {:>5}",
            measured.times.min_ms,
            measured.times.p50_ms,
            measured.times.p99_ms,
            measured.texts_per_second,
            case.floor_ms,
            measured.of_floor,
            measured.runs,
        ),
        (None, note) => format!("{start} {}", note.as_deref().unwrap_or_default()),
    }
}

fn threads(count: usize) -> String {
    if count == 1 { "one thread".to_owned() } else { format!("{count} threads") }
}
