//! Words for people: standard output for answers, standard error for the rest.
//!
//! Nobody may be reading standard error, or its disk may be full: that is no reason to stop,
//! so what cannot be said there is left unsaid. (`eprintln!` panics instead: a service once
//! dropped the requests it had admitted because its log reader was gone.)

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::failure::Failure;

/// Prints a line of the answer.
pub(crate) fn line(line: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{line}").map_err(Failure::Output)
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

/// Two columns, the first as wide as it needs to be.
pub(crate) fn table(rows: &[(&str, String)]) -> Result<(), Failure> {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().try_for_each(|(name, value)| line(format_args!("{name:width$}  {value}")))
}
