//! `synaptoroute diff`: how two revisions differ.

use std::fmt::Display;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::args::DiffArgs;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::words::one_line;

pub(crate) fn run(args: &DiffArgs) -> Result<(), Failure> {
    let diff = match args.place.place()? {
        Place::Database(database) => {
            let reader = database.reader()?;
            let to = args.to.map_or_else(|| database.revision(&reader), |to| Ok(to.into()))?;
            let diff = reader.diff(&database.namespace, args.from.into(), to)?;
            serde_json::to_value(&diff).map_err(Failure::Answer)?
        }
        Place::Server(server) => {
            let to = args.to.map_or_else(|| server.revision().map(|now| now.get()), Ok)?;
            let (from, to) = (args.from.to_string(), to.to_string());
            server.get(&server.path(&["revisions", &from, "diff", &to]))?.0
        }
    };
    if args.output.json {
        return output::json(&diff);
    }
    print(&serde_json::from_value(diff).map_err(Failure::Answer)?)
}

/// What people see of a diff.
#[derive(Deserialize)]
struct Diff {
    from: u64,
    to: u64,
    settings: Option<Changed>,
    #[serde(default)]
    negatives: Texts,
    routes: Vec<RouteDiff>,
}

#[derive(Deserialize)]
struct Changed {
    before: Map<String, Value>,
    after: Map<String, Value>,
}

#[derive(Deserialize)]
struct RouteDiff {
    name: String,
    kind: String,
    attributes: Option<Changed>,
    #[serde(default)]
    utterances: Texts,
    #[serde(default)]
    negatives: Texts,
}

#[derive(Default, Deserialize)]
struct Texts {
    added: Vec<String>,
    removed: Vec<String>,
    reordered: bool,
}

/// As a patch is printed: what goes with a minus, what comes with a plus.
fn print(diff: &Diff) -> Result<(), Failure> {
    let negatives = &diff.negatives;
    let has_negatives =
        !negatives.added.is_empty() || !negatives.removed.is_empty() || negatives.reordered;
    if diff.settings.is_none() && !has_negatives && diff.routes.is_empty() {
        output::note(format_args!("revisions {} and {} hold the same", diff.from, diff.to));
        return Ok(());
    }
    line('-', format_args!("-- revision {}", diff.from))?;
    line('+', format_args!("++ revision {}", diff.to))?;
    if let Some(settings) = &diff.settings {
        line('@', "@ settings")?;
        changed(settings)?;
    }
    if has_negatives {
        line('@', "@ negatives of the namespace")?;
        texts("negative", negatives)?;
    }
    for route in &diff.routes {
        let kind = if route.kind == "changed" { "" } else { &format!(", {}", route.kind) };
        line('@', format_args!("@ route {}{kind}", route.name))?;
        route.attributes.as_ref().map_or(Ok(()), changed)?;
        texts("utterance", &route.utterances)?;
        texts("negative", &route.negatives)?;
    }
    Ok(())
}

/// The values that differ, the old ones first.
fn changed(values: &Changed) -> Result<(), Failure> {
    let differs = |key: &str| values.before.get(key) != values.after.get(key);
    for (sign, side) in [('-', &values.before), ('+', &values.after)] {
        for (key, value) in side.iter().filter(|(key, _)| differs(key)) {
            line(sign, format_args!("{key}: {}", one_line(&value.to_string())))?;
        }
    }
    Ok(())
}

fn texts(kind: &str, texts: &Texts) -> Result<(), Failure> {
    for (sign, texts) in [('-', &texts.removed), ('+', &texts.added)] {
        for text in texts {
            line(sign, format_args!("{kind}: {}", one_line(text)))?;
        }
    }
    if texts.reordered {
        line(' ', format_args!("{kind}s are in another order"))?;
    }
    Ok(())
}

/// A line that begins with its sign, in the sign's colour where there are colours.
fn line(sign: char, words: impl Display) -> Result<(), Failure> {
    let colour = match sign {
        '-' => "31",
        '+' => "32",
        '@' => "36",
        _ => "0",
    };
    if output::coloured() {
        output::line(format_args!("\x1b[{colour}m{sign}{words}\x1b[0m"))
    } else {
        output::line(format_args!("{sign}{words}"))
    }
}
