//! Values that are checked while the reader still stands at them.
//!
//! With serde's own `try_from` the check comes after the value was read, and an error has
//! the line of the list or map around it: of little help in a list of a thousand texts.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads text as a `T`.
pub(crate) fn string<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: TryFrom<String, Error: Display>,
    D: Deserializer<'de>,
{
    from.deserialize_string(Checked::<String, T>::expecting("a string"))
}

/// Reads a number as a `T`.
pub(crate) fn number<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: TryFrom<f64, Error: Display>,
    D: Deserializer<'de>,
{
    from.deserialize_f64(Checked::<f64, T>::expecting("a number"))
}

/// Reads a whole number as a `T`.
pub(crate) fn whole<'de, T, D>(from: D) -> Result<T, D::Error>
where
    T: TryFrom<u64, Error: Display>,
    D: Deserializer<'de>,
{
    /// As JSON Schema has it, 3.0 is one too.
    struct Whole<T>(PhantomData<T>);

    impl<T: TryFrom<u64, Error: Display>> Visitor<'_> for Whole<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, 0 or more")
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
            T::try_from(value).map_err(E::custom)
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
            // Up to 2^53 each f64 without a fraction is the number that was written.
            let exact = value.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&value);
            if exact {
                self.visit_u64(value as u64)
            } else {
                Err(E::invalid_type(Unexpected::Float(value), &self))
            }
        }
    }

    from.deserialize_u64(Whole(PhantomData))
}

/// Reads a map by way of `Raw`; never a list of its values, which JSON would let pass.
pub(crate) fn map<'de, Raw, T, D>(from: D, expected: &'static str) -> Result<T, D::Error>
where
    Raw: Deserialize<'de>,
    T: TryFrom<Raw, Error: Display>,
    D: Deserializer<'de>,
{
    from.deserialize_map(Checked::<Raw, T>::expecting(expected))
}

struct Checked<Raw, T> {
    expected: &'static str,
    types: PhantomData<(Raw, T)>,
}

impl<Raw, T> Checked<Raw, T> {
    fn expecting(expected: &'static str) -> Self {
        Self { expected, types: PhantomData }
    }
}

impl<'de, Raw, T> Visitor<'de> for Checked<Raw, T>
where
    Raw: Deserialize<'de>,
    T: TryFrom<Raw, Error: Display>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<T, E> {
        check::<Raw, T, _>(value.into_deserializer())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<T, E> {
        check::<Raw, T, _>(value.into_deserializer())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        check::<Raw, T, _>(value.into_deserializer())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        check::<Raw, T, _>(value.into_deserializer())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        check::<Raw, T, _>(MapAccessDeserializer::new(map))
    }
}

fn check<'de, Raw, T, D>(from: D) -> Result<T, D::Error>
where
    Raw: Deserialize<'de>,
    T: TryFrom<Raw, Error: Display>,
    D: Deserializer<'de>,
{
    T::try_from(Raw::deserialize(from)?).map_err(D::Error::custom)
}
