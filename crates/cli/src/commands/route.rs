//! `synaptoroute route`: decides for texts, and prints it.

use std::io::{self, IsTerminal};

use synaptoroute::{Answer, Outcome, RouteOptions, Text};

use crate::args::{EngineArgs, RouteArgs};
use crate::engine;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(args: &RouteArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let texts = texts(args)?;
    let router = engine::router(engine_args, Some(&args.routes))?;
    let options = RouteOptions { top_k: args.top_k };
    for (i, text) in texts.iter().enumerate() {
        let answer = router.route(text, options)?;
        if args.json {
            output::json(&answer)?;
        } else {
            if i > 0 {
                output::line("")?;
            }
            print(text, &answer)?;
        }
    }
    Ok(())
}

/// The texts of the command line, or the lines of standard input.
fn texts(args: &RouteArgs) -> Result<Vec<Text>, Failure> {
    let lines = if !args.texts.is_empty() {
        args.texts.clone()
    } else if io::stdin().is_terminal() {
        return Err(Failure::NoText);
    } else {
        io::stdin().lines().collect::<Result<_, _>>().map_err(Failure::Input)?
    };
    let check = |(i, line): (usize, &String)| {
        let text = Text::try_from(line.as_str());
        text.map_err(|source| Failure::Text { number: i + 1, source })
    };
    let texts: Vec<Text> = lines.iter().enumerate().map(check).collect::<Result<_, _>>()?;
    if texts.is_empty() { Err(Failure::NoText) } else { Ok(texts) }
}

/// One text's decision, for people.
fn print(text: &Text, answer: &Answer) -> Result<(), Failure> {
    let decision = &answer.decision;
    let verdict = match (&decision.intent, decision.outcome) {
        (Some(intent), _) => intent.to_string(),
        (None, Outcome::Ambiguous) => "ambiguous".to_owned(),
        (None, _) => "none".to_owned(),
    };
    let calibrated = if decision.calibrated { "" } else { ", not fitted" };
    output::line(format_args!("{text}"))?;
    output::line(format_args!(
        "  -> {verdict}  (confidence {:.2}, threshold {:.2}{calibrated}; {})",
        decision.confidence,
        decision.threshold,
        decision.reason.as_str().replace('_', " "),
    ))?;
    if answer.truncated {
        output::line("     only the beginning was read: the text is longer than the model takes")?;
    }
    let names = decision.candidates.iter().map(|c| c.route.as_str().chars().count());
    let width = names.max().unwrap_or(0);
    for candidate in &decision.candidates {
        let nearest = candidate.nearest.first();
        let nearest = nearest.map_or(String::new(), |n| {
            format!("{:.2} to {:?}", n.similarity, n.utterance.as_str())
        });
        output::line(format_args!(
            "     {:width$}  {:.2}  {nearest}",
            candidate.route.as_str(),
            candidate.confidence,
        ))?;
    }
    Ok(())
}
