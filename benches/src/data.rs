//! Labelled texts.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::BenchError;

/// A text and the route it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Sample {
    /// The text.
    pub text: String,
    /// The route's name, or `oos`.
    pub intent: String,
}

/// Reads a file of JSON lines.
///
/// # Errors
///
/// The file cannot be read, or a line is no sample.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<Sample>, BenchError> {
    let path = path.as_ref();
    let failed = |source| BenchError::Read { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(failed)?;
    let parse = |(i, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|source| BenchError::Line {
            path: path.to_owned(),
            line: i + 1,
            source,
        })
    };
    text.lines().enumerate().map(parse).collect()
}

/// The three seeded few-shot files of a set, `shots` utterances a route.
#[must_use]
pub fn fewshot(set: &Path, shots: usize) -> [PathBuf; 3] {
    [0, 1, 2].map(|seed| set.join(format!("fewshot/train_{shots}shot_s{seed}.jsonl")))
}
