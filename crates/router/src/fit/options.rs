//! What a fit may use.

use serde::{Deserialize, Serialize};

/// Which evidence may count besides `nearest`, which always does.
///
/// How much each counts is chosen by cross-validation, and may be nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct EvidenceSet {
    /// The cosine to the mean vector of a route.
    pub centroid: bool,
    /// The logit of a logistic regression over all routes.
    pub head: bool,
    /// Words and runs of characters; and misspelt words are read as the utterances spell them.
    pub lexical: bool,
}

impl Default for EvidenceSet {
    fn default() -> Self {
        Self { centroid: true, head: true, lexical: true }
    }
}
