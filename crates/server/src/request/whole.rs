//! Whole numbers, and the bounds of numbers.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

use crate::failure::{Failure, Fault};

/// A whole number, 0 or more. As JSON Schema has it, 3.0 is one too.
#[derive(Clone, Copy)]
pub(crate) struct Whole(u64);

impl Whole {
    /// The number, if it is one of these.
    pub(crate) fn within(
        self,
        field: &'static str,
        allowed: RangeInclusive<u64>,
    ) -> Result<u64, Failure> {
        if allowed.contains(&self.0) {
            return Ok(self.0);
        }
        let allowed = format!("a whole number from {} to {}", allowed.start(), allowed.end());
        Err(Fault::Number { found: self.0.to_string(), allowed }.at(field))
    }
}

/// The number, if it is above 0 and at most this.
pub(crate) fn positive(field: &'static str, found: f64, most: f64) -> Result<f64, Failure> {
    if found > 0.0 && found <= most {
        return Ok(found);
    }
    let allowed = format!("a number above 0 and up to {most}");
    Err(Fault::Number { found: found.to_string(), allowed }.at(field))
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Whole;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, 0 or more")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Whole, E> {
                Ok(Whole(value))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Whole, E> {
                // Up to 2^53 each f64 without a fraction is the number that was written.
                if value.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&value) {
                    Ok(Whole(value as u64))
                } else {
                    Err(E::invalid_type(Unexpected::Float(value), &self))
                }
            }
        }

        from.deserialize_u64(Number)
    }
}
