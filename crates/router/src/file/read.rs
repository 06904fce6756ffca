//! From the text of a file to what it says, in either format.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_path_to_error::{Segment, Track};

use super::repeats::{self, Refusal};
use super::{FileError, FileFormat, MAX_FILE_BYTES, WHOLE, flow_depth};

/// Reads the whole text as a `T`.
pub(super) fn read<T>(text: &str, format: FileFormat) -> Result<T, FileError>
where
    T: for<'de> Deserialize<'de>,
{
    let bytes = text.len();
    if bytes > MAX_FILE_BYTES {
        return Err(FileError::TooLong { bytes });
    }
    // Some editors put a byte order mark before UTF-8 too.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        FileFormat::Yaml => yaml(text),
        FileFormat::Json => json(text),
    }
}

/// The bytes as text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, FileError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(FileError::TooLong { bytes: bytes.len() });
    }
    std::str::from_utf8(bytes)
        .map_err(|e| FileError::Utf8 { line: line_after(&bytes[..e.valid_up_to()]) })
}

fn yaml<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, FileError> {
    if let Some((place, character)) = text.char_indices().find(|&(_, c)| !is_yaml(c)) {
        return Err(FileError::Character {
            line: line_after(&text.as_bytes()[..place]),
            character,
        });
    }
    if let Some(place) = flow_depth::too_deep(text) {
        return Err(FileError::TooDeep { line: line_after(&text.as_bytes()[..place]) });
    }
    if let Some(line) = too_many_directives(text) {
        return Err(FileError::TooManyDirectives { line });
    }
    repeats::check(text).map_err(|refusal| match refusal {
        Refusal::Repeats { line } => FileError::Repeats { line },
        Refusal::Yaml(source) => placed(source, text),
    })?;
    T::deserialize(serde_norway::Deserializer::from_str(text))
        .map_err(|source| placed(source, text))
}

/// Of a second document the library does not say where it is.
fn placed(source: serde_norway::Error, text: &str) -> FileError {
    match source.location().map_or_else(|| second_document(text), |_| None) {
        Some(line) => FileError::SecondDocument { line },
        None => FileError::Yaml { source },
    }
}

/// Most lines that begin with `%`, which says how to read the rest; one is all that anybody needs. The
/// library compares each with all before it: 16,000 of them, 300 kB, took 5 s.
const MAX_DIRECTIVES: usize = 64;

/// The line, from 1, of the first directive that is too many.
fn too_many_directives(text: &str) -> Option<usize> {
    // What else YAML takes for the end of a line counts too, in whatever line that is.
    let places = text.match_indices('%').map(|(place, _)| place);
    let mut directives = places.filter(|&place| {
        text[..place].chars().next_back().is_none_or(|c| is_break(c) || c == '\u{feff}')
    });
    directives.nth(MAX_DIRECTIVES).map(|place| line_after(&text.as_bytes()[..place]))
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The line that begins a second document, from 1: the second `---`, or whatever says something after
/// a `...`, which can be nothing else at the begin of a line.
fn second_document(text: &str) -> Option<usize> {
    let (mut begun, mut ended) = (false, false);
    let line = text.split('\n').position(|line| {
        let marks = |mark| line.strip_prefix(mark).is_some_and(|rest| !rest.starts_with(is_word));
        let says = !line.trim_start().starts_with('#') && !line.trim().is_empty();
        let begins = marks("---") || says && !marks("...") && !line.starts_with('%');
        let second = ended && says && !marks("...") || begun && marks("---");
        ended |= marks("...");
        begun |= begins;
        second
    });
    // Or what cannot go on where it stands, which the library says of it once it is asked.
    line.map(|line| line + 1).or_else(|| {
        let second = serde_norway::Deserializer::from_str(text).nth(1)?;
        IgnoredAny::deserialize(second).err()?.location().map(|at| at.line())
    })
}

fn is_word(c: char) -> bool {
    !matches!(c, ' ' | '\t') && !is_break(c)
}

fn json<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, FileError> {
    let mut json = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let read = T::deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track))
        .and_then(|whole| json.end().map(|()| whole));
    read.map_err(|source| {
        let path = track.path();
        let known = path.iter().any(|part| !matches!(part, Segment::Unknown));
        let field = known.then(|| path.to_string());
        FileError::Json { field, source }
    })
}

/// The keys of the outermost map.
pub(super) struct Keys(Vec<String>);

impl Keys {
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|has| has == key)
    }
}

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Outermost;

        impl<'de> Visitor<'de> for Outermost {
            type Value = Keys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(WHOLE)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys = Vec::new();
                while let Some((key, IgnoredAny)) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }

        from.deserialize_map(Outermost)
    }
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
