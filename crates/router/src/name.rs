//! Names of routes and namespaces.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::checked;

/// A route's name: 1 to 128 characters, no control characters, no blanks around it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = String, min_length = 1, max_length = 128, pattern = r"^[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000])?$", example = "billing")
)]
pub struct RouteName(Arc<str>);

/// Why a name is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It has no characters.
    #[error("a name is empty; give it 1 to 128 characters")]
    Empty,
    /// It has too many.
    #[error("a name has {found} characters; at most {} are allowed", RouteName::MAX_CHARS)]
    TooLong {
        /// Its characters.
        found: usize,
    },
    /// It holds a control character.
    #[error("name {name:?} holds the control character {character:?}")]
    Control {
        /// The name.
        name: String,
        /// The first such character.
        character: char,
    },
    /// It begins or ends with white space.
    #[error("name {name:?} begins or ends with white space; take it away")]
    Surrounded {
        /// The name.
        name: String,
    },
}

impl RouteName {
    /// Most characters a name has.
    pub const MAX_CHARS: usize = 128;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RouteName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        let found = name.chars().count();
        if found == 0 {
            return Err(NameError::Empty);
        }
        if found > Self::MAX_CHARS {
            return Err(NameError::TooLong { found });
        }
        if let Some(character) = name.chars().find(|c| c.is_control()) {
            return Err(NameError::Control { name, character });
        }
        if name.trim().len() != name.len() {
            return Err(NameError::Surrounded { name });
        }
        Ok(Self(name.into()))
    }
}

impl TryFrom<&str> for RouteName {
    type Error = NameError;

    fn try_from(name: &str) -> Result<Self, NameError> {
        name.to_owned().try_into()
    }
}

impl<'de> Deserialize<'de> for RouteName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::string(from)
    }
}

impl From<RouteName> for String {
    fn from(name: RouteName) -> Self {
        name.0.as_ref().to_owned()
    }
}

impl Borrow<str> for RouteName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RouteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A namespace's name, by the rules of a route's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(value_type = String, min_length = 1, max_length = 128, pattern = r"^[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]([^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000])?$", example = "tenant-7")
)]
pub struct NamespaceName(RouteName);

impl NamespaceName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// `default`, which is meant where none is named.
impl Default for NamespaceName {
    fn default() -> Self {
        Self(RouteName("default".into()))
    }
}

impl TryFrom<&str> for NamespaceName {
    type Error = NameError;

    fn try_from(name: &str) -> Result<Self, NameError> {
        name.try_into().map(Self)
    }
}

impl TryFrom<String> for NamespaceName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        name.try_into().map(Self)
    }
}

impl Borrow<str> for NamespaceName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for NamespaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
