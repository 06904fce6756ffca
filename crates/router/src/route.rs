//! A route as people write it.

use std::collections::HashSet;

use serde::{Deserialize, Deserializer, Serialize};

use crate::checked;
use crate::metadata::{MAX_METADATA_BYTES, Metadata};
use crate::name::RouteName;
use crate::text::Text;
use crate::threshold::{Cut, SimilarityCut};

/// A destination and the utterances that lead to it.
#[derive(Clone, Debug, PartialEq, Serialize)]
// Written it is what it is; the attribute says that read it may have nothing more.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Route {
    /// What a decision calls it.
    pub name: RouteName,
    /// At least one; none twice.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub utterances: Vec<Text>,
    /// Texts that look like this route and are not; none twice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub negatives: Vec<Text>,
    /// Its own cut on confidence, in place of the namespace's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Cut>,
    /// A cut on the cosine `nearest` that must be passed too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_threshold: Option<SimilarityCut>,
    /// What it is for; kept and returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Returned with every decision for this route.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
}

/// What a route has besides its name and its texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RouteAttributes {
    /// Its own cut on confidence, in place of the namespace's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Cut>,
    /// A cut on the cosine `nearest` that must be passed too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score_threshold: Option<SimilarityCut>,
    /// What it is for; kept and returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Returned with every decision for it.
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub metadata: Metadata,
}

/// Why a route is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// Nothing leads to it.
    #[error("route {name:?} has no utterances; give it at least one")]
    NoUtterances {
        /// The route's name.
        name: String,
    },
    /// What is attached to it is longer than anything of use in every decision for it.
    #[error(
        "route {name:?} has metadata of {bytes} bytes as JSON; at most 64 KiB \
         ({MAX_METADATA_BYTES} bytes) are allowed, for every decision carries them: keep what is \
         large elsewhere, and where that is here"
    )]
    MetadataTooLong {
        /// The route's name.
        name: String,
        /// Their length as JSON.
        bytes: usize,
    },
}

impl Route {
    /// A route without extras. Repeated utterances count once.
    ///
    /// # Errors
    ///
    /// There is no utterance.
    pub fn new(name: RouteName, utterances: Vec<Text>) -> Result<Self, RouteError> {
        if utterances.is_empty() {
            return Err(RouteError::NoUtterances { name: name.into() });
        }
        Ok(Self {
            name,
            utterances: distinct(utterances),
            negatives: Vec::new(),
            threshold: None,
            score_threshold: None,
            description: None,
            metadata: Metadata::default(),
        })
    }

    /// The route with these negatives in place of its own. Repeated negatives count once.
    #[must_use]
    pub fn with_negatives(self, negatives: Vec<Text>) -> Self {
        Self { negatives: distinct(negatives), ..self }
    }

    /// The route with these attributes in place of its own.
    #[must_use]
    pub fn with_attributes(self, attributes: RouteAttributes) -> Self {
        let RouteAttributes { threshold, score_threshold, description, metadata } = attributes;
        Self { threshold, score_threshold, description, metadata, ..self }
    }

    /// What it has besides its name and its texts.
    #[must_use]
    pub fn attributes(&self) -> RouteAttributes {
        RouteAttributes {
            threshold: self.threshold,
            score_threshold: self.score_threshold,
            description: self.description.clone(),
            metadata: self.metadata.clone(),
        }
    }

    /// Its utterances, then its negatives.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.utterances.iter().chain(&self.negatives)
    }
}

/// The first of each, in order. A repeated utterance says nothing new, and it would count
/// several times among the nearest.
pub(crate) fn distinct(texts: Vec<Text>) -> Vec<Text> {
    let mut seen = HashSet::with_capacity(texts.len());
    texts.into_iter().filter(|text| seen.insert(text.clone())).collect()
}

/// What a reader expects where a route stands.
pub(crate) const ROUTE: &str = "a route: a map with name and utterances";

/// A route whose parts are sound, but not yet the whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    name: RouteName,
    utterances: Vec<Text>,
    #[serde(default)]
    negatives: Vec<Text>,
    threshold: Option<Cut>,
    score_threshold: Option<SimilarityCut>,
    description: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

impl<'de> Deserialize<'de> for Route {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::map::<Unchecked, _, _>(from, ROUTE)
    }
}

impl TryFrom<Unchecked> for Route {
    type Error = RouteError;

    fn try_from(raw: Unchecked) -> Result<Self, RouteError> {
        raw.metadata.check(&raw.name)?;
        Ok(Self {
            threshold: raw.threshold,
            score_threshold: raw.score_threshold,
            description: raw.description,
            metadata: raw.metadata,
            ..Self::new(raw.name, raw.utterances)?.with_negatives(raw.negatives)
        })
    }
}
