//! `synaptoroute rollback`: back to what a revision was.

use serde::{Deserialize, Serialize};
use serde_json::json;
use synaptoroute::Revision;
use ureq::http::Method;

use crate::args::{EngineArgs, RollbackArgs};
use crate::failure::Failure;
use crate::output;
use crate::place::{Missing, Place};

/// The server's answer, and this program's.
#[derive(Serialize, Deserialize)]
struct Report {
    status: String,
    revision: Revision,
}

pub(crate) fn run(args: &RollbackArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let report = match args.place.place()? {
        Place::Database(database) => {
            let router = database.namespace_writer(engine_args, &args.keep, Missing::Refuse)?;
            let revision = router.rollback(args.revision.into(), None)?;
            Report { status: "success".to_owned(), revision }
        }
        Place::Server(server) => {
            let body = json!({ "revision": args.revision });
            server.send(Method::POST, &server.path(&["rollback"]), Some(&body), None)?
        }
    };
    if args.output.json {
        return output::json(&report);
    }
    output::line(format_args!(
        "back at revision {}, as revision {}",
        args.revision, report.revision
    ))
}
