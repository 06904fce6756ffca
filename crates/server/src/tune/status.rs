//! How far a tuning is, or what came of it.

use serde::Serialize;
use synaptoroute::{NamespaceName, TuneReport};
use utoipa::ToSchema;

/// How far a tuning is, or what came of it.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = TuneStatus, example = json!({
    "state": "running", "namespace": "default", "stage": "fold", "fold": 0, "done": 12, "of": 100,
    "loss": 1.7, "started_at_unix_ms": 1767225600000_u64, "seconds": 7.5, "report": null,
    "installed": false, "reason": null,
}))]
pub(crate) struct Status {
    pub(super) state: State,
    /// Whose routes are learned.
    pub(super) namespace: Option<NamespaceName>,
    /// What it is at; null unless it is running.
    pub(super) stage: Option<Stage>,
    /// Which fold it is at, from 0.
    pub(super) fold: Option<usize>,
    /// Steps, texts or namespaces that are done,
    pub(super) done: usize,
    /// and of how many.
    pub(super) of: usize,
    /// The loss of the last batch.
    pub(super) loss: Option<f32>,
    /// When it began, in milliseconds since 1970.
    pub(super) started_at_unix_ms: Option<u64>,
    /// How long it has taken so far, or took.
    pub(super) seconds: f64,
    /// What the tuned model is worth, once there is one.
    #[schema(value_type = Option<Object>)]
    pub(super) report: Option<TuneReport>,
    /// Whether the tuned model is in use for it.
    pub(super) installed: bool,
    /// Why it was not installed, or why it failed.
    pub(super) reason: Option<String>,
}

/// What has become of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TuneState)]
pub(crate) enum State {
    /// There was none.
    #[default]
    None,
    /// It is at work.
    Running,
    /// It came to its end.
    Done,
    /// It could not; `reason` says why.
    Failed,
    /// It was called off.
    Cancelled,
}

/// What it is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = TuneStage)]
pub(crate) enum Stage {
    /// Steps on what a fold does not hold out.
    Fold,
    /// Steps on everything.
    All,
    /// Weights become integers.
    Quantise,
    /// All texts are encoded by the tuned model.
    Embed,
    /// Namespaces that were fitted are fitted anew.
    Fit,
    /// Everything goes to the store in one step.
    Store,
}

impl Status {
    /// What a key sees that is not good for its namespace.
    pub(super) fn of_another(self) -> Self {
        Self { namespace: None, report: None, reason: None, ..self }
    }
}
