//! What became of the requests.

use std::io;

use crate::generate::KINDS;

/// What became of one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome {
    /// It was answered.
    Status(u16),
    /// The connection was closed without a word.
    Closed,
    /// Nothing came for as long as the client waits.
    Hung,
    /// The client did not stay to hear.
    Left,
}

impl Outcome {
    pub(crate) fn from_error(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Hung,
            _ => Self::Closed,
        }
    }
}

/// How many of a kind ended how.
#[derive(Clone, Copy, Default)]
struct Row {
    ok: u64,
    refused: u64,
    too_many: u64,
    unavailable: u64,
    failed: u64,
    closed: u64,
    /// Those of the closed that should have had an answer.
    lost: u64,
    hung: u64,
    left: u64,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Tally([Row; KINDS.len()]);

impl Tally {
    /// Counts one of a kind, that was sound HTTP or not.
    pub(crate) fn add(&mut self, kind: usize, sound: bool, outcome: Outcome) {
        let row = &mut self.0[kind];
        row.lost += u64::from(sound && matches!(outcome, Outcome::Closed));
        let count = match outcome {
            Outcome::Status(429) => &mut row.too_many,
            Outcome::Status(503) => &mut row.unavailable,
            Outcome::Status(500..) => &mut row.failed,
            Outcome::Status(400..) => &mut row.refused,
            Outcome::Status(_) => &mut row.ok,
            Outcome::Closed => &mut row.closed,
            Outcome::Hung => &mut row.hung,
            Outcome::Left => &mut row.left,
        };
        *count += 1;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (row, more) in self.0.iter_mut().zip(other.0) {
            row.ok += more.ok;
            row.refused += more.refused;
            row.too_many += more.too_many;
            row.unavailable += more.unavailable;
            row.failed += more.failed;
            row.closed += more.closed;
            row.lost += more.lost;
            row.hung += more.hung;
            row.left += more.left;
        }
    }

    pub(crate) fn print(&self) {
        println!(
            "| sent | 2xx, 3xx | 4xx | 429 | 503 | other 5xx | closed unanswered | hung | client left |"
        );
        println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
        for (kind, row) in KINDS.iter().zip(&self.0) {
            let Row { ok, refused, too_many, unavailable, failed, closed, lost: _, hung, left } =
                row;
            println!(
                "| {} | {ok} | {refused} | {too_many} | {unavailable} | {failed} | {closed} | {hung} | {left} |",
                kind.name
            );
        }
    }

    /// What must not be.
    pub(crate) fn faults(&self) -> Vec<String> {
        let faults = KINDS.iter().zip(&self.0).flat_map(|(kind, row)| {
            let faults = [
                (row.failed, "answered a 5xx other than 503"),
                (row.hung, "left without an answer"),
                (row.lost, "in sound HTTP, and closed without an answer"),
            ];
            let some = faults.into_iter().filter(|(number, _)| *number > 0);
            some.map(|(number, what)| format!("{}: {number} {what}", kind.name))
        });
        faults.collect()
    }
}

#[cfg(test)]
mod tests;
