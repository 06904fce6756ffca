//! `synaptoroute lint`: what is doubtful about the routes.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::Deserialize;
use serde_json::Value;

use crate::args::{Choice, EngineArgs, LintArgs};
use crate::engine;
use crate::failure::Failure;
use crate::file;
use crate::output;
use crate::place::Place;
use crate::words::{count, one_line};

/// Examples of a finding that people see; `--json` has more.
const SHOWN: usize = 3;

pub(crate) fn run(args: &LintArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let here = |router: synaptoroute::Router| {
        let report = output::with_progress("utterances compared", |progress| router.lint(progress));
        serde_json::to_value(&report).map_err(Failure::Answer)
    };
    let report: Value = match args.place.place_or_routes(args.routes.as_deref())? {
        Choice::Routes(path) => here(engine::in_memory(engine_args, file::read_routes(&path)?)?)?,
        Choice::Place(Place::Database(database)) => here(database.decider(engine_args)?)?,
        Choice::Place(Place::Server(server)) => server.get(&server.path(&["lint"]))?.0,
    };
    if args.output.json {
        report["findings"].as_array().into_iter().flatten().try_for_each(output::json)?;
    }
    let report: Report = serde_json::from_value(report).map_err(Failure::Answer)?;
    if !args.output.json {
        print(&report)?;
    }
    let grave = report.findings.iter().filter(|finding| finding.severity != ADVICE).count();
    if args.strict && grave > 0 { Err(Failure::Lint { grave }) } else { Ok(()) }
}

/// The one severity that fails no check.
const ADVICE: &str = "advice";

/// What people see of a report.
#[derive(Deserialize)]
struct Report {
    checked: Checked,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Checked {
    routes: usize,
    utterances: usize,
    held_out: usize,
}

#[derive(Deserialize)]
struct Finding {
    kind: String,
    severity: String,
    count: usize,
    examples: Vec<Example>,
    message: String,
    advice: String,
}

#[derive(Deserialize)]
struct Example {
    text: String,
    route: Option<String>,
    nearest: Option<Near>,
    own_similarity: Option<f64>,
}

#[derive(Deserialize)]
struct Near {
    text: String,
    route: String,
    similarity: f64,
}

/// Findings by kind, each kind's advice once where it is the same; the gravest kinds first.
fn print(report: &Report) -> Result<(), Failure> {
    let mut kinds: Vec<(&str, &str)> =
        report.findings.iter().map(|f| (f.severity.as_str(), f.kind.as_str())).collect();
    kinds.dedup();
    for (severity, kind) in kinds {
        let of_kind = report.findings.iter().filter(|f| f.severity == severity && f.kind == kind);
        let of_kind: Vec<&Finding> = of_kind.collect();
        let title = format!("{severity}: {}", kind.replace('_', " "));
        line(colour(severity), &title)?;
        for (i, finding) in of_kind.iter().enumerate() {
            line(None, format_args!("  {}", one_line(&finding.message)))?;
            for example in finding.examples.iter().take(SHOWN) {
                line(DIM, format_args!("    {}", shown(example)))?;
            }
            let rest = finding.count.saturating_sub(SHOWN.min(finding.examples.len()));
            if rest > 0 && !finding.examples.is_empty() {
                line(DIM, format_args!("    and {rest} more"))?;
            }
            // Said once below the last of those that it is the same for.
            if of_kind.get(i + 1).is_none_or(|next| next.advice != finding.advice) {
                line(None, format_args!("  -> {}", one_line(&finding.advice)))?;
            }
        }
        line(None, "")?;
    }
    output::line(summary(report))
}

/// A text, and what it is like.
fn shown(example: &Example) -> String {
    let text = quoted(&example.text);
    let whose = example.route.as_ref().map_or(String::new(), |r| format!(" ({})", one_line(r)));
    let Some(near) = &example.nearest else {
        return text;
    };
    let own = example.own_similarity;
    let own = own.map_or(String::new(), |own| format!(", {own:.2} to its own"));
    let (other, route) = (quoted(&near.text), one_line(&near.route));
    format!("{text}{whose}: {:.2} to {other} ({route}){own}", near.similarity)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", one_line(text))
}

/// How many of each severity, and of how much.
fn summary(report: &Report) -> String {
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &report.findings {
        *found.entry(&finding.severity).or_default() += 1;
    }
    let mut parts = Vec::new();
    for (severity, one, many) in [
        ("error", "error", "errors"),
        ("warning", "warning", "warnings"),
        (ADVICE, "piece of advice", "pieces of advice"),
    ] {
        match found.get(severity) {
            Some(1) => parts.push(format!("1 {one}")),
            Some(number) => parts.push(format!("{number} {many}")),
            None => {}
        }
    }
    let Checked { routes, utterances, held_out } = report.checked;
    let found = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
    let whole =
        format!("{found} in {}, {}", count(routes, "route"), count(utterances, "utterance"));
    if held_out < utterances {
        return format!("{whole} ({held_out} of them compared with the rest)");
    }
    whole
}

const DIM: Option<&str> = Some("2");

fn colour(severity: &str) -> Option<&'static str> {
    Some(match severity {
        "error" => "31",
        "warning" => "33",
        _ => "36",
    })
}

/// A line in a colour, where there are colours.
fn line(colour: Option<&str>, words: impl Display) -> Result<(), Failure> {
    match colour {
        Some(colour) if output::coloured() => {
            output::line(format_args!("\x1b[{colour}m{words}\x1b[0m"))
        }
        _ => output::line(words),
    }
}
