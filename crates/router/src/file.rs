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
//! assert_eq!(RoutesFile::parse(&file.to_json(), FileFormat::Json)?, file);
//! # Ok::<(), synaptoroute_router::FileError>(())
//! ```
//!
//! - `read`: from a text to what it says, with field and line where that is no good.
//! - `flow_depth`: how deep brackets are nested, before YAML's library takes too long.
//! - `repeats`: how much its aliases repeat, before that takes memory.
//! - `distinct`: a list of routes, no two of one name.
//! - `semantic_router`: files of the Python library of that name.
//! - `error`: why a file is refused.

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

use crate::checked;
use crate::route::{Route, distinct};
use crate::settings::Settings;
use crate::text::Text;

mod distinct;
mod error;
mod flow_depth;
mod read;
mod repeats;
mod semantic_router;

pub use error::FileError;

/// Most bytes of a routes file: 256 MiB, some millions of utterances.
pub const MAX_FILE_BYTES: usize = 256 * 1024 * 1024;

/// Routes, settings and negatives of one namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(example = json!({
        "version": 1,
        "negatives": ["what is the capital of France"],
        "routes": [{
            "name": "billing",
            "utterances": ["where is my bill", "I was charged twice"],
            "negatives": ["build me a billing system"],
            "threshold": 0.6
        }]
    }))
)]
#[non_exhaustive]
pub struct RoutesFile {
    /// Of the format.
    #[cfg_attr(feature = "openapi", schema(value_type = u64, minimum = 1, maximum = 1))]
    pub version: Version,
    /// Texts that belong to no route.
    #[serde(default, deserialize_with = "distinct_texts", skip_serializing_if = "Vec::is_empty")]
    pub negatives: Vec<Text>,
    /// What holds for all routes.
    #[serde(default, deserialize_with = "settings", skip_serializing_if = "is_default")]
    pub settings: Settings,
    /// No two of one name.
    #[serde(deserialize_with = "distinct::distinct_routes")]
    pub routes: Vec<Route>,
    /// What was learned from them, as an export with the fit has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<FileFit>,
}

/// A fit on its way from one router to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileFit {
    /// The fingerprint of the model whose vectors it was learned from.
    pub model: String,
    /// The fit, as [`Fit::to_json`](crate::Fit::to_json) writes it.
    pub data: String,
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

/// A file that may have been written by another program, and what of it was not taken over.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[must_use]
pub struct Imported {
    /// What was taken over.
    pub file: RoutesFile,
    /// What was left out or means something else here, a sentence each, to be shown to
    /// whoever imports. None for a routes file proper, of which nothing is ever left out.
    pub notes: Vec<String>,
}

impl RoutesFile {
    /// A file of this content; the routes' names differ.
    #[must_use]
    pub fn new(settings: Settings, negatives: Vec<Text>, routes: Vec<Route>) -> Self {
        Self { version: Version, negatives, settings, routes, fit: None }
    }

    /// Parses the whole file or nothing.
    ///
    /// # Errors
    ///
    /// It is no YAML or JSON, has an unknown key, a value of a wrong type or outside its
    /// limits, two routes of one name or a route without utterances; or it is longer than
    /// [`MAX_FILE_BYTES`].
    pub fn parse(text: &str, format: FileFormat) -> Result<Self, FileError> {
        read::read(text, format).map(|Whole(file)| file)
    }

    /// As [`Self::parse`], from bytes that may not be text.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], or the bytes are not UTF-8.
    pub fn parse_bytes(bytes: &[u8], format: FileFormat) -> Result<Self, FileError> {
        Self::parse(read::text(bytes)?, format)
    }

    /// As [`Self::parse`], and takes files of the Python library `semantic-router` too, 0.x
    /// and 1.x. Such a file has `routes` and no `version`; what of it has no place here is
    /// told in [`Imported::notes`].
    ///
    /// ```
    /// use synaptoroute_router::{FileFormat, RoutesFile};
    ///
    /// let imported = RoutesFile::import(
    ///     r#"{"encoder_type": "openai", "encoder_name": "text-embedding-3-small", "routes": [
    ///         {"name": "chitchat", "utterances": ["nice weather"], "score_threshold": 0.3}]}"#,
    ///     FileFormat::Json,
    /// )?;
    /// let cut = imported.file.routes[0].score_threshold.map(|cut| cut.get());
    /// assert_eq!(cut, Some(0.3));
    /// for note in &imported.notes {
    ///     println!("note: {note}");
    /// }
    /// # Ok::<(), synaptoroute_router::FileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Self::parse`], save that a file of that library may have unknown keys; or it is
    /// of neither kind, or of that library and holds no routes or several routers.
    pub fn import(text: &str, format: FileFormat) -> Result<Imported, FileError> {
        let error = match Self::parse(text, format) {
            Ok(file) => return Ok(Imported { file, notes: Vec::new() }),
            Err(error) => error,
        };
        match read::read::<read::Keys>(text, format) {
            Ok(keys) => match Kind::of(&keys)? {
                Kind::Own => Err(error),
                Kind::SemanticRouter => {
                    read::read::<semantic_router::Config>(text, format).map(Into::into)
                }
            },
            // No YAML or JSON at all. If that shows only behind the first error, then that
            // one may be about a key of the other kind.
            Err(broken) if broken.place() > error.place() => Err(broken),
            Err(_) => Err(error),
        }
    }

    /// As [`Self::import`], from bytes that may not be text.
    ///
    /// # Errors
    ///
    /// As [`Self::import`], or the bytes are not UTF-8.
    pub fn import_bytes(bytes: &[u8], format: FileFormat) -> Result<Imported, FileError> {
        Self::import(read::text(bytes)?, format)
    }

    /// The file as YAML for people. [`Self::parse`] reads the same content back, whatever
    /// characters the texts are made of.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        serde_norway::to_string(self).expect("maps of strings and numbers can be written")
    }

    /// The file as indented JSON. [`Self::parse`] reads the same content back.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.expect("maps of strings and numbers can be written") + "\n"
    }
}

/// Whose file it is.
enum Kind {
    Own,
    SemanticRouter,
}

impl Kind {
    fn of(keys: &read::Keys) -> Result<Self, FileError> {
        if keys.has("version") {
            Ok(Self::Own)
        } else if keys.has("routes") {
            Ok(Self::SemanticRouter)
        } else if keys.has("routers") {
            Err(FileError::SeveralRouters)
        } else if keys.has("router_type") && keys.has("index") {
            Err(FileError::RoutesElsewhere)
        } else {
            Err(FileError::Unknown)
        }
    }
}

/// A file read as a map; never as a list of its values, which JSON would let pass.
struct Whole(RoutesFile);

/// What a reader expects where the file begins.
const WHOLE: &str = "a map with version and routes";

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::map::<RoutesFile, _, _>(from, WHOLE).map(Self)
    }
}

fn settings<'de, D: Deserializer<'de>>(from: D) -> Result<Settings, D::Error> {
    checked::map::<Settings, _, _>(from, "a map of settings")
}

fn is_default(settings: &Settings) -> bool {
    *settings == Settings::default()
}

fn distinct_texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Text>, D::Error> {
    Vec::deserialize(from).map(distinct)
}
