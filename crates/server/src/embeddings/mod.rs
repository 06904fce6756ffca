//! `POST /v1/embeddings`: vectors, in the shape OpenAI's clients know.

mod input;

use std::sync::Arc;

use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use synaptoroute::{Embedding, ModelInfo, RouterError, Text};
use utoipa::ToSchema;

use crate::app::App;
use crate::decide::PART;
use crate::engine::Done;
use crate::failure::{Failure, Fault};
use crate::reply::Reply;
use crate::request::JsonBody;
use input::Input;

/// What is to be embedded, and how it is to be written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmbeddingRequest, example = json!({"input": "where is my bill"}))]
pub(crate) struct Request {
    input: Input,
    /// The served model's name, with or without `-int8`; any other is not found.
    model: Option<String>,
    encoding_format: Option<Format>,
    /// The model's own number; none can be left out.
    #[schema(value_type = Option<u64>, minimum = 384, maximum = 384)]
    dimensions: Option<f64>,
    /// For OpenAI's own bookkeeping.
    #[serde(rename = "user")]
    #[schema(value_type = Option<serde_json::Value>)]
    _user: Option<IgnoredAny>,
}

/// How a vector is written: as numbers, or as the bytes of little-endian f32.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Float,
    Base64,
}

/// As many as there were texts, in their order.
#[derive(Serialize, ToSchema)]
#[schema(as = EmbeddingList)]
pub(crate) struct Response {
    object: &'static str,
    data: Vec<Datum>,
    model: String,
    usage: Usage,
}

/// One text's vector.
#[derive(Serialize, ToSchema)]
#[schema(as = Embedding)]
struct Datum {
    object: &'static str,
    index: usize,
    embedding: Written,
    /// Beyond OpenAI's shape: the text was longer than the model reads.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

/// A vector of length 1.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Vector)]
enum Written {
    Float(Vec<f32>),
    /// The bytes of little-endian f32.
    Base64(String),
}

/// Tokens that were read.
#[derive(Default, Serialize, ToSchema)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// Embeds one text, or several in order.
#[utoipa::path(post, path = "/v1/embeddings", tag = "embeddings", operation_id = "create_embeddings", request_body = Request,
    responses((status = 200, description = "The vectors", body = Response)))]
pub(crate) async fn create(
    State(app): State<App>,
    JsonBody(body): JsonBody<Request>,
) -> Result<Reply, Failure> {
    // All of them by one model, whatever is installed meanwhile.
    let view = app.router.view();
    let model = view.model();
    check_model(model, body.model)?;
    check_dimensions(model, body.dimensions)?;
    let single = matches!(body.input, Input::One(_));
    let texts = body.input.texts()?;
    let ticket = app.engine.admit()?;
    let part = |part: &[Text]| {
        let (view, part) = (Arc::clone(&view), part.to_vec());
        move || view.embed(&part)
    };
    let mut embeddings = Vec::with_capacity(texts.len());
    let each = |number: usize, done: Done<Result<Vec<Embedding>, RouterError>>| {
        let place = |index: usize| match single {
            true => "input".to_owned(),
            false => format!("input[{}]", number * PART + index),
        };
        embeddings.extend(done.value.map_err(|error| Failure::encoding(error, place))?);
        Ok::<(), Failure>(())
    };
    app.engine.run_parts(&ticket, PART, texts.chunks(PART).map(part), each).await?;
    let format = body.encoding_format.unwrap_or_default();
    let mut reply = Reply::new(&app.intake);
    reply.put(&respond(model.name.clone(), format, embeddings))?;
    Ok(reply)
}

/// The served name, also without the part that names the quantisation.
fn check_model(served: &ModelInfo, asked: Option<String>) -> Result<(), Failure> {
    let name = served.name.as_str();
    let plain = name.strip_suffix("-int8").unwrap_or(name);
    match asked {
        Some(asked) if asked != name && asked != plain => {
            Err(Failure::UnknownModel { asked, served: name.to_owned() })
        }
        _ => Ok(()),
    }
}

fn check_dimensions(served: &ModelInfo, asked: Option<f64>) -> Result<(), Failure> {
    let made = served.dimensions;
    match asked {
        Some(asked) if asked != made as f64 => {
            Err(Fault::Dimensions { asked, made }.at("dimensions"))
        }
        _ => Ok(()),
    }
}

fn respond(model: String, format: Format, embeddings: Vec<Embedding>) -> Response {
    let tokens = embeddings.iter().map(|embedding| embedding.tokens).sum();
    let datum = |(index, embedding): (usize, Embedding)| Datum {
        object: "embedding",
        index,
        truncated: embedding.truncated,
        embedding: match format {
            Format::Float => Written::Float(embedding.vector),
            Format::Base64 => Written::Base64(base64(&embedding.vector)),
        },
    };
    Response {
        object: "list",
        data: embeddings.into_iter().enumerate().map(datum).collect(),
        model,
        usage: Usage { prompt_tokens: tokens, total_tokens: tokens },
    }
}

fn base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
    BASE64_STANDARD.encode(bytes)
}
