//! What is served: from memory or from a database, filled from a routes file.

use std::path::{Path, PathBuf};

use synaptoroute::{NamespaceName, Router};

use super::reload::{Content, Source, Stamp};
use crate::args::{DEFAULT_DB, EngineArgs, ServeArgs};
use crate::commands::import::{said, take};
use crate::engine;
use crate::failure::Failure;
use crate::file;
use crate::place::{Database, Missing};

/// What is served, and where its routes come from.
pub(super) struct Served {
    pub(super) router: Router,
    pub(super) source: Option<Source>,
}

/// Opens it. After a bad routes file or a wrong choice of flags the content is as it was.
pub(super) fn open(args: &ServeArgs, engine_args: &EngineArgs) -> Result<Served, Failure> {
    // The cheap check first: a typo in the file need not wait for the model.
    let read = |path: &PathBuf| {
        // Before the file is read: what is written in between is read again.
        let (stamp, content) = (Stamp::of(path), Content::of(path));
        Ok::<_, Failure>((path.clone(), (stamp, content), file::read_routes(path)?))
    };
    let file = args.routes.as_ref().map(read).transpose()?;
    let models = || engine::models(engine_args, args.cache_mb);
    let router = match database(args) {
        Some(path) => {
            let database = Database { path, namespace: NamespaceName::default() };
            database.writer(models, &args.keep, Missing::Create)?
        }
        None => Router::with_models(models()?)?,
    };
    let Some((path, (stamp, seen), file)) = file else {
        return Ok(Served { router, source: None });
    };
    let namespace = filled(&router, &args.namespace)?;
    let mode = take(&namespace, file, said(args.merge, args.replace))?.mode;
    let source = Source { path, stamp, content: seen, watch: args.watch, router: namespace, mode };
    Ok(Served { router, source: Some(source) })
}

/// The database's file; none if a routes file is served from memory.
fn database(args: &ServeArgs) -> Option<PathBuf> {
    match (&args.db, &args.routes) {
        (Some(path), _) => Some(path.clone()),
        (None, Some(_)) => None,
        (None, None) => Some(Path::new(DEFAULT_DB).to_owned()),
    }
}

/// A handle on the namespace, made if need be.
fn filled(router: &Router, name: &NamespaceName) -> Result<Router, Failure> {
    router.create_namespace(name)?;
    Ok(router.namespace(name)?)
}
