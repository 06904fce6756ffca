//! Files of the Python library `semantic-router`, 0.x and 1.x, taken as they are.
//!
//! Both are a map with the `routes` and how to rebuild the router around them. 0.x has
//! `encoder_type` and `encoder_name`, 1.x `router_type`, an `encoder` block and the search's
//! settings. Null is the same as absent; unknown keys are left out, as that library does.
//!
//! | there | here |
//! |---|---|
//! | `routes[].name`, `.utterances`, `.description`, `.metadata` | the same |
//! | `routes[].score_threshold` (0.x: a cut on similarity) | the same |
//! | `routes[].confidence_threshold` (1.x: on confidence, if fitted) | `threshold` |
//! | `confidence_threshold` of the file | `threshold` of each route without one |
//! | `routes[].function_schema`, `.function_schemas`, `.llm` | left out, with a note |
//! | `encoder…`, `index`, `alpha`, `top_k`, `calibrator`, … | left out, with a note |
//! | `router_type`: `decision` | a note: there descriptions decide, here utterances |
//! | a route without utterances, two of one name | refused |
//! | `negatives`, `threshold`, `settings`: keys of our own | refused: `version` is missing |
//!
//! Its `top_k` is the number of utterances that make a score, not of candidates.
//!
//! - `route`: one route of such a file.
//! - `given`: whether a value says anything.
//! - `notes`: what is told about what has no place here.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::distinct::distinct_routes;
use super::{Imported, RoutesFile, Version};
use crate::settings::Settings;
use crate::threshold::Cut;

use given::Given;
use route::ConfigRoute;

mod given;
mod notes;
mod route;

/// The whole file.
#[derive(Default)]
pub(super) struct Config {
    routes: Vec<ConfigRoute>,
    /// For routes without one of their own.
    confidence_threshold: Option<Cut>,
    router_type: Option<String>,
    /// The model that `score_threshold` was chosen with.
    encoder: Option<String>,
    /// Whether confidences were probabilities.
    calibrated: bool,
    /// Keys with a value, in the order of the file.
    left_out: Vec<String>,
}

impl From<Config> for Imported {
    fn from(mut config: Config) -> Self {
        let notes = config.notes();
        for ConfigRoute { route, .. } in &mut config.routes {
            route.threshold = route.threshold.or(config.confidence_threshold);
        }
        let file = RoutesFile {
            version: Version,
            negatives: Vec::new(),
            settings: Settings::default(),
            fit: None,
            routes: config.routes.into_iter().map(|config| config.route).collect(),
        };
        Self { file, notes }
    }
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(ConfigVisitor)
    }
}

struct ConfigVisitor;

impl<'de> Visitor<'de> for ConfigVisitor {
    type Value = Config;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map with routes, as semantic-router writes it")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Config, A::Error> {
        let mut config = Config::default();
        let mut routes: Option<Routes> = None;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "routes" => once("routes", &mut routes, map.next_value()?)?,
                "confidence_threshold" => {
                    once(
                        "confidence_threshold",
                        &mut config.confidence_threshold,
                        map.next_value()?,
                    )?;
                }
                "router_type" => once("router_type", &mut config.router_type, map.next_value()?)?,
                "encoder" | "encoder_name" => {
                    let encoder: Value = map.next_value()?;
                    let name = encoder.get("name").unwrap_or(&encoder).as_str();
                    config.encoder = name.map(str::to_owned).or(config.encoder);
                    config.leave_out(key, Given(!encoder.is_null()));
                }
                "calibrator" => {
                    let given = map.next_value()?;
                    config.calibrated |= matches!(given, Given(true));
                    config.leave_out(key, given);
                }
                "negatives" | "settings" => return Err(own_key(&key)),
                _ => config.leave_out(key, map.next_value()?),
            }
        }
        let Routes(routes) = routes.ok_or_else(|| Error::missing_field("routes"))?;
        Ok(Config { routes, ..config })
    }
}

impl Config {
    fn leave_out(&mut self, key: String, Given(given): Given) {
        if given {
            self.left_out.push(key);
        }
    }
}

struct Routes(Vec<ConfigRoute>);

impl<'de> Deserialize<'de> for Routes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        distinct_routes(from).map(Self)
    }
}

/// Fills the field, unless with null; never twice.
fn once<T, E: Error>(key: &'static str, field: &mut Option<T>, value: Option<T>) -> Result<(), E> {
    match value.map(|value| field.replace(value)) {
        Some(Some(_)) => Err(E::duplicate_field(key)),
        _ => Ok(()),
    }
}

/// Whoever writes such a key means a file of ours.
fn own_key<E: Error>(key: &str) -> E {
    E::custom(format_args!("`{key}` belongs to routes files proper; begin it with `version: 1`"))
}
