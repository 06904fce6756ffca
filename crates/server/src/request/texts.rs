//! The texts of a body, with the place of the one to blame.

use std::borrow::Cow;

use axum::extract::{FromRequest, Request};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use synaptoroute::Text;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ArrayBuilder, ObjectBuilder, OneOfBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::failure::{Failure, Fault};
use crate::request::JsonBody;

/// The body that names one text, or several; null is neither.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneOrMany {
    #[serde(default, deserialize_with = "given")]
    utterance: Option<String>,
    #[serde(default, deserialize_with = "given")]
    utterances: Option<Vec<String>>,
}

/// A field that is there.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// By hand, for derived it would have either, both or none.
impl PartialSchema for OneOrMany {
    fn schema() -> RefOr<Schema> {
        let only = |field: &str, schema: RefOr<Schema>| {
            let object = ObjectBuilder::new().property(field, schema).required(field);
            object.additional_properties(Some(AdditionalProperties::FreeForm(false)))
        };
        let many = ArrayBuilder::new().items(Text::schema()).min_items(Some(1));
        OneOfBuilder::new()
            .item(only("utterance", Text::schema()))
            .item(only("utterances", many.into()))
            .description(Some("One text, or several."))
            .examples([json!({"utterances": ["I was charged twice", "my invoice is wrong"]})])
            .into()
    }
}

impl ToSchema for OneOrMany {
    fn name() -> Cow<'static, str> {
        "Texts".into()
    }
}

/// At least one text, and how it was named.
pub(crate) struct Texts {
    pub(crate) list: Vec<Text>,
    /// Whether it is one that was sent by itself.
    pub(crate) single: bool,
}

impl Texts {
    /// Where in the body the text of this index stands.
    pub(crate) fn field(&self, index: usize) -> String {
        if self.single { "utterance".to_owned() } else { format!("utterances[{index}]") }
    }
}

impl TryFrom<OneOrMany> for Texts {
    type Error = Failure;

    fn try_from(body: OneOrMany) -> Result<Self, Failure> {
        match (body.utterance, body.utterances) {
            (Some(one), None) => Ok(Self { list: vec![text("utterance", one)?], single: true }),
            (None, Some(many)) => {
                Ok(Self { list: texts_up_to(usize::MAX, "utterances", many)?, single: false })
            }
            (Some(_), Some(_)) => Err(Fault::EitherOr.at("utterances")),
            (None, None) => Err(Fault::EitherOr.at("utterance")),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Texts {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let JsonBody(body) = JsonBody::<OneOrMany>::from_request(request, state).await?;
        body.try_into()
    }
}

/// One text.
pub(crate) fn text(field: &str, raw: String) -> Result<Text, Failure> {
    Text::try_from(raw).map_err(|e| Fault::from(e).at(field))
}

/// Any number of texts.
pub(crate) fn texts(field: &str, raw: Vec<String>) -> Result<Vec<Text>, Failure> {
    let checked = raw.into_iter().enumerate().map(|(place, raw)| {
        Text::try_from(raw).map_err(|e| Fault::from(e).at(format!("{field}[{place}]")))
    });
    checked.collect()
}

/// One to `limit` texts.
pub(crate) fn texts_up_to(
    limit: usize,
    field: &str,
    raw: Vec<String>,
) -> Result<Vec<Text>, Failure> {
    match raw.len() {
        0 => Err(Fault::NoTexts.at(field)),
        found if found > limit => Err(Fault::TooManyTexts { found, limit }.at(field)),
        _ => texts(field, raw),
    }
}
