//! What callers ask to be changed.

use serde::{Deserialize, Deserializer};

use crate::edit::Owner;
use crate::file::RoutesFile;
use crate::fit::{EvidenceSet, Objective};
use crate::metadata::Metadata;
use crate::name::RouteName;
use crate::revision::Revision;
use crate::route::{Route, RouteAttributes, RouteError};
use crate::settings::{Margin, Settings, TopK};
use crate::text::Text;
use crate::threshold::{Cut, SimilarityCut};

/// One mutation of a namespace's content: it happens whole or not at all, and makes one
/// revision, or none if everything is so already.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// Adds a route, or puts it in its namesake's place.
    Upsert(Route),
    /// Changes what is named of a route, and keeps the rest.
    Patch(RouteName, RoutePatch),
    /// Removes a route and its texts.
    DeleteRoute(RouteName),
    /// Adds texts; those that are there already change nothing.
    AddTexts(Owner, Vec<Text>),
    /// Removes texts, all of which must be there; of a route at least one utterance stays.
    RemoveTexts(Owner, Vec<Text>),
    /// Changes what is named of the settings.
    Settings(SettingsPatch),
    /// Takes a whole file.
    Import(RoutesFile, ImportMode),
    /// Goes back to the content of a kept revision.
    Rollback(Revision),
}

/// What becomes of content that an imported file does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ImportMode {
    /// It goes: afterwards everything is as the file says.
    Replace,
    /// It stays: routes of the file replace their namesakes, its negatives are added, and its
    /// settings hold where they are not the defaults.
    Merge,
}

/// New values for parts of a route; `Some(None)` takes a value away.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(
        description = "What to change of a route: null takes a value away, what is left out stays.",
        example = json!({"threshold": 0.5, "description": "Invoices and payments"})
    )
)]
pub struct RoutePatch {
    /// The cut on confidence.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Cut>))]
    pub threshold: Option<Option<Cut>>,
    /// The cut on the cosine `nearest`.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<SimilarityCut>))]
    pub score_threshold: Option<Option<SimilarityCut>>,
    /// What the route is for.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub description: Option<Option<String>>,
    /// All of the metadata.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub metadata: Option<Option<Metadata>>,
}

/// New values for settings; `Some(None)` goes back to the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "openapi",
    derive(utoipa::ToSchema),
    schema(
        description = "What to change of the settings: null goes back to the default, what is left out stays.",
        example = json!({"top_k": 5})
    )
)]
pub struct SettingsPatch {
    /// Two routes that pass within this score of each other make the outcome ambiguous.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Margin>))]
    pub margin: Option<Option<Margin>>,
    /// Candidates an answer lists.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<TopK>))]
    pub top_k: Option<Option<TopK>>,
    /// Whether evidence, confidence and cuts are fitted anew when texts change.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>))]
    pub auto_fit: Option<Option<bool>>,
    /// What cuts are chosen for.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, pattern = "^(accuracy|f1|(keep|max_false_accept|min_precision)=(0(\\.[0-9]{1,9})?|1)|cost=[1-9][0-9]{0,2})$"))]
    pub objective: Option<Option<Objective>>,
    /// Which evidence may count besides the nearest utterances; what is left out of it may.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<EvidenceSet>))]
    pub evidence: Option<Option<EvidenceSet>>,
}

/// A field that is there, even if it is null: serde takes null for absent otherwise.
fn given<'de, T, D>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(from).map(Some)
}

impl RoutePatch {
    /// The attributes after the change.
    #[must_use]
    pub fn apply(self, to: &RouteAttributes) -> RouteAttributes {
        RouteAttributes {
            threshold: self.threshold.unwrap_or(to.threshold),
            score_threshold: self.score_threshold.unwrap_or(to.score_threshold),
            description: self.description.unwrap_or_else(|| to.description.clone()),
            metadata: self.metadata.map_or_else(|| to.metadata.clone(), Option::unwrap_or_default),
        }
    }
}

impl SettingsPatch {
    /// The settings after the change.
    #[must_use]
    pub fn apply(self, to: &Settings) -> Settings {
        Settings {
            margin: self.margin.map_or(to.margin, Option::unwrap_or_default),
            top_k: self.top_k.map_or(to.top_k, Option::unwrap_or_default),
            auto_fit: self.auto_fit.map_or(to.auto_fit, |given| given.unwrap_or(true)),
            objective: self.objective.map_or(to.objective, Option::unwrap_or_default),
            evidence: self.evidence.map_or(to.evidence, Option::unwrap_or_default),
        }
    }
}

impl Change {
    /// Sees that no route gets metadata that are too long. Those of files are looked at as they
    /// are read; what a program has made is looked at here.
    ///
    /// # Errors
    ///
    /// One does.
    pub fn check(&self) -> Result<(), RouteError> {
        match self {
            Self::Upsert(route) => route.metadata.check(&route.name),
            Self::Patch(name, RoutePatch { metadata: Some(Some(metadata)), .. }) => {
                metadata.check(name)
            }
            Self::Import(file, _) => {
                file.routes.iter().try_for_each(|route| route.metadata.check(&route.name))
            }
            _ => Ok(()),
        }
    }

    /// The texts whose vectors it needs, in order, with repeats.
    pub fn texts(&self) -> Box<dyn Iterator<Item = &Text> + '_> {
        match self {
            Self::Upsert(route) => Box::new(route.texts()),
            Self::AddTexts(_, texts) => Box::new(texts.iter()),
            Self::Import(file, _) => {
                Box::new(file.routes.iter().flat_map(Route::texts).chain(&file.negatives))
            }
            Self::Patch(..)
            | Self::DeleteRoute(_)
            | Self::RemoveTexts(..)
            | Self::Settings(_)
            | Self::Rollback(_) => Box::new(std::iter::empty()),
        }
    }
}
