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

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::name::RouteName;
use crate::route::{Route, distinct};
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
    #[serde(
        default,
        deserialize_with = "distinct_texts",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub negatives: Vec<Text>,
    /// What holds for all routes.
    #[serde(default)]
    pub settings: Settings,
    /// No two of one name.
    #[serde(deserialize_with = "distinct_routes")]
    pub routes: Vec<Route>,
}

/// The version of the format: 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
#[non_exhaustive]
pub struct Version;

impl TryFrom<u64> for Version {
    type Error = String;

    fn try_from(version: u64) -> Result<Self, String> {
        let known = version == 1;
        known
            .then_some(Self)
            .ok_or_else(|| format!("version {version} is not known; write 1"))
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
        let json = path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("json"));
        if json { Self::Json } else { Self::Yaml }
    }
}

/// Why a routes file is refused; the message names field and line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// As YAML.
    #[error("{0}")]
    Yaml(#[from] serde_norway::Error),
    /// As JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It is no text.
    #[error("line {line} is not UTF-8")]
    Utf8 {
        /// The first such line, from 1.
        line: usize,
    },
}

impl RoutesFile {
    /// Parses the whole file or nothing.
    ///
    /// # Errors
    ///
    /// It is no YAML or JSON, has an unknown key, a value of a wrong type or outside its
    /// limits, two routes of one name or a route without utterances.
    pub fn parse(text: &str, format: FileFormat) -> Result<Self, FileError> {
        Ok(match format {
            FileFormat::Yaml => serde_norway::from_str(text)?,
            FileFormat::Json => serde_json::from_str(text)?,
        })
    }

    /// As [`Self::parse`], from bytes that may not be text.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], or the bytes are not UTF-8.
    pub fn parse_bytes(bytes: &[u8], format: FileFormat) -> Result<Self, FileError> {
        let text = std::str::from_utf8(bytes).map_err(|e| FileError::Utf8 {
            line: 1 + bytes[..e.valid_up_to()]
                .iter()
                .filter(|&&b| b == b'\n')
                .count(),
        })?;
        Self::parse(text, format)
    }
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
            while let Some(FirstOfItsName(route)) = seq.next_element_seed(New(&names))? {
                names.insert(route.name.clone());
                routes.push(route);
            }
            Ok(routes)
        }
    }

    struct New<'a>(&'a HashSet<RouteName>);
    struct FirstOfItsName(Route);

    impl<'de> serde::de::DeserializeSeed<'de> for New<'_> {
        type Value = FirstOfItsName;

        fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<FirstOfItsName, D::Error> {
            let route = Route::deserialize(from)?;
            if self.0.contains(&route.name) {
                let name = &route.name;
                return Err(D::Error::custom(format_args!(
                    "two routes are called {name:?}; join them or rename one",
                    name = name.as_str()
                )));
            }
            Ok(FirstOfItsName(route))
        }
    }

    from.deserialize_seq(Routes)
}
