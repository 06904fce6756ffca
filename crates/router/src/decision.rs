//! The answer to a query.

use serde::{Deserialize, Serialize};

use crate::explain::Explanation;
use crate::metadata::Metadata;
use crate::name::RouteName;
use crate::revision::Revision;
use crate::text::Text;

/// Which route a query belongs to, or none, and what speaks for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Decision {
    /// The route that matched; null unless the outcome is `matched`.
    pub intent: Option<RouteName>,
    /// The same as `intent`.
    pub route: Option<RouteName>,
    /// Matched, ambiguous or none.
    pub outcome: Outcome,
    /// Probability that the first candidate is right; 0 where there are no routes.
    pub confidence: f64,
    /// The cut on confidence that held for the first candidate.
    pub threshold: f64,
    /// Whether confidence was fitted to these routes.
    pub calibrated: bool,
    /// Why it came out so.
    pub reason: Reason,
    /// Routes that pass their cuts first, then by score; at most `top_k`.
    pub candidates: Vec<Candidate>,
    /// Of the matched route, where it has any.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
    /// The content this was decided on.
    pub revision: Revision,
    /// The fit this was decided with; null where nothing was fitted.
    pub fit: Option<FitStatus>,
    /// Why it came out so, in numbers; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explanation>,
}

/// How a query came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// One route takes it.
    Matched,
    /// Two routes pass, too close to tell apart; counts as refused.
    Ambiguous,
    /// No route takes it.
    None,
}

/// Why a query came out as it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The first candidate passes its cuts.
    Accepted,
    /// The first two pass and lie within the margin.
    WithinMargin,
    /// The first candidate's confidence is below its threshold.
    BelowThreshold,
    /// The first candidate's `nearest` is below its score threshold.
    BelowScoreThreshold,
    /// A route that fits better does not pass the cut that both have in common; never of the first
    /// candidate.
    BehindRefused,
    /// A negative is nearer to the query than the first candidate's utterances.
    NearerToNegative,
    /// There is nothing to choose from.
    NoRoutes,
}

impl Reason {
    /// As it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::WithinMargin => "within_margin",
            Self::BelowThreshold => "below_threshold",
            Self::BelowScoreThreshold => "below_score_threshold",
            Self::BehindRefused => "behind_refused",
            Self::NearerToNegative => "nearer_to_negative",
            Self::NoRoutes => "no_routes",
        }
    }
}

/// A route that was considered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Candidate {
    /// Its name.
    pub route: RouteName,
    /// What candidates are ordered by: the mean of the three best cosines, and in the same unit
    /// what a fit adds to that from other evidence.
    pub score: f64,
    /// Probability that it is right.
    pub confidence: f64,
    /// Its utterances most similar to the query.
    pub nearest: Vec<Neighbour>,
}

/// An utterance near the query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Neighbour {
    /// The utterance.
    pub utterance: Text,
    /// Its cosine to the query.
    pub similarity: f64,
}

/// Which fit a decision used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct FitStatus {
    /// The content it was made from.
    pub revision: Revision,
    /// Whether the content has changed since.
    pub stale: bool,
}
