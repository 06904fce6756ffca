//! What is told.

use serde::Serialize;

use crate::name::RouteName;
use crate::revision::Revision;
use crate::text::Text;

/// Most examples of a finding.
pub(super) const MAX_EXAMPLES: usize = 20;

/// What is doubtful about the routes at one revision.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct LintReport {
    /// The content that was looked at.
    pub revision: Revision,
    /// How much of it.
    pub checked: LintScope,
    /// The gravest first; the same whatever the order in which texts were added.
    pub findings: Vec<Finding>,
}

/// How much was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct LintScope {
    /// Routes.
    pub routes: usize,
    /// Utterances of all routes.
    pub utterances: usize,
    /// Utterances that were held out and compared with all others; fewer than there are where
    /// all of them would take minutes.
    pub held_out: usize,
}

/// One doubt, and what to do about it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Finding {
    /// What kind of doubt.
    pub kind: FindingKind,
    /// How grave it is.
    pub severity: Severity,
    /// The routes it is about.
    pub routes: Vec<RouteName>,
    /// How many texts it is about.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// The cut that is out of reach, where the kind is `unreachable_threshold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<UnreachableCut>,
    /// Some of the texts, the worst first; at most 20.
    pub examples: Vec<FindingText>,
    /// What was found, in words.
    pub message: String,
    /// What to do about it, in words.
    pub advice: String,
}

/// Kinds of findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FindingKind {
    /// Routes that have the same utterance.
    SameText,
    /// Negatives that say what an utterance says.
    MatchingNegative,
    /// A cut that no text can pass, or none like the route's own.
    UnreachableThreshold,
    /// Two routes that take each other's utterances.
    Overlap,
    /// An utterance that looks as if it belonged to another route.
    Mislabelled,
    /// A route with few utterances.
    ThinRoute,
    /// Utterances of one route that say the same.
    NearDuplicates,
    /// A tuned model that learned other routes than there are by now.
    StaleTuning,
}

impl FindingKind {
    /// As it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SameText => "same_text",
            Self::MatchingNegative => "matching_negative",
            Self::UnreachableThreshold => "unreachable_threshold",
            Self::Overlap => "overlap",
            Self::Mislabelled => "mislabelled",
            Self::ThinRoute => "thin_route",
            Self::NearDuplicates => "near_duplicates",
            Self::StaleTuning => "stale_tuning",
        }
    }
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// It could be better.
    Advice,
    /// It will likely decide wrongly.
    Warning,
    /// It contradicts itself.
    Error,
}

impl Severity {
    /// As it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Advice => "advice",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A cut and what reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct UnreachableCut {
    /// Which cut.
    pub field: CutKind,
    /// What it is set to.
    pub cut: f64,
    /// The most that any text reaches, or any of the route's own utterances when it is held out.
    pub reached: f64,
}

/// Which of a route's cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CutKind {
    /// The one on confidence.
    Threshold,
    /// The one on the cosine `nearest`.
    ScoreThreshold,
}

impl CutKind {
    /// As it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::ScoreThreshold => "score_threshold",
        }
    }
}

/// A text that a finding is about.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct FindingText {
    /// The text: a negative where the kind is `matching_negative`, else an utterance.
    pub text: Text,
    /// Its route; null for the namespace's negatives.
    pub route: Option<RouteName>,
    /// The utterance that makes it one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<SimilarUtterance>,
    /// Its cosine to the most similar other utterance of its own route, where the finding is
    /// that another route's is more similar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub own_similarity: Option<f64>,
}

/// An utterance near another text.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct SimilarUtterance {
    /// The utterance.
    pub text: Text,
    /// Its route.
    pub route: RouteName,
    /// The cosine between the two.
    pub similarity: f64,
}
