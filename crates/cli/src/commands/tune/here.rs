//! Tuning by this program.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use synaptoroute::{Models, Router, RoutesFile, TuneOptions, TuneRequest, Tuned};

use super::{Bar, Outcome, is_wanted};
use crate::args::{Choice, EngineArgs, TuneArgs};
use crate::commands::eval::check_model;
use crate::engine;
use crate::failure::Failure;
use crate::file;
use crate::place::{Missing, Place};
use crate::remote::{Remote, path};

pub(super) fn tune(
    from: Choice,
    args: &TuneArgs,
    engine_args: &EngineArgs,
) -> Result<Outcome, Failure> {
    // It begins from the program's model, whatever the database decides by.
    let models = engine::models_at_hand(engine_args)?;
    let model = models.first();
    // Before anything takes minutes: a disk that is full, a database that is in use.
    if let Some(out) = &args.out {
        file::reserve(out, model.len_bytes())?;
    }
    let database = match &from {
        Choice::Place(Place::Database(database)) => database.path.display().to_string(),
        _ => String::new(),
    };
    let router = router(from, args, engine_args, &models)?;
    if args.install {
        router.try_room(model.len_bytes())?;
    }
    let request = TuneRequest {
        options: TuneOptions {
            steps: args.steps as usize,
            rate: args.rate,
            layers: args.layers,
            seed: args.seed,
        },
        time_budget: args.time_budget.map(|seconds| Duration::from_secs(seconds.into())),
        folds: NonZero::new(usize::from(args.folds)),
        ..TuneRequest::new(model, args.threads.unwrap_or_else(engine::all_cores))
    };
    let mut bar = Bar::new(args.folds.into());
    let tuned = router.tune(&request, &mut |progress| {
        bar.show_tune(progress);
        true
    });
    bar.clear();
    let tuned = tuned?;
    let mut went = Vec::new();
    if is_wanted(&tuned.report, args) {
        if let Some(out) = &args.out {
            file::write_whole(out, &tuned.file)?;
            went.push(format!(
                "written to {0}; use it with `synaptoroute --model {0} serve …`",
                out.display()
            ));
        }
        if args.install {
            went.push(install(&router, &tuned, request.threads, &database)?);
            if engine_args.model.is_some() {
                went.push("leave out --model from now on: it would insist on the other".to_owned());
            }
        }
    }
    Ok(Outcome { report: tuned.report, went })
}

/// Says what was installed, and how to go back.
fn install(
    router: &Router,
    tuned: &Tuned,
    threads: NonZero<usize>,
    database: &str,
) -> Result<String, Failure> {
    let in_use = || -> Result<Option<u64>, Failure> {
        Ok(router.models()?.iter().find(|model| model.in_use).map(|model| model.number))
    };
    let before = in_use()?;
    let mut bar = Bar::default();
    let changed = router.install(tuned, threads, &mut |progress| {
        bar.show_install(progress);
        true
    });
    bar.clear();
    let changed = changed?;
    let after = in_use()?;
    Ok(match before.zip(after) {
        Some((before, after)) if changed => format!(
            "installed in {database} as model {after}; `synaptoroute model use {before} --db \
             {database}` goes back"
        ),
        _ => format!("{database} decides by this very model already"),
    })
}

/// A router with the routes that are to be learned: the database's one writer, if it is to have the
/// model.
fn router(
    from: Choice,
    args: &TuneArgs,
    engine_args: &EngineArgs,
    models: &Arc<Models>,
) -> Result<Router, Failure> {
    let own = || Ok(Arc::clone(models));
    match from {
        Choice::Routes(path) => engine::in_memory(engine_args, file::read_routes(&path)?),
        Choice::Place(Place::Database(database)) if args.install => {
            let writer = database.writer(own, &args.keep, Missing::Refuse)?;
            Ok(writer.namespace(&database.namespace)?)
        }
        Choice::Place(Place::Database(database)) => database.decider_of(own),
        Choice::Place(Place::Server(server)) => {
            let (content, _): (RoutesFile, _) = server.get(&server.path(&["export"]))?;
            let router = engine::in_memory(engine_args, content)?;
            match check_model(&server, &router) {
                // What is better than the model that the server's own began from may be better there.
                Err(Failure::OtherModel { .. }) if begins_alike(&server, &router)? => Ok(router),
                checked => checked.map(|()| router),
            }
        }
    }
}

/// Whether the server decides by a model that was tuned from the one here.
fn begins_alike(server: &Remote, router: &Router) -> Result<bool, Failure> {
    #[derive(Deserialize)]
    struct Listed {
        models: Vec<Listing>,
    }

    #[derive(Deserialize)]
    struct Listing {
        in_use: bool,
        report: Option<Value>,
    }

    let (listed, _): (Listed, _) = server.get(&path(&["models"]))?;
    let fingerprint = router.model().fingerprint.to_string();
    let is_child = |listing: &Listing| {
        let report = listing.report.as_ref();
        listing.in_use && report.is_some_and(|report| report["parent"] == fingerprint)
    };
    Ok(listed.models.iter().any(is_child))
}
