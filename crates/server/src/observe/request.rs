//! What is known of the request in hand, wherever in its handling one is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderValue;
use synaptoroute::{Answer, NamespaceName, Outcome, RouteName, Timing};
use tokio::task_local;

use super::identity::Identity;
use super::metrics::Rejection;
use crate::engine::EngineError;
use crate::failure::Failure;

task_local! {
    pub(super) static CURRENT: Arc<Current>;
}

/// A request that is being answered.
pub(super) struct Current {
    pub(super) identity: Identity,
    notes: Mutex<Notes>,
}

/// What its handling came by.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) namespace: Option<NamespaceName>,
    /// How many queries were decided.
    pub(super) decisions: usize,
    /// The last of them.
    pub(super) decision: Option<Decided>,
    pub(super) rejection: Option<Rejection>,
}

/// A decision, as far as it is anybody's business.
pub(super) struct Decided {
    pub(super) outcome: Outcome,
    pub(super) route: Option<RouteName>,
    pub(super) timing: Timing,
}

impl Current {
    pub(super) fn new(identity: Identity) -> Self {
        Self { identity, notes: Mutex::default() }
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id of the request in hand, which is visible ASCII.
pub(crate) fn request_id() -> Option<HeaderValue> {
    CURRENT.try_with(|current| current.identity.request.clone()).ok()
}

/// The request in hand is about this namespace.
pub(crate) fn inside(namespace: &NamespaceName) {
    note(|notes| notes.namespace = Some(namespace.clone()));
}

/// The request in hand had a query decided.
pub(super) fn decided(answer: &Answer) {
    note(|notes| {
        notes.decisions += 1;
        notes.decision = Some(Decided {
            outcome: answer.decision.outcome,
            route: answer.decision.route.clone(),
            timing: answer.timing,
        });
    });
}

/// The request in hand is answered with a failure.
pub(crate) fn failed(failure: &Failure) {
    let Failure::Engine(error) = failure else { return };
    let reason = match error {
        EngineError::Full { .. } => Rejection::QueueFull,
        EngineError::Heavy { .. } => Rejection::QueueBytes,
        EngineError::Copying { .. } => Rejection::Copies,
        EngineError::Fitting { .. } => Rejection::Fits,
        EngineError::Late { .. } => Rejection::Deadline,
        EngineError::Stopping => Rejection::Stopping,
        EngineError::Panicked => return,
    };
    note(|notes| notes.rejection = Some(reason));
}

fn note(what: impl FnOnce(&mut Notes)) {
    // Outside of a request there is nothing to note.
    let _outside = CURRENT.try_with(|current| what(&mut current.notes()));
}
