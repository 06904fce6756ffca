//! The tables for people.

use super::{Report, Size};
use crate::failure::Failure;
use crate::output;

/// A line a size, then what was measured once.
pub(super) fn print(report: &Report) -> Result<(), Failure> {
    output::line(format_args!("{}, {}", report.machine, report.isa))?;
    output::line(format_args!(
        "4 KB written to this disk and waited for: {:.3} ms p50, {:.3} p99\n",
        report.bare_commit.p50_ms, report.bare_commit.p99_ms
    ))?;
    output::line(format_args!(
        "{:>10} {:>8} {:>8} {:>8} {:>10} {:>10} {:>10} {:>9} {:>9} {:>8}",
        "utterances",
        "file MB",
        "open ms",
        "B each",
        "commit p50",
        "add p50",
        "add p99",
        "search",
        "stream",
        "ratio"
    ))?;
    report.sizes.iter().try_for_each(|size| output::line(row(size)))?;
    output::line(
        "commit: ms until the disk has an add; add: us beyond that; search: ms a decision;\n\
         stream: ms to read the same bytes once; B each: resident memory an utterance\n",
    )?;
    let (one, many) = (report.one_writer_per_second, report.many_writers_per_second);
    let live = &report.live;
    let rate = format!("while {:.0} adds a second", live.adds_a_second);
    output::table(&[
        ("one writer", format!("{one:.0} adds/s acknowledged")),
        (
            "many writers",
            format!("{many:.0} adds/s of {}, {:.1} times one's", report.many_writers, many / one),
        ),
        ("/route, quiet", format!("{:.2} ms p50, {:.2} p99", live.quiet.p50_ms, live.quiet.p99_ms)),
        (
            &rate,
            format!(
                "{:.2} ms p50, {:.2} p99: {:.2} times the quiet one",
                live.while_adding.p50_ms,
                live.while_adding.p99_ms,
                live.while_adding.p99_ms / live.quiet.p99_ms
            ),
        ),
    ])?;
    output::line("\none route overwritten")?;
    report.overwritten.iter().try_for_each(|seen| {
        let resident = seen.resident_mb.map_or("?".to_owned(), |mb| format!("{mb:.1}"));
        output::line(format_args!(
            "{:>6} times: file {:.2} MB, process {resident} MB, snapshot {:.0} KB",
            seen.times, seen.file_mb, seen.snapshot_kb
        ))
    })
}

fn row(size: &Size) -> String {
    let each = size.resident_bytes_each.map_or("?".to_owned(), |bytes| format!("{bytes:.0}"));
    format!(
        "{:>10} {:>8.1} {:>8.0} {each:>8} {:>10.3} {:>10.1} {:>10.1} {:>9.3} {:>9.3} {:>8.2}",
        size.utterances,
        size.file_mb,
        size.open_ms,
        size.adds.commit.p50_ms,
        size.adds.beyond.p50_ms * 1e3,
        size.adds.beyond.p99_ms * 1e3,
        size.search.decide.p50_ms,
        size.search.stream.p50_ms,
        size.search.times_stream,
    )
}
