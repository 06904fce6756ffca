//! What people attach to a route and get back with its decisions.

use std::fmt;
use std::io::{self, Write};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock};

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::name::RouteName;
use crate::route::RouteError;

/// Lists and maps within each other, the metadata's own map included. Readers of JSON and YAML
/// give up at 128, and what could be written must be readable in whatever it is packed into.
pub const MAX_METADATA_DEPTH: usize = 64;

/// Most bytes of a route's metadata, as JSON without blanks: each decision for it carries them.
pub const MAX_METADATA_BYTES: usize = 64 * 1024;

/// What is attached to a route: a map of JSON values, none by default. Copies share it, so that a
/// decision costs the same whatever is attached.
///
/// Read, it is refused where it nests deeper than [`MAX_METADATA_DEPTH`]. Its length is looked
/// at where a route is read or written, by [`Self::check`], and not where it is stored: what an
/// older program has kept is there still.
#[derive(Clone, PartialEq)]
pub struct Metadata(Arc<Map<String, Value>>);

static NONE: LazyLock<Metadata> = LazyLock::new(|| Metadata(Arc::default()));

impl Metadata {
    /// Whether nothing is attached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sees that it is no longer than [`MAX_METADATA_BYTES`]; `route` is whose it is.
    ///
    /// # Errors
    ///
    /// It is.
    pub fn check(&self, route: &RouteName) -> Result<(), RouteError> {
        match self.bytes() {
            0..=MAX_METADATA_BYTES => Ok(()),
            bytes => Err(RouteError::MetadataTooLong { name: route.to_string(), bytes }),
        }
    }

    /// Its length as JSON.
    fn bytes(&self) -> usize {
        struct Count(usize);

        impl Write for Count {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += bytes.len();
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        let mut count = Count(0);
        serde_json::to_writer(&mut count, self).expect("a JSON map, and counting does not fail");
        count.0
    }
}

impl Default for Metadata {
    fn default() -> Self {
        NONE.clone()
    }
}

impl From<Map<String, Value>> for Metadata {
    fn from(map: Map<String, Value>) -> Self {
        Self(Arc::new(map))
    }
}

impl Deref for Metadata {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Copies first where others share it.
impl DerefMut for Metadata {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Shallow;

        impl<'de> Visitor<'de> for Shallow {
            type Value = Map<String, Value>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of metadata")
            }

            // YAML's empty value.
            fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
                Ok(Map::new())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut metadata = Map::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    if depth(&value) >= MAX_METADATA_DEPTH {
                        return Err(A::Error::custom(format_args!(
                            "{key:?} nests deeper than {MAX_METADATA_DEPTH}; flatten it"
                        )));
                    }
                    metadata.insert(key, value);
                }
                Ok(metadata)
            }
        }

        from.deserialize_map(Shallow).map(Self::from)
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(values) => 1 + values.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
