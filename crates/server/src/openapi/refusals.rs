//! The statuses of refusals, which follow from what a call takes and does.

use serde_json::json;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{
    Content, ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type,
};

/// Whether a call is answered to everyone, key or not.
pub(super) fn is_open(path: &str) -> bool {
    matches!(path, "/health" | "/ready" | "/openapi.json" | "/docs")
}

/// Adds to a call the refusals that its path, its method and its parts bring along.
pub(super) fn add(path: &str, method: &str, operation: &mut Operation) {
    if path == "/docs" {
        return;
    }
    let parameters = operation.parameters.iter().flatten().filter_map(|given| match given {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    let place = |place: ParameterIn| parameters.clone().any(|p| p.parameter_in == place);
    let (in_path, guarded) = (place(ParameterIn::Path), place(ParameterIn::Header));
    let body = operation.request_body.is_some();
    let changes = guarded;
    let open = is_open(path);
    let removes = method == "DELETE";
    let keeps = path.ends_with("/utterances") || path == "/namespaces/{namespace}";
    let texts = path.ends_with("/utterances") || path.ends_with("/negatives");
    let copies = path.ends_with("/export") || path.ends_with("/diff/{to}") || path == "/backup";
    let studies = path.ends_with("/lint");
    let fits = path.ends_with("/fit") || path.ends_with("/use");
    let tunes = path.ends_with("/tune") && method != "GET";
    let models = path.starts_with("/models") && method != "GET";
    let dated = path.ends_with("/diff/{to}") || path.ends_with("/rollback");
    // Making a namespace is the one call that wants nothing there.
    let finds = in_path && method != "PUT";
    let when = [
        (400, body || in_path || guarded),
        (401, !open),
        (403, !open),
        (404, finds || dated || path == "/v1/embeddings" || (removes && texts)),
        (409, tunes || models || (removes && keeps)),
        (410, dated),
        (412, guarded),
        (413, body),
        (415, body),
        (421, true),
        (422, true),
        (429, method != "GET" || path == "/ready" || copies || studies),
        (500, true),
        (503, true),
        (507, changes || fits || tunes || models || path == "/backup"),
    ];
    for (status, _) in when.into_iter().filter(|(_, applies)| *applies) {
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_string()).or_insert_with(|| refusal(status).into());
    }
}

fn refusal(status: u16) -> Response {
    let (title, when) = said(status);
    let mut example = json!({
        "type": "about:blank", "title": title, "status": status, "detail": when,
    });
    if status == 422 {
        example["field"] = json!("query");
    }
    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
    let problem = ContentBuilder::from(problem).example(Some(example)).build();
    let refusal =
        ResponseBuilder::new().description(when).content("application/problem+json", problem);
    if status != 429 {
        return refusal.build();
    }
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let header = HeaderBuilder::new()
        .schema(Some(seconds))
        .description(Some("Seconds to stay away."))
        .build();
    refusal.header("Retry-After", header).build()
}

/// A status in RFC 9110's words and in ours.
fn said(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("Bad Request", "The body is no JSON or no UTF-8, or a header or path is malformed"),
        401 => ("Unauthorized", "The service asks for a key, and none it knows was sent"),
        403 => ("Forbidden", "The key does not allow this call, or this namespace"),
        404 => ("Not Found", "There is no such route, text, namespace, revision, fit or model"),
        409 => (
            "Conflict",
            "The last utterance of a route stays, and so do `default` and the model in use; one \
             tuning is at work at a time",
        ),
        410 => ("Gone", "The revision is not kept any more"),
        412 => ("Precondition Failed", "If-Match names another revision than the content's"),
        413 => (
            "Payload Too Large",
            "The body, a text or metadata are larger than allowed, or the answer would be",
        ),
        415 => ("Unsupported Media Type", "The body is of another type, or of none"),
        421 => ("Misdirected Request", "The service is not known by the name in `Host`"),
        422 => ("Unprocessable Entity", "A value is not allowed, or unknown; `field` names it"),
        429 => (
            "Too Many Requests",
            "The queue, or its kind of place, is full; try again after `Retry-After` seconds",
        ),
        503 => ("Service Unavailable", "The service is stopping, or late, or its store failed"),
        507 => ("Insufficient Storage", "The disk is full; nothing was changed"),
        _ => ("Internal Server Error", "A worker failed; nothing was changed"),
    }
}
