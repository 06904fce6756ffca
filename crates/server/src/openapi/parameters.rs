//! What calls take besides a body, in words.

use serde_json::{Value, json};
use synaptoroute::{NamespaceName, Revision, RouteName};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Required, Schema, SchemaFormat, Type};
use utoipa::{IntoParams, PartialSchema};

use crate::request::{
    IfMatch, Mode, Page, PathModel, PathName, PathNamespace, PathNumber, PathRevisions, WithFit,
};

/// In paths a `/` is part of a name only if it is encoded.
const IN_PATHS: &str = "Percent-encoded, a `/` in it too.";

fn parameter(
    name: &str,
    place: ParameterIn,
    description: &str,
    schema: impl Into<RefOr<Schema>>,
    example: Value,
) -> Parameter {
    let required = match place {
        ParameterIn::Path => Required::True,
        _ => Required::False,
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(required)
        .description(Some(description))
        .schema(Some(schema))
        .example(Some(example))
        .build()
}

/// The `{namespace}` that the calls on content can be led by.
pub(super) fn namespace() -> Parameter {
    let (place, schema) = (ParameterIn::Path, NamespaceName::schema());
    parameter("namespace", place, IN_PATHS, schema, json!("default"))
}

impl IntoParams for PathNamespace {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let (place, schema) = (ParameterIn::Path, NamespaceName::schema());
        vec![parameter("namespace", place, IN_PATHS, schema, json!("tenant-7"))]
    }
}

impl IntoParams for PathName {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = RouteName::schema();
        vec![parameter("name", ParameterIn::Path, IN_PATHS, schema, json!("billing"))]
    }
}

impl IntoParams for PathRevisions {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let number = Revision::schema;
        let said = ["The revision to compare from.", "The revision to compare to; may be older."];
        vec![
            parameter("from", ParameterIn::Path, said[0], number(), json!(0)),
            parameter("to", ParameterIn::Path, said[1], number(), json!(1)),
        ]
    }
}

impl IntoParams for PathNumber {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let said = "The fit, as the list numbers it.";
        vec![parameter("number", ParameterIn::Path, said, long(), json!(1))]
    }
}

impl IntoParams for PathModel {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let said = "The model, as the list numbers it.";
        vec![parameter("number", ParameterIn::Path, said, long(), json!(1))]
    }
}

impl IntoParams for WithFit {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let flag = ObjectBuilder::new().schema_type(Type::Boolean).default(Some(json!(false)));
        let said = "Whether the file has the fit in force too, by which another service decides \
                    the same to the bit.";
        vec![parameter("fit", ParameterIn::Query, said, flag, json!(true))]
    }
}

impl IntoParams for Page {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = whole().minimum(Some(1)).maximum(Some(1000)).default(Some(json!(100)));
        let cursor = text().pattern(Some("^[A-Za-z0-9_-]*$"));
        let said = ["Most entries of a page.", "The `next` of the page before, as it came."];
        vec![
            parameter("limit", ParameterIn::Query, said[0], limit, json!(100)),
            // Without an example: there is none that holds for every content.
            ParameterBuilder::new()
                .name("cursor")
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(said[1]))
                .schema(Some(cursor))
                .build(),
        ]
    }
}

impl IntoParams for Mode {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mode = text().enum_values(Some(["merge", "replace"])).default(Some(json!("merge")));
        let said = "`merge`: what the file does not name stays as it is. `replace`: it goes.";
        vec![parameter("mode", ParameterIn::Query, said, mode, json!("merge"))]
    }
}

impl IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let tag = text().pattern(Some(r#"^(\*|"[0-9]{1,18}")$"#));
        let said = "The `ETag` of a read: the change is made only if the content is still at \
                    that revision, else it is refused with 412. `*`, or none, is any revision.";
        vec![parameter("If-Match", ParameterIn::Header, said, tag, json!("*"))]
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn whole() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer)
}

fn long() -> ObjectBuilder {
    whole().minimum(Some(0)).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
}
