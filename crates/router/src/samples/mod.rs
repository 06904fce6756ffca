//! Labelled samples: texts, each with the route it belongs to, or none.
//!
//! ```
//! use synaptoroute_router::{SampleFormat, Samples};
//!
//! let file = r#"{"text": "why was I charged twice", "intent": "billing"}
//! {"text": "how tall is Mont Blanc", "intent": null}"#;
//! let samples = Samples::parse(file, SampleFormat::JsonLines)?;
//! assert_eq!(samples.count(), 2);
//! # Ok::<(), synaptoroute_router::SampleError>(())
//! ```
//!
//! - `parse`: files of JSON lines and of CSV.
//! - `error`: why samples are refused, and where.

mod error;
mod parse;

use std::collections::HashMap;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

use crate::checked;
use crate::name::{NameError, RouteName};
use crate::snapshot::Snapshot;
use crate::text::Text;

pub use error::{SampleError, SamplePlace, UnknownLabel};

/// The label, beside null and nothing at all, of a text that belongs to none of the routes.
pub const OUT_OF_SCOPE: &str = "oos";

/// A text, and where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// What somebody might ask.
    pub text: Text,
    /// The route it belongs to; null if it belongs to none.
    pub intent: Option<RouteName>,
}

/// How a file of samples is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleFormat {
    /// A JSON object a line.
    JsonLines,
    /// CSV whose first line names the columns `text` and `intent`.
    Csv,
}

/// At least one sample; no text twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    list: Vec<Placed>,
    duplicates: usize,
}

/// A sample, and where it stood.
#[derive(Clone, Debug, PartialEq)]
struct Placed {
    sample: Sample,
    place: SamplePlace,
}

impl Sample {
    /// A text with its label, which is a route's name, or [`OUT_OF_SCOPE`] or nothing for none.
    ///
    /// # Errors
    ///
    /// No route could be called so.
    pub fn labelled(text: Text, label: Option<String>) -> Result<Self, NameError> {
        let label = label.filter(|label| label != OUT_OF_SCOPE);
        Ok(Self { text, intent: label.map(RouteName::try_from).transpose()? })
    }
}

impl SampleFormat {
    /// By the file's name: CSV if it ends so, or else JSON lines.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let csv = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"));
        if csv { Self::Csv } else { Self::JsonLines }
    }

    /// By the text, of what has no name: JSON lines if it begins with a brace, or else CSV.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        let begin = text.trim_start_matches('\u{feff}').trim_start();
        if begin.starts_with('{') { Self::JsonLines } else { Self::Csv }
    }
}

impl Samples {
    /// Samples from a list. A sample that is repeated counts once.
    ///
    /// # Errors
    ///
    /// There are none, or a text is given two intents.
    pub fn new(samples: impl IntoIterator<Item = Sample>) -> Result<Self, SampleError> {
        let samples = samples.into_iter().enumerate();
        Self::collect(samples.map(|(index, sample)| Ok((sample, SamplePlace::Item(index)))))
    }

    /// Parses a whole file. A sample that is repeated counts once; columns and fields beside
    /// `text` and `intent` are ignored.
    ///
    /// # Errors
    ///
    /// It is not written so, has a blank text or an intent that no route could have, gives a
    /// text two intents, or there is no sample in it.
    pub fn parse(text: &str, format: SampleFormat) -> Result<Self, SampleError> {
        parse::parse(text, format)
    }

    /// As [`Self::parse`], from bytes that may not be text.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], or the bytes are not UTF-8.
    pub fn parse_bytes(bytes: &[u8], format: SampleFormat) -> Result<Self, SampleError> {
        Self::parse(parse::text(bytes)?, format)
    }

    fn collect(
        samples: impl Iterator<Item = Result<(Sample, SamplePlace), SampleError>>,
    ) -> Result<Self, SampleError> {
        let mut list: Vec<Placed> = Vec::new();
        let mut known: HashMap<Text, usize> = HashMap::new();
        let mut duplicates = 0;
        for sample in samples {
            let (sample, place) = sample?;
            let Some(&before) = known.get(&sample.text) else {
                known.insert(sample.text.clone(), list.len());
                list.push(Placed { sample, place });
                continue;
            };
            let before = &list[before];
            if before.sample.intent != sample.intent {
                return Err(SampleError::Contradiction {
                    text: sample.text,
                    first: (before.place, before.sample.intent.clone()),
                    second: (place, sample.intent),
                });
            }
            duplicates += 1;
        }
        if list.is_empty() { Err(SampleError::None) } else { Ok(Self { list, duplicates }) }
    }

    /// Sees that every label names a route.
    ///
    /// # Errors
    ///
    /// Some name none: all of them, each with the place where it stands first.
    pub fn check(&self, snapshot: &Snapshot) -> Result<(), SampleError> {
        let mut unknown: Vec<UnknownLabel> = Vec::new();
        for Placed { sample, place } in &self.list {
            if let Some(label) = &sample.intent
                && snapshot.route(label.as_str()).is_none()
                && !unknown.iter().any(|known| known.label == *label)
            {
                unknown.push(UnknownLabel { label: label.clone(), place: *place });
            }
        }
        if unknown.is_empty() { Ok(()) } else { Err(SampleError::UnknownRoutes { unknown }) }
    }

    /// How many there are, repeats not counted; never none.
    #[must_use]
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// How many repeats were left out.
    #[must_use]
    pub fn duplicates(&self) -> usize {
        self.duplicates
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Sample> {
        self.list.iter().map(|placed| &placed.sample)
    }

    /// Where the sample of this index stood.
    #[must_use]
    pub fn place(&self, index: usize) -> Option<SamplePlace> {
        self.list.get(index).map(|placed| placed.place)
    }
}

/// As a list of samples.
impl Serialize for Samples {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

/// With `intent` null, absent or [`OUT_OF_SCOPE`] for none of the routes, and nothing else.
impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Raw {
            text: Text,
            #[serde(default)]
            intent: Option<String>,
        }

        impl TryFrom<Raw> for Sample {
            type Error = NameError;

            fn try_from(Raw { text, intent }: Raw) -> Result<Self, NameError> {
                Self::labelled(text, intent)
            }
        }

        checked::map::<Raw, _, _>(from, "a sample: a map with text and intent")
    }
}
