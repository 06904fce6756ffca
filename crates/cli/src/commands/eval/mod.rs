//! `synaptoroute eval`: how good the decisions are, on samples or on the utterances themselves.
//!
//! - `bounds`: what the numbers must reach.
//! - `tables`: a report for people, on a terminal.
//! - `changes`: what changed since another report.
//! - `page`: a report as a page for a browser.

mod bounds;
mod changes;
mod page;
mod tables;

pub(super) use tables::{interval, percent};

use serde::{Deserialize, Serialize};
use synaptoroute::{
    Comparison, FoldCount, Report, Revision, Router, RouterError, RoutesFile, Samples,
};
use ureq::http::Method;

use crate::args::{Choice, EngineArgs, EvalArgs};
use crate::engine;
use crate::failure::Failure;
use crate::file;
use crate::output;
use crate::place::Place;
use crate::remote::Remote;

pub(crate) fn run(args: &EvalArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    // The files first: a typo in one need not wait for the model.
    let samples = args.file.as_deref().map(file::read_samples).transpose()?;
    let before = args.compare.as_deref().map(file::read_report).transpose()?;
    let report = match args.place.place_or_routes(args.routes.as_deref())? {
        Choice::Routes(path) => {
            let router =
                engine::fitted(engine_args, file::read_routes(&path)?, args.auto_fit.wanted)?;
            here(&router, args, samples.as_ref())?
        }
        Choice::Place(Place::Database(database)) => {
            here(&database.decider(engine_args)?, args, samples.as_ref())?
        }
        Choice::Place(Place::Server(server)) => {
            there(&server, args, engine_args, samples.as_ref())?
        }
    };
    let comparison = before.as_ref().map(|before| Comparison::new(before, &report));
    if let Some(path) = &args.html {
        file::write_whole(path, page::write(&report, comparison.as_ref()).as_bytes())?;
    }
    if args.json {
        output::json(&report)?;
        comparison.as_ref().map_or(Ok(()), output::json)?;
    } else {
        note_unasked(args, samples.as_ref());
        tables::print(&report, args.top)?;
        comparison.as_ref().map_or(Ok(()), |changes| changes::print(changes, args.top))?;
    }
    bounds::check(&report, &args.fail_under)
}

/// Samples that belong to a route are not what cross-validation asks.
fn note_unasked(args: &EvalArgs, samples: Option<&Samples>) {
    let in_scope = |samples: &Samples| samples.iter().filter(|s| s.intent.is_some()).count();
    let unasked = samples.filter(|_| args.cross_validate.is_some()).map_or(0, in_scope);
    if unasked > 0 {
        output::note(format_args!(
            "note: {unasked} samples of routes were left aside, for the routes' own utterances were \
             asked; leave out --cross-validate to ask the samples"
        ));
    }
}

/// By this program.
fn here(router: &Router, args: &EvalArgs, samples: Option<&Samples>) -> Result<Report, Failure> {
    let report = match (args.cross_validate, samples) {
        (None, Some(samples)) => {
            output::with_progress("samples", |progress| router.evaluate(samples, progress))
        }
        (folds, samples) => cross_validate(router, folds.unwrap_or_default(), samples),
    };
    report.map_err(|error| Failure::of_samples(error, args.file.as_deref()))
}

fn cross_validate(
    router: &Router,
    folds: FoldCount,
    samples: Option<&Samples>,
) -> Result<Report, RouterError> {
    output::with_progress("texts", |progress| router.cross_validate(folds, samples, progress))
}

/// By a server; utterances are held out here, where that takes nobody's time.
fn there(
    server: &Remote,
    args: &EvalArgs,
    engine_args: &EngineArgs,
    samples: Option<&Samples>,
) -> Result<Report, Failure> {
    /// As the server takes it.
    #[derive(Serialize)]
    struct Asked<'a> {
        samples: &'a Samples,
    }

    match (args.cross_validate, samples) {
        (None, Some(samples)) => {
            let path = server.path(&["evaluate"]);
            let asked = Asked { samples };
            let mut report: Report = server.send(Method::POST, &path, Some(&asked), None)?;
            // It was not sent them.
            report.counts.duplicates = samples.duplicates();
            Ok(report)
        }
        _ => {
            let (mut content, revision): (RoutesFile, Option<Revision>) =
                server.get(&format!("{}?fit=true", server.path(&["export"])))?;
            // What was learned with another model would not be taken: the models first.
            let fit = content.fit.take();
            let router = engine::in_memory(engine_args, content)?;
            check_model(server, &router)?;
            if fit.is_some() {
                let mut whole = router.export().1;
                whole.fit = fit;
                router.load(whole, &|_, _| ())?;
            }
            let mut report = here(&router, args, samples)?;
            report.revision = revision.unwrap_or(report.revision);
            Ok(report)
        }
    }
}

/// What another model says of the routes says nothing of the server.
pub(super) fn check_model(server: &Remote, router: &Router) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Ready {
        model: Model,
    }

    #[derive(Deserialize)]
    struct Model {
        name: String,
        fingerprint: String,
    }

    let (Ready { model }, _): (Ready, _) = server.get("/ready")?;
    if model.fingerprint == router.model().fingerprint.to_string() {
        return Ok(());
    }
    Err(Failure::OtherModel { served: model.name, here: router.model().name.clone() })
}
