//! What is served: from memory or from a database, filled from a routes file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use synaptoroute::{ImportMode, NamespaceName, Router, RoutesFile};

use super::reload::{Content, Source, Stamp};
use crate::args::{DEFAULT_DB, EngineArgs, ServeArgs};
use crate::commands::import::{chosen, said};
use crate::engine;
use crate::failure::Failure;
use crate::file;
use crate::output;
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
    let router = match database(args) {
        Some(path) => {
            let database = Database { path, namespace: NamespaceName::default() };
            database.writer(engine_args, &args.keep, Missing::Create)?
        }
        None => Router::new(Arc::new(engine::encoder(engine_args)?)),
    };
    let Some((path, (stamp, seen), file)) = file else {
        return Ok(Served { router, source: None });
    };
    let namespace = filled(&router, &args.namespace)?;
    let said = said(args.merge, args.replace);
    let content = namespace.export().1;
    // A restart with the file as it was has nothing to choose.
    let same = content.content_hash() == file.content_hash();
    let said = said.or(same.then_some(ImportMode::Replace));
    let mode = chosen(said, args.namespace.as_str(), &content)?;
    take(&namespace, file, mode)?;
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

/// Takes a file, in one transaction; says whether that changed anything.
pub(super) fn take(router: &Router, file: RoutesFile, mode: ImportMode) -> Result<bool, Failure> {
    let (before, content) = router.export();
    // A restart with the file as it was need not embed it again.
    if mode == ImportMode::Replace && content.content_hash() == file.content_hash() {
        return Ok(false);
    }
    let after =
        output::with_progress("utterances", |progress| router.import(file, mode, None, progress))?;
    Ok(after != before)
}
