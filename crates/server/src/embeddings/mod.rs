//! `POST /v1/embeddings`: vectors, in the shape OpenAI's clients know.

mod input;

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use synaptoroute::{Embedding, ModelInfo, RouterError, Text};

use crate::app::App;
use crate::decide::PART;
use crate::engine::Done;
use crate::failure::{Failure, Fault};
use crate::request::JsonBody;
use input::Input;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    input: Input,
    model: Option<String>,
    encoding_format: Option<Format>,
    dimensions: Option<u64>,
    /// For OpenAI's own bookkeeping.
    #[serde(rename = "user")]
    _user: Option<IgnoredAny>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Float,
    Base64,
}

#[derive(Serialize)]
pub(crate) struct Response {
    object: &'static str,
    data: Vec<Datum>,
    model: String,
    usage: Usage,
}

#[derive(Serialize)]
struct Datum {
    object: &'static str,
    index: usize,
    embedding: Written,
    /// Beyond OpenAI's shape: the text was longer than the model reads.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written {
    Float(Vec<f32>),
    /// The bytes of little-endian f32.
    Base64(String),
}

#[derive(Default, Serialize)]
struct Usage {
    prompt_tokens: usize,
    total_tokens: usize,
}

/// Embeds one text, or several in order.
pub(crate) async fn create(
    State(app): State<App>,
    JsonBody(body): JsonBody<Request>,
) -> Result<Json<Response>, Failure> {
    let model = app.router.model();
    check_model(model, body.model)?;
    check_dimensions(model, body.dimensions)?;
    let single = matches!(body.input, Input::One(_));
    let texts = body.input.texts()?;
    let ticket = app.engine.admit()?;
    let part = |part: &[Text]| {
        let (router, part) = (app.router.clone(), part.to_vec());
        move || router.embed(&part)
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
    Ok(Json(respond(model.name.clone(), format, embeddings)))
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

fn check_dimensions(served: &ModelInfo, asked: Option<u64>) -> Result<(), Failure> {
    let made = served.dimensions;
    match asked {
        Some(asked) if asked != made as u64 => {
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
