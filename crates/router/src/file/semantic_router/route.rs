//! One route of such a file.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::distinct::Named;
use super::given::Given;
use super::{once, own_key};
use crate::metadata::Metadata;
use crate::name::RouteName;
use crate::route::{ROUTE, Route, RouteAttributes};
use crate::text::Text;
use crate::threshold::{Cut, SimilarityCut};

/// The route, and what of it was not taken over.
pub(super) struct ConfigRoute {
    pub(super) route: Route,
    /// Keys with a value.
    pub(super) left_out: Vec<String>,
    /// Utterances that were there before.
    pub(super) repeated: usize,
}

impl Named for ConfigRoute {
    fn name(&self) -> &RouteName {
        &self.route.name
    }
}

impl<'de> Deserialize<'de> for ConfigRoute {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RouteVisitor)
    }
}

/// What of a route has been read.
#[derive(Default)]
struct Fields {
    name: Option<RouteName>,
    utterances: Option<Vec<Text>>,
    description: Option<String>,
    score_threshold: Option<SimilarityCut>,
    confidence_threshold: Option<Cut>,
    metadata: Option<Metadata>,
    left_out: Vec<String>,
}

struct RouteVisitor;

impl<'de> Visitor<'de> for RouteVisitor {
    type Value = ConfigRoute;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ROUTE)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ConfigRoute, A::Error> {
        let mut fields = Fields::default();
        while let Some(key) = map.next_key::<String>()? {
            fields.read(key, &mut map)?;
        }
        fields.route()
    }
}

impl Fields {
    fn read<'de, A: MapAccess<'de>>(&mut self, key: String, map: &mut A) -> Result<(), A::Error> {
        match key.as_str() {
            "name" => once("name", &mut self.name, map.next_value()?),
            "utterances" => once("utterances", &mut self.utterances, map.next_value()?),
            "description" => once("description", &mut self.description, map.next_value()?),
            "score_threshold" => {
                once("score_threshold", &mut self.score_threshold, map.next_value()?)
            }
            "confidence_threshold" => {
                once("confidence_threshold", &mut self.confidence_threshold, map.next_value()?)
            }
            "metadata" => once("metadata", &mut self.metadata, map.next_value()?),
            "negatives" | "threshold" => Err(own_key(&key)),
            _ => {
                let Given(given) = map.next_value()?;
                self.left_out.extend(given.then_some(key));
                Ok(())
            }
        }
    }

    fn route<E: Error>(self) -> Result<ConfigRoute, E> {
        let name = self.name.ok_or_else(|| E::missing_field("name"))?;
        let metadata = self.metadata.unwrap_or_default();
        metadata.check(&name).map_err(E::custom)?;
        let utterances = self.utterances.unwrap_or_default();
        let given = utterances.len();
        let route = Route::new(name, utterances).map_err(E::custom)?;
        Ok(ConfigRoute {
            repeated: given - route.utterances.len(),
            route: route.with_attributes(RouteAttributes {
                threshold: self.confidence_threshold,
                score_threshold: self.score_threshold,
                description: self.description,
                metadata,
            }),
            left_out: self.left_out,
        })
    }
}
