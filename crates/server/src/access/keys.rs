//! The keys that are known, as operators write them.

use std::sync::Arc;

use serde::Deserialize;
use serde_norway::Value;
use subtle::ConditionallySelectable;
use synaptoroute::{NameError, NamespaceName};

use super::key::KeyHash;
use super::role::Role;

/// The longest key that is looked at.
const MAX_BYTES: usize = 512;

/// The keys a server knows, each with what it may do.
///
/// ```
/// use synaptoroute_server::{ApiKey, Keys};
///
/// let key = ApiKey::generate()?;
/// let keys = Keys::parse(&format!("- {{name: ci, hash: \"{}\", role: write}}", key.hash()))?;
/// assert_eq!(keys.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Keys(Vec<Arc<Entry>>);

/// One key.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    hash: KeyHash,
    pub(crate) role: Role,
    /// The only namespaces it is good for; `None` if that is all of them.
    pub(crate) namespaces: Option<Vec<NamespaceName>>,
}

/// What is wrong with a list of keys. No message holds anything that may be a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// It is no YAML or JSON.
    #[error("it is neither YAML nor JSON{}", at(*place))]
    Malformed {
        /// The line and column where that shows. The parser's own words may quote what stands
        /// there, so they are not kept.
        place: Option<(usize, usize)>,
    },
    /// It is something else.
    #[error(
        "it is no list of keys, each with name, hash and role; `synaptoroute key` makes an entry"
    )]
    NoList,
    /// It is empty, so nobody could ask anything.
    #[error("it has no key, so nobody could ask anything; `synaptoroute key` makes one")]
    Empty,
    /// An entry has other fields, or lacks some.
    #[error(
        "entry {number} is no key: it takes name, hash (\"sha256:…\"), role and, if it is to be \
         limited to some, namespaces (a list), and nothing else"
    )]
    Shape {
        /// Which, from 1.
        number: usize,
    },
    /// The hash is no hash.
    #[error(
        "the hash of the key {name:?} is not sha256: and 64 hexadecimal digits; the key itself \
         must not stand there"
    )]
    Hash {
        /// The key's name.
        name: String,
    },
    /// There is no such role.
    #[error("the key {name:?} has no role that there is: read, write or admin")]
    Role {
        /// The key's name.
        name: String,
    },
    /// A namespace's name is none.
    #[error("a namespace of the key {name:?}: {source}")]
    Namespace {
        /// The key's name.
        name: String,
        /// What is wrong with it.
        source: NameError,
    },
    /// Two entries have one name, or one key.
    #[error("the keys {first:?} and {second:?} have one name or one hash; each has its own")]
    Twice {
        /// One's name.
        first: String,
        /// The other's.
        second: String,
    },
}

fn at(place: Option<(usize, usize)>) -> String {
    place
        .map_or_else(String::new, |(line, column)| format!(", from line {line} column {column} on"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    hash: String,
    role: String,
    namespaces: Option<Vec<String>>,
}

impl Keys {
    /// From YAML or JSON: a list of `{name, hash, role, namespaces?}`.
    ///
    /// # Errors
    ///
    /// It is something else, or two entries cannot be told apart.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let value = serde_norway::from_str(text).map_err(|error| {
            let place = error.location().map(|place| (place.line(), place.column()));
            KeysError::Malformed { place }
        })?;
        let list = match value {
            Value::Sequence(list) => list,
            Value::Null => return Err(KeysError::Empty),
            _ => return Err(KeysError::NoList),
        };
        let entries = list.into_iter().enumerate().map(|(index, value)| {
            let shape = |_| KeysError::Shape { number: index + 1 };
            Entry::try_from(serde_norway::from_value::<Written>(value).map_err(shape)?)
        });
        Self::default().with(entries.collect::<Result<_, _>>()?)
    }

    /// Both lists as one.
    ///
    /// # Errors
    ///
    /// An entry of one cannot be told from an entry of the other.
    pub fn and(self, others: Self) -> Result<Self, KeysError> {
        let others = others.0;
        self.with_shared(others)
    }

    fn with(self, entries: Vec<Entry>) -> Result<Self, KeysError> {
        self.with_shared(entries.into_iter().map(Arc::new).collect())
    }

    fn with_shared(mut self, entries: Vec<Arc<Entry>>) -> Result<Self, KeysError> {
        for entry in entries {
            let same = |other: &&Arc<Entry>| {
                other.name == entry.name || bool::from(other.hash.matches(&entry.hash))
            };
            if let Some(other) = self.0.iter().find(same) {
                let (first, second) = (other.name.clone(), entry.name.clone());
                return Err(KeysError::Twice { first, second });
            }
            self.0.push(entry);
        }
        if self.0.is_empty() { Err(KeysError::Empty) } else { Ok(self) }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none; a list that was parsed has some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entry of a key that was shown.
    ///
    /// Every entry is visited, and each compared whole, so the time tells nothing of how near
    /// a guess came.
    pub(crate) fn find(&self, shown: &[u8]) -> Option<&Arc<Entry>> {
        if shown.len() > MAX_BYTES {
            return None;
        }
        let shown = KeyHash::of(shown);
        let mut found = u64::MAX;
        for (index, entry) in (0_u64..).zip(&self.0) {
            found.conditional_assign(&index, entry.hash.matches(&shown));
        }
        usize::try_from(found).ok().and_then(|found| self.0.get(found))
    }
}

impl TryFrom<Written> for Entry {
    type Error = KeysError;

    fn try_from(written: Written) -> Result<Self, KeysError> {
        let name = written.name;
        let Ok(hash) = written.hash.parse() else { return Err(KeysError::Hash { name }) };
        let Ok(role) = written.role.parse() else { return Err(KeysError::Role { name }) };
        let namespaces = written.namespaces.map(|namespaces| {
            let checked = namespaces.into_iter().map(NamespaceName::try_from);
            checked.collect::<Result<Vec<_>, _>>()
        });
        match namespaces.transpose() {
            Ok(namespaces) => Ok(Self { name, hash, role, namespaces }),
            Err(source) => Err(KeysError::Namespace { name, source }),
        }
    }
}

impl Entry {
    /// Whether it is good for this namespace.
    pub(crate) fn covers(&self, namespace: &NamespaceName) -> bool {
        self.namespaces.as_ref().is_none_or(|covered| covered.contains(namespace))
    }
}

#[cfg(test)]
mod tests;
