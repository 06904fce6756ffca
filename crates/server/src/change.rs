//! The way every change goes: checked, encoded, made durable, answered.
//!
//! The texts are encoded on the engine's threads, in parts, so that queries get their turn in
//! between. Then the change waits for the disk on a thread of its own, together with others
//! that come at the same time, and no thread that encodes waits with it. It holds one place
//! in the queue from its beginning to its end.
//!
//! A caller that goes away before its change is about to be committed changes nothing; from
//! then on it is made, whether or not somebody still waits for the answer.

use std::sync::Arc;

use serde::Serialize;
use synaptoroute::{
    Change, Draft, Embedding, EncodeError, Revision, RouteName, Router, RouterError, Text,
};
use utoipa::ToSchema;

use crate::app::App;
use crate::decide::PART;
use crate::engine::{Done, Ticket};
use crate::failure::Failure;

/// The answer to a change.
#[derive(Serialize, ToSchema)]
#[schema(as = Change, example = json!({"status": "success", "route": "billing", "revision": 2}))]
pub(crate) struct Changed {
    /// `success`.
    pub(crate) status: &'static str,
    /// The route that was changed, where one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) route: Option<RouteName>,
    /// The one that was added or removed, where one was sent by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) utterance: Option<Text>,
    /// What the content is at now.
    pub(crate) revision: Revision,
}

impl From<Revision> for Changed {
    fn from(revision: Revision) -> Self {
        Self { status: "success", route: None, utterance: None, revision }
    }
}

/// Makes a change at the revision that is expected.
///
/// `field` says where in the body a text stands, if anywhere: to the router a repeated text is
/// one, so its places are not always the caller's.
pub(crate) async fn make(
    app: &App,
    router: Router,
    change: Change,
    expected: Option<Revision>,
    field: impl Fn(&Text) -> Option<String> + Send + Sync,
) -> Result<Revision, Failure> {
    let ticket = app.engine.admit()?;
    let draft = router.draft(change, expected)?;
    carry_out(app, ticket, router, draft, field).await
}

/// The rest of [`make`].
pub(crate) async fn carry_out(
    app: &App,
    ticket: Ticket,
    router: Router,
    draft: Draft,
    field: impl Fn(&Text) -> Option<String> + Send + Sync,
) -> Result<Revision, Failure> {
    let draft = Arc::new(draft);
    let mut vectors = Vec::with_capacity(draft.texts().len());
    // All of them by one model; should another be installed meanwhile, the commit sees to it.
    let part = |part: &[Text]| {
        let (draft, part) = (Arc::clone(&draft), part.to_vec());
        move || draft.embed(&part)
    };
    let parts = draft.texts().chunks(PART).map(part);
    let each = |number: usize, done: Done<Result<_, RouterError>>| {
        let embeddings: Vec<Embedding> = match done.value {
            Ok(embeddings) => embeddings,
            Err(RouterError::Encode(error)) => {
                let index = number * PART + error.index();
                return Err(refused(&draft, index, error, &field));
            }
            Err(other) => return Err(other.into()),
        };
        vectors.extend(embeddings.into_iter().map(|embedding| embedding.vector));
        Ok(())
    };
    app.engine.run_parts(&ticket, PART, parts, each).await?;
    let commit = move || router.commit(Arc::unwrap_or_clone(draft), vectors);
    Ok(app.engine.finish(ticket, commit).await??)
}

/// Says where the draft's text of this index stands: for the caller, else for the router.
fn refused(
    draft: &Draft,
    index: usize,
    error: EncodeError,
    field: impl Fn(&Text) -> Option<String>,
) -> Failure {
    let known = draft.texts().get(index).and_then(field);
    match draft.refused(index, error) {
        RouterError::EncodeText { place, source } => {
            Failure::Unencodable { field: known.unwrap_or(place), source }
        }
        other => other.into(),
    }
}
