//! Words for people: standard output for answers, standard error for the rest.
//!
//! Nobody may be reading standard error, or its disk may be full: that is no reason to stop,
//! so what cannot be said there is left unsaid. (`eprintln!` panics instead: a service once
//! dropped the requests it had admitted because its log reader was gone.)

use std::convert::Infallible;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use synaptoroute::Progress;

use crate::failure::Failure;

/// Prints a line of the answer.
pub(crate) fn line(line: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{line}").map_err(Failure::Output)
}

/// Prints lines of the answer, as they are.
pub(crate) fn text(lines: &str) -> Result<(), Failure> {
    io::stdout().lock().write_all(lines.as_bytes()).map_err(Failure::Output)
}

/// Prints one JSON object on a line.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(serde_json::to_string(value).map_err(|e| Failure::Output(e.into()))?)
}

/// Says something beside the answer.
pub(crate) fn note(note: impl Display) {
    let _unsaid = writeln!(io::stderr().lock(), "{note}");
}

/// Says why the command failed.
pub(crate) fn complain(failure: &Failure) {
    note(format_args!("synaptoroute: {failure}"));
}

/// Whether colours help: a terminal shows them, and nobody asked for none.
pub(crate) fn coloured() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
}

/// A bar on standard error; invisible where that is no terminal.
pub(crate) fn progress(of: usize, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(of as u64);
    if !io::stderr().is_terminal() {
        bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
    }
    let style =
        ProgressStyle::with_template(&format!("{{wide_bar}} {{pos}}/{{len}} {what}, {{eta}} left"));
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Does `work`, and shows how far it is.
pub(crate) fn with_progress<T>(what: &str, work: impl FnOnce(Progress<'_>) -> T) -> T {
    let bar = OnceLock::new();
    let done = work(&|done, of| {
        bar.get_or_init(|| progress(of, what)).set_position(done as u64);
    });
    if let Some(bar) = bar.get() {
        bar.finish_and_clear();
    }
    done
}

/// Does `work` of unknown length, and shows that it goes on if it takes more than a second.
pub(crate) fn with_spinner<T>(what: &str, work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    let (working, done) = mpsc::channel::<Infallible>();
    // Moved in, so that a panic of the work ends the spinner too.
    thread::scope(move |scope| {
        let spin = move || {
            if done.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
                let spinner = ProgressBar::new_spinner().with_message(what.to_owned());
                spinner.enable_steady_tick(Duration::from_millis(100));
                let _ended = done.recv();
                spinner.finish_and_clear();
            }
        };
        // Where there is no thread to be had, nothing is shown.
        let _spinning = thread::Builder::new().spawn_scoped(scope, spin);
        let value = work();
        drop(working);
        value
    })
}

/// Two columns, the first as wide as it needs to be.
pub(crate) fn table(rows: &[(&str, String)]) -> Result<(), Failure> {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().try_for_each(|(name, value)| line(format_args!("{name:width$}  {value}")))
}

/// Columns under their names, each as wide as it needs to be; numbers to the right.
pub(crate) fn columns<const N: usize>(
    names: [&str; N],
    rows: &[[String; N]],
) -> Result<(), Failure> {
    let names = names.map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&names]).map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let is_number = |cell: &String| !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
    let numbers = |column: usize| rows.iter().all(|row: &[String; N]| is_number(&row[column]));
    for row in [&names].into_iter().chain(rows) {
        let mut shown = String::new();
        for (column, cell) in row.iter().enumerate() {
            let gap = if column == 0 { "" } else { "  " };
            let width = width(column);
            let cell =
                if numbers(column) { format!("{cell:>width$}") } else { format!("{cell:width$}") };
            shown += gap;
            shown += &cell;
        }
        line(shown.trim_end())?;
    }
    Ok(())
}
