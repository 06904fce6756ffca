//! `synaptoroute model remove`: one model and its file less.

use serde::Serialize;
use serde_json::Value;
use ureq::http::Method;

use crate::args::ModelNumberArgs;
use crate::failure::Failure;
use crate::output;
use crate::place::Place;
use crate::remote::path;

/// What was forgotten.
#[derive(Serialize)]
struct Report {
    status: &'static str,
    number: u64,
}

pub(crate) fn run(args: &ModelNumberArgs) -> Result<(), Failure> {
    let number = args.number;
    match args.place.place()? {
        Place::Database(database) => {
            let mut store = database.store(&args.keep)?;
            let mut transaction = store.begin()?;
            transaction.remove_model(number)?;
            transaction.commit()?;
        }
        Place::Server(server) => {
            let path = path(&["models", &number.to_string()]);
            let _removed: Value = server.send(Method::DELETE, &path, None::<&()>, None)?;
        }
    }
    if args.output.json {
        return output::json(&Report { status: "success", number });
    }
    output::line(format_args!("model {number} is removed"))
}
