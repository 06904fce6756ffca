//! A decision and how it was come by.

use serde::Serialize;
use synaptoroute_router::{DecideOptions, Decision, TopK};

/// How to answer a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteOptions {
    /// Candidates to list, in place of the namespace's setting.
    pub top_k: Option<TopK>,
    /// Whether to say why, in [`Decision::explanation`].
    pub explain: bool,
}

impl From<RouteOptions> for DecideOptions {
    fn from(RouteOptions { top_k, explain }: RouteOptions) -> Self {
        let options = Self::top_k(top_k);
        if explain { options.explained() } else { options }
    }
}

/// The answer to a query: the decision, and what it cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Answer {
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
    /// The query as it was read, where misspelt words were read as the utterances spell them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_as: Option<String>,
    /// Name of the model that read the query.
    pub model: String,
    /// Whether the query was longer than the model reads, and its end ignored.
    pub truncated: bool,
    /// Where the time went.
    pub timing: Timing,
}

/// Microseconds spent on one query, by stages that follow on each other. In a batch, tokenising
/// and encoding are shared out evenly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Timing {
    /// Waiting for a thread; 0 where nobody else asked.
    pub queue_us: u64,
    /// Cutting the text to tokens.
    pub tokenise_us: u64,
    /// Turning the tokens into a vector.
    pub encode_us: u64,
    /// Comparing the vector with all that is stored.
    pub search_us: u64,
    /// Looking closely at what is near, and deciding.
    pub decide_us: u64,
}
