//! What a file says, as one number: equal content, equal hash.
//!
//! The hash depends neither on the format, nor on the order of routes or of keys, nor on
//! [`RoutesFile::version`]; the order of utterances and of negatives counts. Another program
//! computes it as the SHA-256 of `synaptoroute content 1`, a line feed, and the content as
//! a value, written so:
//!
//! | value | written as |
//! |---|---|
//! | null, true, false | `n`, `t`, `f` |
//! | an integer | `i`, its decimal digits after a `-` if negative, `;` |
//! | another number | `d`, its IEEE 754 double in 16 lowercase hex digits; -0 as 0 |
//! | a text | `s`, its bytes in UTF-8 counted in decimal, `:`, the bytes |
//! | a list | `[`, its values, `]` |
//! | a map | `{`, for each key in the order of their bytes the key as a text and its value, `}` |
//!
//! The content is a map of the file's keys, save that `routes` is a map from the name to the
//! route without `name`, and `version` is missing. Missing too is what has its default: a
//! setting, no negatives, no metadata, an unset cut, an unset description. Cuts and the
//! margin are never written as integers; a number in metadata is one if it was written
//! without fraction and exponent. So this file
//!
//! ```yaml
//! version: 1
//! settings: {top_k: 5}
//! routes:
//!   - {name: b, utterances: [x], threshold: 1}
//!   - {name: a, utterances: [é, y]}
//! ```
//!
//! is hashed as this, without the line breaks but the first:
//!
//! ```text
//! synaptoroute content 1
//! {s6:routes{s1:a{s10:utterances[s2:és1:y]}
//! s1:b{s9:thresholdd3ff0000000000000s10:utterances[s1:x]}}
//! s8:settings{s5:top_ki5;}}
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Number, Value};
use sha2::{Digest, Sha256};

use crate::checked;
use crate::file::RoutesFile;
use crate::fit::EvidenceSet;
use crate::route::Route;
use crate::settings::Settings;
use crate::text::Text;

/// The SHA-256 of what a [`RoutesFile`] says; shown and written as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct ContentHash([u8; 32]);

/// What is no content hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no content hash: it has 64 hex digits")]
pub struct ContentHashError {
    found: String,
}

impl RoutesFile {
    /// The hash of settings, negatives and routes. Files of equal content have equal hashes,
    /// whatever their format and the order of their routes.
    #[must_use]
    pub fn content_hash(&self) -> ContentHash {
        let mut canonical = Canonical(Sha256::new());
        canonical.put("synaptoroute content 1\n");
        canonical.file(self);
        ContentHash(canonical.0.finalize().into())
    }
}

/// Takes the canonical form, piece by piece.
struct Canonical(Sha256);

impl Canonical {
    fn put(&mut self, piece: &str) {
        self.0.update(piece);
    }

    fn file(&mut self, file: &RoutesFile) {
        // Taken apart by name, so that a new field is not forgotten.
        // A fit is what was learned from the content, and none of it.
        let RoutesFile { version: _, negatives, settings, routes, fit: _ } = file;
        self.put("{");
        self.texts("negatives", negatives);
        let mut routes: Vec<_> = routes.iter().collect();
        routes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        self.text("routes");
        self.put("{");
        for route in routes {
            self.route(route);
        }
        self.put("}");
        self.settings(settings);
        self.put("}");
    }

    fn settings(&mut self, settings: &Settings) {
        let default = Settings::default();
        if *settings == default {
            return;
        }
        let Settings { margin, top_k, auto_fit, objective, evidence } = *settings;
        self.text("settings");
        self.put("{");
        if auto_fit != default.auto_fit {
            self.text("auto_fit");
            self.flag(auto_fit);
        }
        if evidence != default.evidence {
            let EvidenceSet { centroid, head, lexical } = evidence;
            self.text("evidence");
            self.put("{");
            for (name, allowed) in [("centroid", centroid), ("head", head), ("lexical", lexical)] {
                self.text(name);
                self.flag(allowed);
            }
            self.put("}");
        }
        self.double("margin", (margin != default.margin).then(|| margin.get()));
        if objective != default.objective {
            self.text("objective");
            self.text(&objective.to_string());
        }
        if top_k != default.top_k {
            self.text("top_k");
            self.put(&format!("i{};", top_k.get()));
        }
        self.put("}");
    }

    fn flag(&mut self, flag: bool) {
        self.put(if flag { "t" } else { "f" });
    }

    fn route(&mut self, route: &Route) {
        let Route {
            name,
            utterances,
            negatives,
            threshold,
            score_threshold,
            description,
            metadata,
        } = route;
        self.text(name.as_str());
        self.put("{");
        if let Some(description) = description {
            self.text("description");
            self.text(description);
        }
        if !metadata.is_empty() {
            self.text("metadata");
            self.map(metadata);
        }
        self.texts("negatives", negatives);
        self.double("score_threshold", score_threshold.map(|cut| cut.get()));
        self.double("threshold", threshold.map(|cut| cut.get()));
        self.texts("utterances", utterances);
        self.put("}");
    }

    fn texts(&mut self, key: &str, texts: &[Text]) {
        if texts.is_empty() {
            return;
        }
        self.text(key);
        self.put("[");
        for text in texts {
            self.text(text.as_str());
        }
        self.put("]");
    }

    fn double(&mut self, key: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.text(key);
            self.bits(number);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.put("n"),
            Value::Bool(true) => self.put("t"),
            Value::Bool(false) => self.put("f"),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.text(text),
            Value::Array(values) => {
                self.put("[");
                values.iter().for_each(|value| self.value(value));
                self.put("]");
            }
            Value::Object(map) => self.map(map),
        }
    }

    fn map(&mut self, map: &Map<String, Value>) {
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_unstable_by_key(|&(key, _)| key);
        self.put("{");
        for (key, value) in entries {
            self.text(key);
            self.value(value);
        }
        self.put("}");
    }

    fn number(&mut self, number: &Number) {
        match number.as_f64() {
            Some(double) if number.is_f64() => self.bits(double),
            _ => self.put(&format!("i{number};")),
        }
    }

    fn bits(&mut self, number: f64) {
        // -0 equals 0, so it must not differ here: the sum of the two is 0.
        self.put(&format!("d{:016x}", (number + 0.0).to_bits()));
    }

    fn text(&mut self, text: &str) {
        self.put(&format!("s{}:", text.len()));
        self.put(text);
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

impl FromStr for ContentHash {
    type Err = ContentHashError;

    fn from_str(digits: &str) -> Result<Self, ContentHashError> {
        let wrong = || ContentHashError { found: digits.to_owned() };
        let mut hash = [0; 32];
        let mut nibbles = digits.chars().map(|c| c.to_digit(16));
        for byte in &mut hash {
            let (Some(Some(high)), Some(Some(low))) = (nibbles.next(), nibbles.next()) else {
                return Err(wrong());
            };
            *byte = u8::try_from(high << 4 | low).expect("two hex digits make a byte");
        }
        nibbles.next().is_none().then_some(Self(hash)).ok_or_else(wrong)
    }
}

impl TryFrom<String> for ContentHash {
    type Error = ContentHashError;

    fn try_from(digits: String) -> Result<Self, ContentHashError> {
        digits.parse()
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::string(from)
    }
}
