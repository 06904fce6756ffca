//! How much aliases repeat in YAML, before it takes memory.
//!
//! `&a` names a value and `*a` is that value again, wherever it stands. The library bounds how many of
//! them are followed, but only by a hundred times the values there are: a list of 8,000 texts that is
//! repeated 8,000 times, 56 kB, was read for 51 s into gigabytes. So what a file with aliases comes to
//! is counted first, which keeps nothing and ends at the limit.

use std::cell::Cell;
use std::fmt;

use serde::Deserializer;
use serde::de::{
    DeserializeSeed, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// What a file may come to for each of its bytes: negatives that all of a hundred routes share are
/// well within.
const TIMES: usize = 16;

/// What a short file may come to too.
const AT_LEAST: usize = 64 << 10;

/// What a long one may come to by [`TIMES`]; beyond, it may repeat little.
const BY_TIMES: usize = 16 << 20;

/// A file without aliases comes to less, for each of its bytes.
const WITHOUT: usize = 4;

/// What a value costs beside the bytes of a text.
const VALUE: usize = 2;

/// Refuses a text whose aliases repeat too much, and one that cannot be read to its end.
pub(super) fn check(text: &str) -> Result<(), Refusal> {
    let Some(first) = text.find('*').filter(|_| text.contains('&')) else { return Ok(()) };
    let bytes = text.len();
    let limit = (TIMES.saturating_mul(bytes).saturating_add(AT_LEAST)).min(BY_TIMES);
    let left = Cell::new(limit.max(WITHOUT.saturating_mul(bytes)));
    let count = Count { left: &left };
    count.deserialize(serde_norway::Deserializer::from_str(text)).map_err(|error| {
        // The library's own limit has no place.
        if left.get() == 0 || error.to_string() == "repetition limit exceeded" {
            let line = || 1 + text[..first].matches('\n').count();
            Refusal::Repeats { line: error.location().map_or_else(line, |at| at.line()) }
        } else {
            Refusal::Yaml(error)
        }
    })
}

/// Why a text is refused before it is read.
pub(super) enum Refusal {
    /// From this line on, counted from 1; or where the first alias is.
    Repeats { line: usize },
    /// For what it would be refused for anyway.
    Yaml(serde_norway::Error),
}

/// Counts a value down.
#[derive(Clone, Copy)]
struct Count<'a> {
    left: &'a Cell<usize>,
}

impl Count<'_> {
    fn take<E: Error>(self, bytes: usize) -> Result<(), E> {
        self.left.set(self.left.get().saturating_sub(bytes.saturating_add(VALUE)));
        if self.left.get() == 0 { Err(E::custom("too much")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Count<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Count<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.take(0)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.take(0)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.take(0)
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.take(0)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.take(0)
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.take(0)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.take(0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.take(text.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.take(0)?;
        while seq.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.take(0)?;
        while map.next_entry_seed(self, self)?.is_some() {}
        Ok(())
    }

    /// A value with a tag.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<(), A::Error> {
        let (IgnoredAny, value) = tagged.variant()?;
        value.newtype_variant_seed(self)
    }
}
