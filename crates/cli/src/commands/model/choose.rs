//! `synaptoroute model use`: back, or forth, to a model that a database had.

use serde::{Deserialize, Serialize};
use ureq::http::Method;

use crate::args::{EngineArgs, ModelNumberArgs};
use crate::commands::tune::Bar;
use crate::engine;
use crate::failure::Failure;
use crate::output;
use crate::place::{Database, Missing, Place};
use crate::remote::path;

/// The server's answer, and this program's.
#[derive(Serialize, Deserialize)]
struct Report {
    status: String,
    number: u64,
    model: String,
    changed: bool,
}

pub(crate) fn run(args: &ModelNumberArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let report: Report = match args.place.place()? {
        Place::Database(database) => here(&database, args, engine_args)?,
        Place::Server(server) => {
            let path = path(&["models", &args.number.to_string(), "use"]);
            let ask = || server.send(Method::POST, &path, None::<&()>, None);
            output::with_spinner("embedding the texts by it", ask)?
        }
    };
    if args.output.json {
        return output::json(&report);
    }
    let already = if report.changed { "" } else { " already" };
    output::line(format_args!("model {}, {}, is in use{already}", report.number, report.model))
}

fn here(
    database: &Database,
    args: &ModelNumberArgs,
    engine_args: &EngineArgs,
) -> Result<Report, Failure> {
    let number = args.number;
    // A typo changes nothing, not even where the database's model is not at hand.
    let entry = database.reader()?.model_entry(number)?;
    let models = || engine::models_at_hand(engine_args);
    let router = database.writer(models, &args.keep, Missing::Refuse)?;
    let mut bar = Bar::default();
    let done = router.use_model(number, engine::all_cores(), &mut |progress| {
        bar.show_install(progress);
        true
    });
    bar.clear();
    done?;
    let status = "success".to_owned();
    Ok(Report { status, number, model: entry.identity.name, changed: !entry.in_use })
}
