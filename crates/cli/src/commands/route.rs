//! `synaptoroute route`: decides for texts, and prints it.

use std::io::{self, IsTerminal};

use synaptoroute::{Answer, Outcome, RouteOptions, Text};

use crate::args::{EngineArgs, RouteArgs};
use crate::engine;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(args: &RouteArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    if args.texts.is_empty() && io::stdin().is_terminal() {
        return Err(Failure::NoText);
    }
    // Texts of the command line are all there: a bad one is said before any is routed.
    let texts: Vec<Text> = args.texts.iter().enumerate().map(checked).collect::<Result<_, _>>()?;
    let router = engine::router(engine_args, Some(&args.routes))?;
    let mut shown = 0;
    let mut show = |text: &Text| {
        let answer = router.route(text, RouteOptions { top_k: args.top_k })?;
        shown += 1;
        if args.json {
            return output::json(&answer);
        }
        if shown > 1 {
            output::line("")?;
        }
        print(text, &answer)
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

/// The text at this place, from 0, of the command line or of standard input.
fn checked((i, text): (usize, &String)) -> Result<Text, Failure> {
    Text::try_from(text.as_str()).map_err(|source| Failure::Text { number: i + 1, source })
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
