//! What happened to a namespace's content: its revisions, and how two of them differ.

use serde::Serialize;

use crate::name::RouteName;
use crate::revision::Revision;
use crate::route::RouteAttributes;
use crate::settings::Settings;
use crate::text::Text;

/// One entry of the log of revisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevisionEntry {
    /// Its number.
    pub revision: Revision,
    /// When it was made, in milliseconds since the Unix epoch, UTC.
    pub at_unix_ms: u64,
    /// What was done, in words: `upsert billing`, `rollback to 12`.
    pub change: String,
}

/// What one must do to get from one revision's content to another's.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Diff {
    /// The revision compared from.
    pub from: Revision,
    /// The revision compared to.
    pub to: Revision,
    /// Where the settings differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<Changed<Settings>>,
    /// The namespace's negatives.
    #[serde(skip_serializing_if = "TextsDiff::is_empty")]
    pub negatives: TextsDiff,
    /// Routes that differ, by name.
    pub routes: Vec<RouteDiff>,
}

/// A value before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Changed<T> {
    /// In the revision compared from.
    pub before: T,
    /// In the revision compared to.
    pub after: T,
}

/// How a route differs; one that was added or removed differs in all its texts.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteDiff {
    /// Its name.
    pub name: RouteName,
    /// Added, removed or changed.
    pub kind: RouteDiffKind,
    /// Where its cuts, description or metadata differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Changed<RouteAttributes>>,
    /// Its utterances.
    #[serde(skip_serializing_if = "TextsDiff::is_empty")]
    pub utterances: TextsDiff,
    /// Its negatives.
    #[serde(skip_serializing_if = "TextsDiff::is_empty")]
    pub negatives: TextsDiff,
}

/// What became of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RouteDiffKind {
    /// Only the later content has it.
    Added,
    /// Only the earlier content has it.
    Removed,
    /// Both have it.
    Changed,
}

/// How two lists of texts differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextsDiff {
    /// Only in the later list, in its order.
    pub added: Vec<Text>,
    /// Only in the earlier list, in its order.
    pub removed: Vec<Text>,
    /// Whether texts that are in both stand in another order.
    pub reordered: bool,
}

impl TextsDiff {
    /// Whether the lists are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && !self.reordered
    }
}

impl Diff {
    /// Whether the contents are the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.settings.is_none() && self.negatives.is_empty() && self.routes.is_empty()
    }
}
