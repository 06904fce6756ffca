//! What people attach to a route and get back with its decisions.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Lists and maps within each other, the metadata's own map included. Readers of JSON and YAML
/// give up at 128, and what could be written must be readable in whatever it is packed into.
pub const MAX_METADATA_DEPTH: usize = 64;

/// Reads metadata; deeper ones than [`MAX_METADATA_DEPTH`] are refused.
///
/// # Errors
///
/// It is no map, or nests too deep.
pub fn metadata<'de, D: Deserializer<'de>>(from: D) -> Result<Map<String, Value>, D::Error> {
    struct Metadata;

    impl<'de> Visitor<'de> for Metadata {
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

    from.deserialize_map(Metadata)
}

/// As [`metadata`], of a field whose null takes it away.
pub(crate) fn or_null<'de, D>(from: D) -> Result<Option<Option<Map<String, Value>>>, D::Error>
where
    D: Deserializer<'de>,
{
    /// For [`Option`], which reads by a type.
    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Given(#[serde(deserialize_with = "metadata")] Map<String, Value>);

    Option::<Given>::deserialize(from).map(|given| Some(given.map(|Given(metadata)| metadata)))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(values) => 1 + values.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
