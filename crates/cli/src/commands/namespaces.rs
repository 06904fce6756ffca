//! `synaptoroute namespaces`: isolated sets of routes.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use ureq::http::Method;

use crate::args::{EngineArgs, NamespacesArgs, NamespacesCommand};
use crate::engine;
use crate::failure::Failure;
use crate::output;
use crate::place::{Database, Missing, Place};
use crate::remote::{Remote, path};

/// A namespace at a glance.
#[derive(Serialize, Deserialize)]
struct Namespace {
    name: String,
    route_count: usize,
    text_count: usize,
    revision: u64,
}

/// What became of one.
#[derive(Serialize)]
struct Report<'a> {
    status: &'static str,
    namespace: &'a str,
}

pub(crate) fn run(args: &NamespacesArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let place = args.place.place()?;
    let (name, done) = match args.command.as_ref().unwrap_or(&NamespacesCommand::List) {
        NamespacesCommand::List => return list(&place, args.output.json),
        NamespacesCommand::Create { name } => {
            match &place {
                Place::Database(database) => {
                    let router = database.writer(
                        || engine::models(engine_args, 0),
                        &args.keep,
                        Missing::Create,
                    )?;
                    router.create_namespace(name)?;
                }
                Place::Server(server) => ask(server, Method::PUT, name.as_str())?,
            }
            (name, "is there")
        }
        NamespacesCommand::Delete { name } => {
            match &place {
                Place::Database(database) => {
                    let router = database.writer(
                        || engine::models(engine_args, 0),
                        &args.keep,
                        Missing::Refuse,
                    )?;
                    router.delete_namespace(name)?;
                }
                Place::Server(server) => ask(server, Method::DELETE, name.as_str())?,
            }
            (name, "is deleted")
        }
    };
    if args.output.json {
        return output::json(&Report { status: "success", namespace: name.as_str() });
    }
    output::line(format_args!("{name} {done}"))
}

fn ask(server: &Remote, method: Method, name: &str) -> Result<(), Failure> {
    let _done: Value = server.send(method, &path(&["namespaces", name]), None::<&()>, None)?;
    Ok(())
}

fn list(place: &Place, json: bool) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Listed {
        namespaces: Vec<Namespace>,
    }

    let namespaces = match place {
        Place::Database(database) => of_database(database)?,
        Place::Server(server) => server.get::<Listed>(&path(&["namespaces"]))?.0.namespaces,
    };
    if json {
        return namespaces.iter().try_for_each(output::json);
    }
    let row = |namespace: &Namespace| {
        [
            namespace.name.clone(),
            namespace.route_count.to_string(),
            namespace.text_count.to_string(),
            namespace.revision.to_string(),
        ]
    };
    let rows: Vec<_> = namespaces.iter().map(row).collect();
    output::columns(["namespace", "routes", "texts", "revision"], &rows)
}

fn of_database(database: &Database) -> Result<Vec<Namespace>, Failure> {
    let reader = database.reader()?;
    let look = |(name, revision): (synaptoroute::NamespaceName, synaptoroute::Revision)| {
        let content = reader.export(&name)?;
        let texts: usize = content.routes.iter().map(|route| route.texts().count()).sum();
        Ok(Namespace {
            name: name.to_string(),
            route_count: content.routes.len(),
            text_count: texts + content.negatives.len(),
            revision: revision.get(),
        })
    };
    reader.namespaces()?.into_iter().map(look).collect()
}
