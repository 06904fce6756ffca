//! Whether a value says anything.

use std::fmt;

use serde::de::{EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// False for null and for what is empty; the value itself is let go.
#[derive(Clone, Copy)]
pub(super) struct Given(pub(super) bool);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Given, E> {
        Ok(Given(false))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Given, E> {
        Ok(Given(true))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Given, E> {
        Ok(Given(true))
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Given, E> {
        Ok(Given(true))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Given, E> {
        Ok(Given(true))
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<Given, E> {
        Ok(Given(true))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Given, E> {
        Ok(Given(true))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Given, E> {
        Ok(Given(!text.is_empty()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
        let mut given = false;
        while let Some(IgnoredAny) = seq.next_element()? {
            given = true;
        }
        Ok(Given(given))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        let mut given = false;
        while let Some((IgnoredAny, IgnoredAny)) = map.next_entry()? {
            given = true;
        }
        Ok(Given(given))
    }

    /// A value with a tag, in YAML.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Given, A::Error> {
        IgnoredAny.visit_enum(tagged).map(|IgnoredAny| Given(true))
    }
}
