//! `synaptoroute fit`: what can be learned from routes and samples, put in force if it is better.
//!
//! - `tables`: a report for people.
//! - `kept`: the fits that are kept, and going back to one.

mod kept;
mod tables;

use serde::Serialize;
use synaptoroute::{FitOptions, FitReport, Objective, Router, Samples};
use ureq::http::Method;

use crate::args::{Choice, EngineArgs, FitArgs};
use crate::engine;
use crate::failure::Failure;
use crate::file;
use crate::output;
use crate::place::{Missing, Place};
use crate::remote::Remote;

pub(crate) fn run(args: &FitArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let place = args.place.place_or_routes(args.routes.as_deref())?;
    if args.list || args.number.is_some() {
        let place = match place {
            Choice::Routes(path) => return Err(Failure::NothingKept { path, what: "fits" }),
            Choice::Place(place) => place,
        };
        return match args.number {
            Some(number) => kept::choose(&place, number, args, engine_args),
            None => kept::list(&place, args.json),
        };
    }
    // The files first: a typo in one need not wait for the model.
    let samples = args.samples.as_deref().map(file::read_samples).transpose()?;
    let (report, kept) = match place {
        Choice::Routes(path) => {
            let router = engine::in_memory(engine_args, file::read_routes(&path)?)?;
            (here(&router, args, samples.as_ref(), true)?, false)
        }
        Choice::Place(Place::Database(database)) => {
            // To look is allowed beside whoever writes.
            let router = if args.dry_run {
                database.decider(engine_args)?
            } else {
                database.namespace_writer(engine_args, &args.keep, Missing::Refuse)?
            };
            (here(&router, args, samples.as_ref(), args.dry_run)?, true)
        }
        Choice::Place(Place::Server(server)) => (there(&server, args, samples.as_ref())?, true),
    };
    if !kept {
        output::note(
            "note: a routes file has nowhere to keep a fit, so this was a dry run; `route`, `eval` \
             and `serve` fit what they load by themselves",
        );
    }
    if args.json {
        return output::json(&report);
    }
    tables::print(&report)?;
    next(&report, args, kept).map_or(Ok(()), output::line)
}

/// By this program.
fn here(
    router: &Router,
    args: &FitArgs,
    samples: Option<&Samples>,
    dry_run: bool,
) -> Result<FitReport, Failure> {
    let options = FitOptions { objective: args.objective, samples, dry_run, evidence: None };
    let done = match samples {
        Some(_) => output::with_progress("samples", |progress| router.fit(options, progress)),
        None => output::with_spinner("fitting", || router.fit(options, &|_, _| ())),
    };
    done.map_err(|error| Failure::of_samples(error, args.samples.as_deref()))
}

/// By a server.
fn there(server: &Remote, args: &FitArgs, samples: Option<&Samples>) -> Result<FitReport, Failure> {
    /// As the server takes it.
    #[derive(Serialize)]
    struct Asked<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        samples: Option<&'a Samples>,
        #[serde(skip_serializing_if = "Option::is_none")]
        objective: Option<Objective>,
        dry_run: bool,
    }

    let asked = Asked { samples, objective: args.objective, dry_run: args.dry_run };
    let path = server.path(&["fit"]);
    let ask = || server.send(Method::POST, &path, Some(&asked), None);
    Ok(output::with_spinner("fitting", ask)?)
}

/// What to do with it; nothing where the report says so itself.
fn next(report: &FitReport, args: &FitArgs, kept: bool) -> Option<&'static str> {
    if report.unfitted.is_some() {
        return None;
    }
    Some(match (report.installed, kept && args.dry_run) {
        (true, _) if args.samples.is_none() => {
            "next: `synaptoroute route --explain TEXT` says why a text goes where it goes; samples of \
             your own, as `synaptoroute fit SAMPLES`, make the cuts surer"
        }
        (true, _) => {
            "next: `synaptoroute route --explain TEXT` says why a text goes where it goes; \
             `synaptoroute fit --list` and `--use N` go back to another fit"
        }
        (false, true) => "next: the same without --dry-run puts it in force, unless it does worse",
        (false, false) if kept => {
            "next: another --objective may suit you better, or samples of your own, as \
             `synaptoroute fit SAMPLES`"
        }
        (false, false) => {
            "next: import the file into a database, and fit that, where the result is to be kept"
        }
    })
}
