//! The contract as a document: `GET /openapi.json`, and a page to read and try it, `GET /docs`.
//!
//! Operations are described where they are handled, values where they are declared. What
//! holds for many calls alike is written once and added here: `parameters` has what stands
//! in paths, queries and headers, `refusals` the statuses that follow from what a call takes.
//! `page` serves the page, `strict` holds callers to the document.

mod page;
mod parameters;
mod refusals;
mod strict;

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{OpenApiVersion, Server};

use crate::problem::Problem;
use crate::{
    backup, decide, embeddings, evaluate, fit, health, history, lint, models, namespaces, observe,
    read, settings, texts, transfer, tune, write,
};

pub(crate) use page::{asset, docs, index};
pub(crate) use strict::known_parameters;

/// What there is of each namespace.
#[derive(OpenApi)]
#[openapi(paths(
    decide::route,
    decide::route_batch,
    evaluate::evaluate,
    fit::fit,
    fit::list,
    fit::choose,
    tune::begin,
    tune::read,
    tune::call_off,
    read::list,
    read::one,
    read::negatives,
    write::upsert,
    write::patch,
    write::remove,
    texts::add_utterances,
    texts::remove_utterances,
    texts::add_route_negatives,
    texts::remove_route_negatives,
    texts::add_negatives,
    texts::remove_negatives,
    settings::read,
    settings::patch,
    transfer::export,
    transfer::import,
    history::list,
    history::diff,
    history::rollback,
    lint::lint,
))]
struct Content;

/// What there is once.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "SynaptoRoute",
        description = "Which of your routes does a text belong to, or none? Make routes of a few \
            utterances each, then ask.\n\nEvery call on content exists under \
            `/namespaces/{namespace}/…` too; without it the namespace `default` is meant. Every \
            error is a problem document (RFC 9457) that says what to do next, and names the \
            field to blame where there is one."
    ),
    paths(
        namespaces::list,
        namespaces::create,
        namespaces::remove,
        embeddings::create,
        models::list,
        models::choose,
        models::remove,
        backup::backup,
        health::health,
        health::ready,
        observe::metrics,
        document,
        page::docs,
    ),
    components(schemas(Problem<'static>)),
    tags(
        (name = "decide", description = "Where texts belong, and how good that is"),
        (name = "fit", description = "What is learned from the routes, and by which samples"),
        (name = "models", description = "What reads the texts, and has it learn the routes"),
        (name = "routes", description = "Destinations, and the texts that lead to them"),
        (name = "settings", description = "What holds for all routes of a namespace"),
        (name = "files", description = "The whole content as a routes file, or as a database"),
        (name = "history", description = "Revisions: what changed, and going back"),
        (name = "namespaces", description = "Isolated sets of routes"),
        (name = "embeddings", description = "Vectors, as OpenAI's clients ask for them"),
        (name = "service", description = "Does it live, does it work, what can it do"),
        (name = "in a namespace", description = "The calls on content, for a namespace by name"),
    ),
)]
struct Service;

/// Made once, when the service starts.
static CONTRACT: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(contract);

static BYTES: LazyLock<Vec<u8>> =
    LazyLock::new(|| serde_json::to_vec(&*CONTRACT).expect("a document of strings and numbers"));

/// This document.
#[utoipa::path(get, path = "/openapi.json", tag = "service", operation_id = "openapi",
    responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(crate) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], BYTES.as_slice())
}

fn contract() -> utoipa::openapi::OpenApi {
    let mut contract = Service::openapi();
    contract.openapi = OpenApiVersion::Version31;
    // Where the document was found, whatever stands before that.
    let mut here = Server::new(".");
    here.description = Some("where this document is".to_owned());
    contract.servers = Some(vec![here]);
    let mut content = Content::openapi();
    for (path, item) in std::mem::take(&mut content.paths.paths) {
        contract
            .paths
            .paths
            .insert(format!("/namespaces/{{namespace}}{path}"), scoped(item.clone()));
        contract.paths.paths.insert(path, item);
    }
    contract.merge(content);
    for (path, item) in &mut contract.paths.paths {
        for (method, operation) in operations(item) {
            refusals::add(path, method, operation);
            operation.security = refusals::is_open(path).then(Vec::new);
        }
    }
    secure(&mut contract);
    contract
}

/// The calls of a path, each with its method in capitals.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [("GET", get), ("PUT", put), ("POST", post), ("DELETE", delete), ("PATCH", patch)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The same for a namespace by name.
fn scoped(mut item: PathItem) -> PathItem {
    for (_, operation) in operations(&mut item) {
        let id = operation.operation_id.take().unwrap_or_default();
        operation.operation_id = Some(format!("namespace_{id}"));
        operation.tags = Some(vec!["in a namespace".to_owned()]);
        operation.parameters.get_or_insert_default().insert(0, parameters::namespace().into());
    }
    item
}

/// A key may be sent in either header, and must be where the service was given keys.
fn secure(contract: &mut utoipa::openapi::OpenApi) {
    let components = contract.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
    let header = ApiKey::Header(ApiKeyValue::new("X-API-Key"));
    components.add_security_scheme("key", SecurityScheme::ApiKey(header));
    let none: [&str; 0] = [];
    contract.security = Some(vec![
        SecurityRequirement::default(),
        SecurityRequirement::new("bearer", none),
        SecurityRequirement::new("key", none),
    ]);
}
