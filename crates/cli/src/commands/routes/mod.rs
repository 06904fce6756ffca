//! `synaptoroute routes`: the routes of a namespace, one by one.

mod change;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use synaptoroute::{Route, RouteName, RouterError};

use crate::args::{EngineArgs, RoutesArgs, RoutesCommand};
use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::remote::{Remote, encoded};
use crate::words::one_line;

/// The most a server lists at once.
const PAGE: usize = 1_000;

pub(crate) fn run(args: &RoutesArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let place = args.place.place()?;
    let json = args.output.json;
    match args.command.as_ref().unwrap_or(&RoutesCommand::List) {
        RoutesCommand::List => list(&place, json),
        RoutesCommand::Show { name } => show(&place, name, json),
        RoutesCommand::Add { name, texts, negatives } => {
            let report = change::add(&place, name, texts, *negatives, engine_args, &args.keep)?;
            change::print(&report, json)
        }
        RoutesCommand::Remove { name, utterances, negatives } => {
            let what = change::Removed::of(name, utterances, negatives);
            let report = change::remove(&place, &what, engine_args, &args.keep)?;
            change::print(&report, json)
        }
    }
}

/// A route in a list.
#[derive(Serialize, Deserialize)]
struct Summary {
    name: String,
    utterance_count: usize,
    negative_count: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threshold: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    score_threshold: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

/// A route in full.
#[derive(Serialize, Deserialize)]
struct Full {
    name: String,
    utterances: Vec<String>,
    #[serde(default)]
    negatives: Vec<String>,
    threshold: Option<Number>,
    score_threshold: Option<Number>,
    description: Option<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

impl Full {
    /// By way of JSON, as a server's come.
    fn of(route: &Route) -> Result<Self, Failure> {
        serde_json::to_value(route).and_then(serde_json::from_value).map_err(Failure::Answer)
    }

    fn summary(self) -> Summary {
        Summary {
            name: self.name,
            utterance_count: self.utterances.len(),
            negative_count: self.negatives.len(),
            threshold: self.threshold,
            score_threshold: self.score_threshold,
            description: self.description,
        }
    }
}

fn list(place: &Place, json: bool) -> Result<(), Failure> {
    let routes: Vec<Summary> = match place {
        Place::Database(database) => {
            let content = database.reader()?.export(&database.namespace)?;
            let summary = |route: &Route| Full::of(route).map(Full::summary);
            content.routes.iter().map(summary).collect::<Result<_, _>>()?
        }
        Place::Server(server) => from_server(server)?,
    };
    if json {
        return routes.iter().try_for_each(output::json);
    }
    if routes.is_empty() {
        output::note("no routes yet: `synaptoroute routes add NAME TEXT…` adds one");
        return Ok(());
    }
    let number = |number: &Option<Number>| number.as_ref().map_or(String::new(), Number::to_string);
    let row = |route: &Summary| {
        [
            route.name.clone(),
            route.utterance_count.to_string(),
            route.negative_count.to_string(),
            number(&route.threshold),
            number(&route.score_threshold),
            one_line(route.description.as_deref().unwrap_or_default()),
        ]
    };
    let names = ["route", "utterances", "negatives", "threshold", "score threshold", "description"];
    output::columns(names, &routes.iter().map(row).collect::<Vec<_>>())
}

fn from_server(server: &Remote) -> Result<Vec<Summary>, Failure> {
    #[derive(Deserialize)]
    struct Page {
        routes: Vec<Summary>,
        next: Option<String>,
    }

    let mut routes = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{}?limit={PAGE}{cursor}", server.path(&["routes"]));
        let (page, _): (Page, _) = server.get(&path)?;
        routes.extend(page.routes);
        match page.next {
            Some(next) => cursor = format!("&cursor={}", encoded(&next)),
            None => return Ok(routes),
        }
    }
}

fn show(place: &Place, name: &RouteName, json: bool) -> Result<(), Failure> {
    let route = match place {
        Place::Database(database) => {
            let content = database.reader()?.export(&database.namespace)?;
            let found = content.routes.iter().find(|route| route.name == *name);
            let unknown = || RouterError::UnknownRoute { name: name.to_string() };
            Full::of(found.ok_or_else(unknown)?)?
        }
        Place::Server(server) => server.get(&server.path(&["routes", name.as_str()]))?.0,
    };
    if json {
        return output::json(&route);
    }
    let mut rows = vec![("route", route.name)];
    rows.extend(route.description.map(|words| ("description", one_line(&words))));
    rows.extend(route.threshold.map(|cut| ("threshold", cut.to_string())));
    rows.extend(route.score_threshold.map(|cut| ("score threshold", cut.to_string())));
    if !route.metadata.is_empty() {
        rows.push(("metadata", Value::Object(route.metadata).to_string()));
    }
    for (kind, texts) in [("utterances", &route.utterances), ("negatives", &route.negatives)] {
        let kinds = std::iter::once(kind).chain(std::iter::repeat(""));
        rows.extend(kinds.zip(texts.iter().map(|text| one_line(text))));
    }
    output::table(&rows)
}
