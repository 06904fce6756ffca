//! `synaptoroute tune`: the encoder learns the routes, and shows whether it is better for it.
//!
//! - `here`: by this program, into a file, a database or both.
//! - `there`: by a server, which installs what came of it; `interrupts` is how that is called off.
//! - `bar` and `tables`: how far it is and what came of it, for people.

mod bar;
mod here;
mod interrupts;
mod tables;
mod there;

use synaptoroute::{TuneReport, Verdict};

pub(crate) use self::bar::Bar;
use crate::args::{Choice, EngineArgs, TuneArgs};
use crate::failure::Failure;
use crate::output;
use crate::place::Place;

/// What came of it.
struct Outcome {
    report: TuneReport,
    /// Where the model went and what to do with it, a sentence each; nowhere if it was refused.
    went: Vec<String>,
}

pub(crate) fn run(args: &TuneArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    if args.out.is_none() && !args.install {
        return Err(Failure::TunedForNothing);
    }
    let Outcome { report, went } = match args.place.place_or_routes(args.routes.as_deref())? {
        Choice::Routes(path) if args.install => {
            return Err(Failure::NothingKept { path, what: "model" });
        }
        Choice::Place(Place::Server(_)) if args.install && args.out.is_some() => {
            return Err(Failure::TunedInTwoPlaces);
        }
        Choice::Place(Place::Server(server)) if args.install => there::tune(&server, args)?,
        from => here::tune(from, args, engine_args)?,
    };
    if args.json {
        output::json(&report)?;
    } else {
        tables::print(&report)?;
        went.iter().try_for_each(output::line)?;
    }
    if went.is_empty() { Err(refused(&report, args)) } else { Ok(()) }
}

/// Whether the model takes its parent's place.
fn is_wanted(report: &TuneReport, args: &TuneArgs) -> bool {
    report.verdict == Verdict::Better || args.force
}

fn refused(report: &TuneReport, args: &TuneArgs) -> Failure {
    let (done, does) = match (&args.out, args.install) {
        (Some(_), true) => ("written or installed", "writes and installs"),
        (Some(_), false) => ("written", "writes"),
        (None, _) => ("installed", "installs"),
    };
    let advice = report.verdict.advice();
    Failure::FellShort {
        short: vec![format!("no model was {done}: {advice} (--force {does} it all the same)")],
    }
}
