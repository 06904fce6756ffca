//! Why samples are refused, and where.

use std::fmt;

use super::OUT_OF_SCOPE;
use crate::file::MAX_FILE_BYTES;
use crate::name::{NameError, RouteName};
use crate::text::{Text, TextError};

/// Where a sample stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SamplePlace {
    /// On this line of a file, from 1.
    Line(usize),
    /// At this index of a list, from 0.
    Item(usize),
}

impl fmt::Display for SamplePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Item(index) => write!(f, "samples[{index}]"),
        }
    }
}

/// A label that names no route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLabel {
    /// The label.
    pub label: RouteName,
    /// Where it stands first.
    pub place: SamplePlace,
}

/// Why samples are refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// There are none.
    #[error(
        "there are no samples; give at least one, such as {{\"text\": \"where is my bill\", \
         \"intent\": \"billing\"}} on a line of its own"
    )]
    None,
    /// The file is longer than any of use here.
    #[error(
        "the samples have {bytes} bytes; at most 256 MiB ({MAX_FILE_BYTES} bytes) are allowed: \
         take fewer of them"
    )]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The file is no text.
    #[error("line {line} is not UTF-8; save the file as UTF-8")]
    Utf8 {
        /// The line, from 1.
        line: usize,
    },
    /// A line is no sample in JSON.
    #[error(
        "line {line}, column {}: {}; a line is an object with \"text\" and \"intent\", and what \
         belongs to no route has the intent null or \"{OUT_OF_SCOPE}\"",
        source.column(), message(source)
    )]
    Json {
        /// The line, from 1.
        line: usize,
        /// What the parser says, as of a file of that line alone.
        source: serde_json::Error,
    },
    /// A line of CSV cannot be read.
    #[error("line {line}: {message}; write it as CSV, with commas between and quotes around")]
    Csv {
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// The first line of a CSV file does not name a column.
    #[error(
        "line 1 names no column `{name}`, but {found}; the first line of a CSV file names its \
         columns, and `text` and `intent` must be among them"
    )]
    NoColumn {
        /// The column that is missing.
        name: &'static str,
        /// Those that are there.
        found: String,
    },
    /// A line of CSV has more or fewer cells than the first.
    #[error(
        "line {line} has {found} cells, and the first line names {expected}; put quotes around \
         what has a comma in it"
    )]
    Cells {
        /// The line, from 1.
        line: usize,
        /// Columns.
        expected: u64,
        /// Cells.
        found: u64,
    },
    /// A text is none.
    #[error("{place}: {source}")]
    Text {
        /// Where it stands.
        place: SamplePlace,
        /// What is wrong with it.
        source: TextError,
    },
    /// A label that no route could have.
    #[error("{place}: the intent: {source}")]
    Label {
        /// Where it stands.
        place: SamplePlace,
        /// What is wrong with it.
        source: NameError,
    },
    /// A text belongs to one route here and to another there.
    #[error(
        "{} says that {:?} belongs to {}, and {} says to {}; decide for one, and take the other \
         out",
        first.0, shortened(text), named(&first.1), second.0, named(&second.1)
    )]
    Contradiction {
        /// The text.
        text: Text,
        /// Where it stands first, and with which intent.
        first: (SamplePlace, Option<RouteName>),
        /// Where it stands again, and with which.
        second: (SamplePlace, Option<RouteName>),
    },
    /// Labels that name no route.
    #[error(
        "no route is called {}; correct the labels, or add the routes first (what belongs to no \
         route has the intent null or \"{OUT_OF_SCOPE}\")",
        listed(unknown)
    )]
    UnknownRoutes {
        /// Each once, in the order of their first places; at least one.
        unknown: Vec<UnknownLabel>,
    },
}

impl SampleError {
    /// Where the first sample to blame stands, where it is one of a list.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        let place = match self {
            Self::Text { place, .. } | Self::Label { place, .. } => place,
            Self::Contradiction { second: (place, _), .. } => place,
            Self::UnknownRoutes { unknown } => &unknown.first()?.place,
            _ => return None,
        };
        match place {
            SamplePlace::Item(index) => Some(*index),
            SamplePlace::Line(_) => None,
        }
    }
}

/// What the parser says, without a place that is the column's alone.
fn message(error: &serde_json::Error) -> String {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    message.strip_suffix(&place).unwrap_or(&message).to_owned()
}

/// Labels that are named; the rest is counted.
const NAMED: usize = 10;

fn listed(unknown: &[UnknownLabel]) -> String {
    let one =
        |UnknownLabel { label, place }: &UnknownLabel| format!("{:?} ({place})", label.as_str());
    let named: Vec<String> = unknown.iter().take(NAMED).map(one).collect();
    let rest = match unknown.len().saturating_sub(NAMED) {
        0 => String::new(),
        rest => format!(", nor by {rest} more of the labels"),
    };
    named.join(", ") + &rest
}

fn named(intent: &Option<RouteName>) -> String {
    intent.as_ref().map_or_else(|| "no route".to_owned(), |name| format!("{:?}", name.as_str()))
}

/// So much of a text as one needs to find it.
fn shortened(text: &Text) -> String {
    const CHARS: usize = 60;
    let mut short: String = text.as_str().chars().take(CHARS).collect();
    if short.len() < text.as_str().len() {
        short.push('…');
    }
    short
}
