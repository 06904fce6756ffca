//! Which texts are equal but for case, punctuation and blanks.

use std::collections::HashMap;
use std::ops::Range;

use super::rows::Rows;

/// What is no part of a word at its edges. Within one it may be: `3.5`, `c++` and `c#` stay what
/// they are.
const EDGES: &str = ".,;:!?\"'`()[]{}<>“”„‘’«»‹›…¿¡。、！？，：；—–-";

/// The texts that are equal when they are folded.
pub(super) struct Folds {
    /// For each row, the number of its fold.
    numbers: Vec<u32>,
    /// For each fold its rows, ascending.
    rows: Vec<Vec<usize>>,
}

impl Folds {
    pub(super) fn of(rows: &Rows) -> Self {
        let mut known: HashMap<String, u32> = HashMap::with_capacity(rows.len());
        let mut folds = Self { numbers: Vec::with_capacity(rows.len()), rows: Vec::new() };
        for (row, of) in rows.iter().enumerate() {
            let next = folds.rows.len() as u32;
            let number = *known.entry(fold(of.text.as_str())).or_insert(next);
            if number == next {
                folds.rows.push(Vec::new());
            }
            folds.numbers.push(number);
            folds.rows[number as usize].push(row);
        }
        folds
    }

    /// Whether two texts are equal when they are folded.
    pub(super) fn equal(&self, a: usize, b: usize) -> bool {
        self.numbers[a] == self.numbers[b]
    }

    /// The rows within a range that are equal to this one when they are folded, itself included.
    pub(super) fn within(&self, row: usize, range: &Range<usize>) -> &[usize] {
        let rows = &self.rows[self.numbers[row] as usize];
        let first = rows.partition_point(|&other| other < range.start);
        &rows[first..rows.partition_point(|&other| other < range.end)]
    }

    /// All folds of several rows, in the order of their first ones.
    pub(super) fn shared(&self) -> impl Iterator<Item = &[usize]> {
        self.rows.iter().map(Vec::as_slice).filter(|rows| rows.len() > 1)
    }
}

/// A text in lower case, without punctuation around words and apostrophes in them, with single
/// blanks. One that is nothing but punctuation stays as it is.
fn fold(text: &str) -> String {
    let lower = text.to_lowercase();
    let mut folded = String::with_capacity(lower.len());
    for word in lower.split_whitespace() {
        let word = word.trim_matches(|c| EDGES.contains(c));
        if word.is_empty() {
            continue;
        }
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().filter(|c| !matches!(c, '\'' | '’')));
    }
    if folded.is_empty() { lower } else { folded }
}

#[cfg(test)]
mod tests;
