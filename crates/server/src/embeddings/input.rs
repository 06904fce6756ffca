//! What is to be embedded: one text, or a list.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use synaptoroute::Text;
use utoipa::openapi::{ArrayBuilder, OneOfBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::failure::Failure;
use crate::request::{text, texts_up_to};

/// Most texts of a request, as OpenAI has it.
const MAX_INPUTS: usize = 2048;

/// As it came. Written by hand, for an untagged enum could not say which entry is wrong.
pub(crate) enum Input {
    One(String),
    Many(Vec<String>),
}

/// By hand for the same reason.
impl PartialSchema for Input {
    fn schema() -> RefOr<Schema> {
        let (min, max) = (Some(1), Some(MAX_INPUTS));
        let many = ArrayBuilder::new().items(Text::schema()).min_items(min).max_items(max);
        OneOfBuilder::new().item(Text::schema()).item(many).into()
    }
}

impl ToSchema for Input {}

impl Input {
    /// The texts, checked.
    pub(crate) fn texts(self) -> Result<Vec<Text>, Failure> {
        match self {
            Self::One(one) => Ok(vec![text("input", one)?]),
            Self::Many(many) => texts_up_to(MAX_INPUTS, "input", many),
        }
    }
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneOrMany;

        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Input;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }

            fn visit_str<E: de::Error>(self, one: &str) -> Result<Input, E> {
                Ok(Input::One(one.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, many: A) -> Result<Input, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(many)).map(Input::Many)
            }
        }

        from.deserialize_any(OneOrMany)
    }
}
