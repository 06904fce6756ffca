//! Why a routes file is refused.

use super::{MAX_FILE_BYTES, flow_depth};

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
    /// In YAML, another document follows.
    #[error("line {line} begins a second document; put each into a file of its own")]
    SecondDocument {
        /// Where it begins, from 1.
        line: usize,
    },
    /// It is longer than [`MAX_FILE_BYTES`].
    #[error("the file has {bytes} bytes; at most 256 MiB ({MAX_FILE_BYTES} bytes) are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Its brackets are nested so deep, in YAML, that reading them takes too long.
    #[error("line {line}: from here, brackets are nested more than {} deep", flow_depth::MAX_DEPTH)]
    TooDeep {
        /// Where the outermost of them opens, from 1.
        line: usize,
    },
    /// In YAML, what it repeats by aliases comes to many times its length.
    #[error(
        "line {line}: aliases (`*`) repeat so much that the file comes to many times its length; \
         write out what they stand for, once"
    )]
    Repeats {
        /// Where it is too much, from 1, or where the first alias is.
        line: usize,
    },
    /// In YAML, more lines begin with `%` than anybody needs, which takes long to read.
    #[error(
        "line {line} is one of too many that begin with %; leave those out, or indent the text"
    )]
    TooManyDirectives {
        /// The first beyond what is allowed, from 1.
        line: usize,
    },
    /// Its keys are those of no known kind.
    #[error(
        "neither a routes file nor one that semantic-router wrote: begin it with `version: 1`, \
         then `routes:` and the list of them"
    )]
    Unknown,
    /// Written by `semantic-router` for a router whose routes lie in a remote index.
    #[error(
        "semantic-router wrote it without its routes, which lie in the router's index; \
         there, copy the routes to a router with a local index and save that"
    )]
    RoutesElsewhere,
    /// Written by `semantic-router` for a chain or a merge of routers.
    #[error(
        "semantic-router wrote it for several routers, under `routers`; put each into a file \
         of its own and import it into a namespace of its own"
    )]
    SeveralRouters,
}

impl FileError {
    /// Line and column, of what has a syntax.
    pub(super) fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::Yaml { source } => source.location().map(|at| (at.line(), at.column())),
            Self::Json { source, .. } => Some((source.line(), source.column())),
            _ => None,
        }
    }
}

/// The library's messages lack the place where that is the very first one.
fn unsaid_line(error: &serde_norway::Error) -> &'static str {
    match error.location() {
        Some(place) if (place.line(), place.column()) == (1, 1) => " at line 1 column 1",
        _ => "",
    }
}
