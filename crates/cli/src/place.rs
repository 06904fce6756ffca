//! Where content is, and how to get at it.
//!
//! What only reads opens a database beside whoever writes to it, and needs no model. What
//! writes is its one writer, and so needs the model that its vectors are of.

use std::path::PathBuf;
use std::sync::Arc;

use synaptoroute::{Encoder, NamespaceName, Revision, Router, StoreError};
use synaptoroute_store::Reader;

use crate::args::{EngineArgs, KeepArgs};
use crate::engine;
use crate::failure::Failure;
use crate::file;
use crate::output;
use crate::remote::Remote;

/// A database or a server, and a namespace of it.
#[derive(Debug)]
pub(crate) enum Place {
    /// A file.
    Database(Database),
    /// A running server.
    Server(Remote),
}

/// A file and a namespace of it.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    pub(crate) namespace: NamespaceName,
}

/// What to do where there is no database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Make an empty one.
    Create,
    /// Say so: there is nothing in it that could be changed.
    Refuse,
}

impl Database {
    /// Opens it for reading.
    pub(crate) fn reader(&self) -> Result<Reader, Failure> {
        self.check(Missing::Refuse)?;
        Ok(Reader::open(&self.path)?)
    }

    /// The namespace's current revision.
    pub(crate) fn revision(&self, reader: &Reader) -> Result<Revision, Failure> {
        let namespaces = reader.namespaces()?;
        let found = namespaces.into_iter().find(|(name, _)| *name == self.namespace);
        let unknown = || StoreError::UnknownNamespace { name: self.namespace.to_string() };
        Ok(found.ok_or_else(unknown)?.1)
    }

    /// Opens it for reading, with what decides.
    pub(crate) fn decider(&self, engine_args: &EngineArgs) -> Result<Router, Failure> {
        self.check(Missing::Refuse)?;
        let router = Router::read_only(Arc::new(engine::encoder(engine_args)?), &self.path)?;
        Ok(router.namespace(&self.namespace)?)
    }

    /// Opens it for writing, and gives a handle on `default`, since the namespace may be yet
    /// to be made.
    pub(crate) fn writer(
        &self,
        encoder: impl FnOnce() -> Result<Arc<dyn Encoder>, Failure>,
        keep: &KeepArgs,
        missing: Missing,
    ) -> Result<Router, Failure> {
        self.check(missing)?;
        let encoder = encoder()?;
        let options = keep.options();
        let open = |progress: synaptoroute::Progress<'_>| {
            Router::open(encoder, &self.path, options, progress)
        };
        Ok(output::with_progress("texts embedded anew", open)?)
    }

    /// Opens it for writing, and gives a handle on the namespace.
    pub(crate) fn namespace_writer(
        &self,
        engine_args: &EngineArgs,
        keep: &KeepArgs,
        missing: Missing,
    ) -> Result<Router, Failure> {
        let encoder = || engine::cached(engine_args, 0);
        Ok(self.writer(encoder, keep, missing)?.namespace(&self.namespace)?)
    }

    /// What can be said of the file before the model is loaded for it.
    fn check(&self, missing: Missing) -> Result<(), Failure> {
        let path = self.path.clone();
        if missing == Missing::Refuse && !path.try_exists().unwrap_or(true) {
            return Err(StoreError::Missing { path }.into());
        }
        if file::is_no_database(&path) {
            return Err(Failure::NoDatabase { path });
        }
        Ok(())
    }
}
