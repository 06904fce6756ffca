//! `synaptoroute tune`: the encoder learns the routes, and shows whether it is better for it.

mod bar;
mod tables;

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use synaptoroute::{Router, RoutesFile, TuneOptions, TuneReport, TuneRequest, Verdict};

use super::eval::check_model;
use crate::args::{Choice, EngineArgs, TuneArgs};
use crate::engine;
use crate::failure::Failure;
use crate::file;
use crate::output;
use crate::place::Place;

pub(crate) fn run(args: &TuneArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let model = engine::model_file(engine_args)?;
    // Before anything takes minutes.
    file::reserve(&args.out, model.len_bytes())?;
    let router = router(args, engine_args)?;
    let request = TuneRequest {
        model: &model,
        options: TuneOptions {
            steps: args.steps as usize,
            rate: args.rate,
            layers: args.layers,
            seed: args.seed,
        },
        time_budget: args.time_budget.map(|seconds| Duration::from_secs(seconds.into())),
        folds: NonZero::new(usize::from(args.folds)),
        threads: args
            .threads
            .unwrap_or_else(|| thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)),
    };
    let mut bar = bar::Bar::new(request.folds);
    let tuned = router.tune(&request, &mut |progress| {
        bar.show(progress);
        true
    });
    bar.clear();
    let tuned = tuned?;
    let report = &tuned.report;
    let written = report.verdict == Verdict::Better || args.force;
    if written {
        file::write_whole(&args.out, &tuned.file)?;
    }
    if args.json {
        output::json(report)?;
    } else {
        tables::print(report, args, written)?;
    }
    if written { Ok(()) } else { Err(refused(report)) }
}

/// A router in memory with the routes that are to be learned.
fn router(args: &TuneArgs, engine_args: &EngineArgs) -> Result<Router, Failure> {
    match args.place.place_or_routes(args.routes.as_deref())? {
        Choice::Routes(path) => engine::in_memory(engine_args, file::read_routes(&path)?),
        Choice::Place(Place::Database(database)) => database.decider(engine_args),
        Choice::Place(Place::Server(server)) => {
            let (content, _): (RoutesFile, _) = server.get(&server.path(&["export"]))?;
            let router = engine::in_memory(engine_args, content)?;
            check_model(&server, &router)?;
            Ok(router)
        }
    }
}

fn refused(report: &TuneReport) -> Failure {
    let advice = report.verdict.advice();
    Failure::FellShort {
        short: vec![format!("no model was written: {advice} (--force writes it all the same)")],
    }
}
