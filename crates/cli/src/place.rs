//! Where content is, and how to get at it.
//!
//! What only reads opens a database beside whoever writes to it, and needs no model. What
//! writes is its one writer, and so needs the model that its vectors are of: that may lie in the
//! database itself.

use std::path::PathBuf;
use std::sync::Arc;

use synaptoroute::{Models, NamespaceName, Revision, Router, StoreError};
use synaptoroute_store::{Reader, Store};

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
        self.decider_of(|| engine::models(engine_args, 0))
    }

    /// As [`Self::decider`], of these models.
    pub(crate) fn decider_of(
        &self,
        models: impl FnOnce() -> Result<Arc<Models>, Failure>,
    ) -> Result<Router, Failure> {
        self.check(Missing::Refuse)?;
        let router = Router::read_only_with(&*models()?, &self.path)?;
        Ok(router.namespace(&self.namespace)?)
    }

    /// Opens it for writing, and gives a handle on `default`, since the namespace may be yet
    /// to be made.
    pub(crate) fn writer(
        &self,
        models: impl FnOnce() -> Result<Arc<Models>, Failure>,
        keep: &KeepArgs,
        missing: Missing,
    ) -> Result<Router, Failure> {
        self.check(missing)?;
        let models = models()?;
        let options = keep.options();
        let open = |progress: synaptoroute::Progress<'_>| {
            Router::open_with(models, &self.path, options, progress)
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
        let models = || engine::models(engine_args, 0);
        Ok(self.writer(models, keep, missing)?.namespace(&self.namespace)?)
    }

    /// Opens what it is kept in for writing, without what decides: whatever model it has, stays.
    pub(crate) fn store(&self, keep: &KeepArgs) -> Result<Store, Failure> {
        // An empty database would take the model; this one has its own.
        let model = self.reader()?.model().clone();
        Ok(Store::open(&self.path, &model, keep.options().store)?)
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
