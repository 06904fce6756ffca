//! `GET /export`, `POST /import`: the whole content as a routes file.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;
use synaptoroute::{Change, Draft, FileError, ImportMode, Revision, Router, RoutesFile};
use utoipa::ToSchema;

use crate::app::App;
use crate::change::carry_out;
use crate::failure::Failure;
use crate::request::{FileBody, IfMatch, Mode, Scope, WithFit, etag};

/// What the content says, as one number; see `RoutesFile::content_hash`.
const CONTENT_HASH: HeaderName = HeaderName::from_static("content-hash");

/// The answer to an import.
#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub(crate) struct ImportAnswer {
    /// `success`.
    status: &'static str,
    revision: Revision,
    /// Of the content at that revision; null if another change was quicker than this answer.
    content_hash: Option<String>,
    /// What of a foreign file was left out or means something else here.
    notes: Vec<String>,
}

/// Writes the content as JSON, or as YAML where that is asked for.
#[utoipa::path(get, path = "/export", tag = "files", params(WithFit),
    responses((status = 200, description = "A routes file; YAML if `Accept` says so",
        content((RoutesFile = "application/json"), (String = "application/yaml")),
        headers(
            ("ETag" = String, description = "The content's revision in quotes, for `If-Match`"),
            ("Content-Hash" = String, description = "The same for equal content, wherever it is"),
        ))))]
pub(crate) async fn export(
    State(app): State<App>,
    Scope(router): Scope,
    WithFit(fit): WithFit,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let yaml = asks_for_yaml(&headers);
    let write = move || {
        let (revision, file) = if fit { router.export_with_fit() } else { router.export() };
        let text = if yaml { file.to_yaml() } else { file.to_json() };
        (revision, file.content_hash().to_string(), text)
    };
    let ((revision, hash, text), place) = app.aside.copy(write).await?;
    let headers = [
        (header::CONTENT_TYPE, if yaml { "application/yaml" } else { "application/json" }),
        (header::VARY, "accept"),
    ];
    let answer = (etag(revision), headers, [(CONTENT_HASH, hash)], text).into_response();
    Ok(place.keep(answer))
}

/// Takes a whole file, in one transaction.
#[utoipa::path(post, path = "/import", tag = "files", params(Mode, IfMatch),
    request_body(description = "A routes file, or one of the Python library `semantic-router`; in YAML a text may look \
            like a number or a truth value",
        content((RoutesFile = "application/json"), (Object = "application/yaml"))),
    responses((status = 200, description = "The content is so", body = ImportAnswer)))]
pub(crate) async fn import(
    State(app): State<App>,
    Scope(router): Scope,
    Mode(mode): Mode,
    IfMatch(expected): IfMatch,
    file: FileBody,
) -> Result<Json<ImportAnswer>, Failure> {
    let (drafting, format) = (router.clone(), file.format);
    let read = move || -> Result<Read, Failure> {
        // Whole, with what counts its bytes: they are here even where the caller has gone.
        let file = file;
        let imported = RoutesFile::import_bytes(&file.bytes, format)
            .map_err(|error| refused(error, &file.bytes))?;
        let replaces = mode == ImportMode::Replace;
        let hash = replaces.then(|| imported.file.content_hash().to_string());
        let draft = drafting.draft(Change::Import(imported.file, mode), expected)?;
        Ok(Read { draft, hash, notes: imported.notes })
    };
    let Read { draft, hash, notes } = app.aside.file(read).await??;
    let ticket = app.engine.admit()?;
    let revision = carry_out(&app, ticket, router.clone(), draft, |_| None).await?;
    let content_hash = match hash {
        Some(hash) => Some(hash),
        None => app.aside.file(move || hash_at(&router, revision)).await?,
    };
    Ok(Json(ImportAnswer { status: "success", revision, content_hash, notes }))
}

/// A file that was read, and drafted as a change.
struct Read {
    draft: Draft,
    /// The content's, where it will be the file's.
    hash: Option<String>,
    notes: Vec<String>,
}

fn hash_at(router: &Router, revision: Revision) -> Option<String> {
    let (current, content) = router.export();
    (current == revision).then(|| content.content_hash().to_string())
}

/// Says whether it is no YAML or JSON at all, or says what no routes file says.
fn refused(error: FileError, bytes: &[u8]) -> Failure {
    let malformed = match &error {
        FileError::Utf8 { .. } | FileError::Character { .. } | FileError::SecondDocument { .. } => {
            true
        }
        FileError::Json { source, .. } => source.classify() != Category::Data,
        // The library's errors do not tell.
        FileError::Yaml { .. } => serde_norway::from_slice::<IgnoredAny>(bytes).is_err(),
        _ => false,
    };
    Failure::File { error, malformed }
}

/// Whether `Accept` names YAML and does not like JSON better; a wildcard means JSON.
fn asks_for_yaml(headers: &HeaderMap) -> bool {
    // Its weight where the type is named, 0 where it is not or is refused.
    let weight = |types: &[&str]| {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let weights = values.flat_map(|value| value.split(',')).filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let named = parts.next().is_some_and(|essence| {
                types.iter().any(|wanted| wanted.eq_ignore_ascii_case(essence))
            });
            let q = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
            named.then_some(q.unwrap_or(1.0))
        });
        weights.fold(0.0, f32::max)
    };
    let yaml = weight(&["application/yaml", "text/yaml", "application/x-yaml", "text/x-yaml"]);
    yaml > 0.0 && yaml >= weight(&["application/json"])
}
