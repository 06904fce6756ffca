//! `synaptoroute route`: decides for texts, and prints it; `explain` says why.

mod explain;

use std::io::{self, IsTerminal};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use synaptoroute::{RouteOptions, Router, Text, TopK};
use ureq::http::Method;

use crate::args::{Choice, EngineArgs, RouteArgs};
use crate::engine;
use crate::failure::Failure;
use crate::file;
use crate::output;
use crate::place::Place;
use crate::remote::Remote;

pub(crate) fn run(args: &RouteArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    if args.texts.is_empty() && io::stdin().is_terminal() {
        return Err(Failure::NoText);
    }
    // Texts of the command line are all there: a bad one is said before any is routed.
    let texts: Vec<Text> = args.texts.iter().enumerate().map(checked).collect::<Result<_, _>>()?;
    let decider = match args.place.place_or_routes(args.routes.as_deref())? {
        // The file first: a typo in it need not wait for the model.
        Choice::Routes(path) => Decider::Here(engine::fitted(
            engine_args,
            file::read_routes(&path)?,
            args.auto_fit.wanted,
        )?),
        Choice::Place(Place::Database(database)) => Decider::Here(database.decider(engine_args)?),
        Choice::Place(Place::Server(server)) => Decider::There(server),
    };
    let options = RouteOptions { top_k: args.top_k, explain: args.explain };
    let mut shown = 0;
    let mut show = |text: &Text| {
        let answer = decider.decide(text, options)?;
        shown += 1;
        if args.output.json {
            return output::line(answer);
        }
        if shown > 1 {
            output::line("")?;
        }
        print(text, &serde_json::from_str(&answer).map_err(Failure::Answer)?)
    };
    texts.iter().try_for_each(&mut show)?;
    if args.texts.is_empty() {
        // Line by line, so that a pipe which stays open gets its answers; blank ones, such
        // as a last one, are nobody's question.
        for (i, line) in io::stdin().lines().enumerate() {
            let line = line.map_err(|source| Failure::Input { number: i + 1, source })?;
            if !line.trim().is_empty() {
                show(&checked((i, &line))?)?;
            }
        }
    }
    if shown == 0 { Err(Failure::NoText) } else { Ok(()) }
}

/// Who decides.
enum Decider {
    /// This program.
    Here(Router),
    /// A server.
    There(Remote),
}

/// As the server takes it.
#[derive(Serialize)]
struct Query<'a> {
    query: &'a Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<TopK>,
    /// Not sent to a server that may be older where it is not asked for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    explain: bool,
}

impl Decider {
    /// The decision as JSON, the same from either.
    fn decide(&self, text: &Text, options: RouteOptions) -> Result<String, Failure> {
        let answer = match self {
            Self::Here(router) => serde_json::to_string(&router.route(text, options)?),
            Self::There(server) => {
                let RouteOptions { top_k, explain } = options;
                let body = Query { query: text, top_k, explain };
                let path = server.path(&["route"]);
                let answer: Value = server.send(Method::POST, &path, Some(&body), None)?;
                serde_json::to_string(&answer)
            }
        };
        answer.map_err(Failure::Answer)
    }
}

/// The text at this place, from 0, of the command line or of standard input.
fn checked((i, text): (usize, &String)) -> Result<Text, Failure> {
    Text::try_from(text.as_str()).map_err(|source| Failure::Text { number: i + 1, source })
}

/// What people see of an answer.
#[derive(Deserialize)]
struct Answer {
    intent: Option<String>,
    outcome: String,
    confidence: f64,
    threshold: f64,
    calibrated: bool,
    reason: String,
    candidates: Vec<Candidate>,
    truncated: bool,
    read_as: Option<String>,
    explanation: Option<explain::Explanation>,
}

#[derive(Deserialize)]
struct Candidate {
    route: String,
    confidence: f64,
    nearest: Vec<Neighbour>,
}

#[derive(Deserialize)]
struct Neighbour {
    utterance: String,
    similarity: f64,
}

/// One text's decision, for people.
fn print(text: &Text, answer: &Answer) -> Result<(), Failure> {
    let verdict = match (&answer.intent, answer.outcome.as_str()) {
        (Some(intent), _) => intent,
        (None, "ambiguous") => "ambiguous",
        (None, _) => "none",
    };
    let calibrated = if answer.calibrated { "" } else { ", not fitted" };
    output::line(format_args!("{text}"))?;
    output::line(format_args!(
        "  -> {verdict}  (confidence {:.2}, threshold {:.2}{calibrated}; {})",
        answer.confidence,
        answer.threshold,
        answer.reason.replace('_', " "),
    ))?;
    if let Some(reading) = &answer.read_as {
        output::line(format_args!("     read as {reading:?}"))?;
    }
    if answer.truncated {
        output::line("     only the beginning was read: the text is longer than the model takes")?;
    }
    let names = answer.candidates.iter().map(|c| c.route.chars().count());
    let width = names.max().unwrap_or(0);
    for candidate in &answer.candidates {
        let nearest = candidate.nearest.first();
        let nearest =
            nearest.map_or(String::new(), |n| format!("{:.2} to {:?}", n.similarity, n.utterance));
        output::line(format_args!(
            "     {:width$}  {:.2}  {nearest}",
            candidate.route, candidate.confidence,
        ))?;
    }
    answer.explanation.as_ref().map_or(Ok(()), explain::print)
}
