//! What is told about what has no place here, a sentence each.

use std::collections::BTreeMap;

use super::Config;
use super::route::ConfigRoute;

/// Keys of the file whose work is done by other means here.
const OF_THE_ROUTER: [&str; 13] = [
    "encoder_type",
    "encoder_name",
    "encoder",
    "sparse_encoder",
    "alpha",
    "top_k",
    "aggregation",
    "index",
    "calibrator",
    "refresh_interval",
    "model",
    "instructions",
    "embeddings",
];

/// Keys of a route that call functions.
const OF_CALLS: [&str; 3] = ["function_schema", "function_schemas", "llm"];

/// Names told before the rest is only counted.
const NAMES: usize = 3;

impl Config {
    /// To be told before anything is changed.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let (known, unknown): (Vec<&str>, Vec<&str>) =
            self.left_out.iter().map(String::as_str).partition(|key| OF_THE_ROUTER.contains(key));
        if !known.is_empty() {
            notes.push(format!(
                "left out {}: encoding, search and calibration are this router's own",
                keys(&known)
            ));
        }
        if !unknown.is_empty() {
            notes.push(format!("left out {}: not known here", keys(&unknown)));
        }
        notes.extend(self.notes_on_fields());
        if self.router_type.as_deref() == Some("decision") {
            notes.push(
                "written for a decision model, which reads the descriptions; here the utterances \
                 decide, so give each route several"
                    .to_owned(),
            );
        }
        notes.extend(self.notes_on_cuts());
        if let Some(routes) = names(self.routes.iter().filter(|config| config.repeated > 0)) {
            let repeated: usize = self.routes.iter().map(|config| config.repeated).sum();
            notes.push(format!("left out {repeated} repeated utterance(s) of {routes}"));
        }
        notes
    }

    /// On keys of routes that were left out.
    fn notes_on_fields(&self) -> Vec<String> {
        let mut fields: BTreeMap<&str, Vec<&ConfigRoute>> = BTreeMap::new();
        for config in &self.routes {
            for key in &config.left_out {
                fields.entry(key).or_default().push(config);
            }
        }
        let note = |(key, routes): (&str, Vec<&ConfigRoute>)| {
            let why = if OF_CALLS.contains(&key) {
                "a decision names the route and calls nothing"
            } else {
                "not known here"
            };
            Some(format!("left out `{key}` of {}: {why}", names(routes)?))
        };
        fields.into_iter().filter_map(note).collect()
    }

    /// On cuts that were chosen for other numbers than they cut here.
    fn notes_on_cuts(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let routes = || self.routes.iter();
        if let Some(routes) =
            names(routes().filter(|config| config.route.score_threshold.is_some()))
        {
            let encoder = self
                .encoder
                .as_ref()
                .map_or("another encoder".to_owned(), |encoder| format!("the encoder {encoder:?}"));
            notes.push(format!(
                "`score_threshold` of {routes} was chosen for similarities of {encoder} and is a \
                 cut on this one's: check it, or take it away"
            ));
        }
        let own = routes().filter(|config| config.route.threshold.is_some());
        let without = routes().filter(|config| config.route.threshold.is_none());
        let passed_on = self.confidence_threshold.and_then(|cut| Some((cut, names(without)?)));
        if let Some((cut, routes)) = &passed_on {
            notes.push(format!(
                "`confidence_threshold` of the file, {}, became the `threshold` of {routes}",
                cut.get()
            ));
        }
        let probabilities = self.calibrated || self.router_type.as_deref() == Some("decision");
        if !probabilities && (passed_on.is_some() || own.count() > 0) {
            notes.push(
                "`confidence_threshold` was a cut on uncalibrated scores and is one on a \
                 probability here: check it, or take it away"
                    .to_owned(),
            );
        }
        notes
    }
}

fn keys(keys: &[&str]) -> String {
    format!("`{}`", keys.join("`, `"))
}

/// The routes by name, the first few of them; `None` if there is none.
fn names<'a>(routes: impl IntoIterator<Item = &'a ConfigRoute>) -> Option<String> {
    let mut routes = routes.into_iter().map(|config| format!("{:?}", config.route.name.as_str()));
    let first: Vec<_> = routes.by_ref().take(NAMES).collect();
    let listed = (!first.is_empty()).then(|| first.join(", "))?;
    Some(match routes.count() {
        0 => listed,
        more => format!("{listed} and {more} more"),
    })
}
