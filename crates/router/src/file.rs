//! The routes file, in YAML or JSON.
//!
//! ```
//! use synaptoroute_router::{FileFormat, RoutesFile};
//!
//! let file = RoutesFile::parse(
//!     "version: 1
//! routes:
//!   - name: billing
//!     utterances: [where is my bill, I was charged twice]",
//!     FileFormat::Yaml,
//! )?;
//! assert_eq!(file.routes[0].utterances.len(), 2);
//! # Ok::<(), synaptoroute_router::FileError>(())
//! ```

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_path_to_error::{Segment, Track};

use crate::checked;
use crate::name::RouteName;
use crate::route::{ROUTE, Route, distinct};
use crate::settings::Settings;
use crate::text::Text;

/// Routes, settings and negatives of one namespace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RoutesFile {
    /// Of the format.
    pub version: Version,
    /// Texts that belong to no route.
    #[serde(default, deserialize_with = "distinct_texts", skip_serializing_if = "Vec::is_empty")]
    pub negatives: Vec<Text>,
    /// What holds for all routes.
    #[serde(default, deserialize_with = "settings")]
    pub settings: Settings,
    /// No two of one name.
    #[serde(deserialize_with = "distinct_routes")]
    pub routes: Vec<Route>,
}

/// The version of the format: 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(into = "u64")]
#[non_exhaustive]
pub struct Version;

impl TryFrom<u64> for Version {
    type Error = String;

    fn try_from(version: u64) -> Result<Self, String> {
        let known = version == 1;
        known.then_some(Self).ok_or_else(|| format!("version {version} is not known; write 1"))
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::whole(from)
    }
}

impl From<Version> for u64 {
    fn from(_: Version) -> Self {
        1
    }
}

/// How a routes file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// YAML, of which JSON is a part.
    Yaml,
    /// JSON, with JSON's messages.
    Json,
}

impl FileFormat {
    /// By the file's name: JSON if it ends so, or else YAML.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let json = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
        if json { Self::Json } else { Self::Yaml }
    }
}

/// Why a routes file is refused; the message names field and line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// As YAML.
    #[error("{source}{}", unsaid_line(source))]
    Yaml {
        /// What the library says: field, fault and line.
        source: serde_norway::Error,
    },
    /// As JSON.
    #[error("{}{source}", field.as_ref().map_or(String::new(), |field| format!("{field}: ")))]
    Json {
        /// The field, such as `routes[3].name`, where one is to blame.
        field: Option<String>,
        /// What the library says: fault and line.
        source: serde_json::Error,
    },
    /// It holds a character that YAML does not take.
    #[error("line {line} holds the character {character:?}, which YAML does not allow as such")]
    Character {
        /// The first such line, from 1.
        line: usize,
        /// The character.
        character: char,
    },
    /// It is no text.
    #[error("line {line} is not UTF-8")]
    Utf8 {
        /// The first such line, from 1.
        line: usize,
    },
}

impl RoutesFile {
    /// A file of this content; the routes' names differ.
    #[must_use]
    pub fn new(settings: Settings, negatives: Vec<Text>, routes: Vec<Route>) -> Self {
        Self { version: Version, negatives, settings, routes }
    }

    /// Parses the whole file or nothing.
    ///
    /// # Errors
    ///
    /// It is no YAML or JSON, has an unknown key, a value of a wrong type or outside its
    /// limits, two routes of one name or a route without utterances.
    pub fn parse(text: &str, format: FileFormat) -> Result<Self, FileError> {
        match format {
            FileFormat::Yaml => parse_yaml(text),
            FileFormat::Json => parse_json(text),
        }
    }

    /// As [`Self::parse`], from bytes that may not be text.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], or the bytes are not UTF-8.
    pub fn parse_bytes(bytes: &[u8], format: FileFormat) -> Result<Self, FileError> {
        let text = std::str::from_utf8(bytes)
            .map_err(|e| FileError::Utf8 { line: line_after(&bytes[..e.valid_up_to()]) })?;
        Self::parse(text, format)
    }
}

fn parse_yaml(text: &str) -> Result<RoutesFile, FileError> {
    if let Some((place, character)) = text.char_indices().find(|&(_, c)| !is_yaml(c)) {
        return Err(FileError::Character {
            line: line_after(&text.as_bytes()[..place]),
            character,
        });
    }
    whole_file(serde_norway::Deserializer::from_str(text))
        .map_err(|source| FileError::Yaml { source })
}

fn parse_json(text: &str) -> Result<RoutesFile, FileError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let file = whole_file(serde_path_to_error::Deserializer::new(&mut json, &mut track))
        .and_then(|file| json.end().map(|()| file));
    file.map_err(|source| {
        let path = track.path();
        let known = path.iter().any(|part| !matches!(part, Segment::Unknown));
        let field = known.then(|| path.to_string());
        FileError::Json { field, source }
    })
}

fn whole_file<'de, D: Deserializer<'de>>(from: D) -> Result<RoutesFile, D::Error> {
    checked::map::<RoutesFile, _, _>(from, "a map with version and routes")
}

/// The number of the line that begins or goes on after these bytes.
fn line_after(bytes: &[u8]) -> usize {
    1 + bytes.iter().filter(|&&b| b == b'\n').count()
}

/// Whether the character may stand in YAML. Its library refuses others too, but without
/// saying in which line.
fn is_yaml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{85}' | '\u{feff}')
        || !c.is_control() && c < '\u{fffe}'
        || c > '\u{ffff}'
}

/// The library's messages lack the place where that is the very first one.
fn unsaid_line(error: &serde_norway::Error) -> &'static str {
    match error.location() {
        Some(place) if (place.line(), place.column()) == (1, 1) => " at line 1 column 1",
        _ => "",
    }
}

fn settings<'de, D: Deserializer<'de>>(from: D) -> Result<Settings, D::Error> {
    checked::map::<Settings, _, _>(from, "a map of settings")
}

fn distinct_texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Text>, D::Error> {
    Vec::deserialize(from).map(distinct)
}

/// Reads routes one by one, so that an error about the second of a name stands at its line.
fn distinct_routes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Route>, D::Error> {
    struct Routes;

    impl<'de> Visitor<'de> for Routes {
        type Value = Vec<Route>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of routes")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Route>, A::Error> {
            let mut routes = Vec::new();
            let mut names: HashSet<RouteName> = HashSet::new();
            while let Some(route) = seq.next_element_seed(New(&names))? {
                names.insert(route.name.clone());
                routes.push(route);
            }
            Ok(routes)
        }
    }

    /// Checks while the reader stands at the route.
    struct New<'a>(&'a HashSet<RouteName>);

    impl<'de> DeserializeSeed<'de> for New<'_> {
        type Value = Route;

        fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Route, D::Error> {
            from.deserialize_map(self)
        }
    }

    impl<'de> Visitor<'de> for New<'_> {
        type Value = Route;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(ROUTE)
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Route, A::Error> {
            let route = Route::deserialize(MapAccessDeserializer::new(map))?;
            if self.0.contains(&route.name) {
                return Err(A::Error::custom(format_args!(
                    "two routes are called {:?}; join them or rename one",
                    route.name.as_str()
                )));
            }
            Ok(route)
        }
    }

    from.deserialize_seq(Routes)
}
