//! Changes that become durable together.

use std::collections::HashMap;
use std::sync::Arc;

use synaptoroute_router::{Change, Edit, NamespaceName, Revision, Text};

use crate::apply::{self, Scope};
use crate::error::StoreError;
use crate::fits::{self, NewFit};
use crate::models;
use crate::namespace;
use crate::store::Store;

/// Vectors by text.
pub type Vectors = HashMap<Text, Arc<[f32]>>;

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Applied {
    /// The namespace's revision after it.
    pub revision: Revision,
    /// Whether there was anything to change; if not, no revision was made.
    pub changed: bool,
    /// What to do to memory, in this order, once the transaction is committed.
    pub edits: Vec<Edit>,
}

/// Changes that become durable together, by [`commit`](Self::commit); dropping it takes them
/// back.
///
/// A request that is refused leaves nothing of itself, and the others stay. Once the store
/// itself fails ([`StoreError::is_store_failure`]) nothing of the transaction is kept.
#[derive(Debug)]
pub struct Transaction<'a> {
    store: &'a mut Store,
    open: bool,
}

impl<'a> Transaction<'a> {
    pub(crate) fn begin(store: &'a mut Store) -> Result<Self, StoreError> {
        store.check_place()?;
        store.reads.db.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self { store, open: true })
    }

    /// Makes one change, whole or not at all.
    ///
    /// `expected` is the revision that the caller believes current, if that matters to it.
    /// `vectors` has one for each of the change's texts; where the file knows a text already,
    /// its own is kept, and is the one that the edits carry. `at_unix_ms` is the time for the
    /// log.
    ///
    /// # Errors
    ///
    /// The request cannot be met, and says why; or the store fails.
    pub fn apply(
        &mut self,
        namespace: &NamespaceName,
        expected: Option<Revision>,
        change: &Change,
        vectors: &Vectors,
        at_unix_ms: u64,
    ) -> Result<Applied, StoreError> {
        let dimensions = self.store.reads.model.dimensions;
        let keep_revisions = self.store.options.keep_revisions;
        let scope = Scope { namespace, vectors, dimensions, keep_revisions };
        self.step(|store| apply::apply(&store.reads.db, scope, expected, change, at_unix_ms))
    }

    /// Makes an empty namespace; false if there is one of that name.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub fn create_namespace(&mut self, name: &NamespaceName) -> Result<bool, StoreError> {
        self.step(|store| namespace::create(&store.reads.db, name))
    }

    /// Removes a namespace with its content and its history.
    ///
    /// `expected` is the revision that the caller believes current, if that matters to it.
    ///
    /// # Errors
    ///
    /// It is unknown, at another revision, or `default`; or the store fails.
    pub fn delete_namespace(
        &mut self,
        name: &NamespaceName,
        expected: Option<Revision>,
    ) -> Result<(), StoreError> {
        self.step(|store| namespace::delete(&store.reads.db, name, expected))
    }

    /// Keeps what was learned from a namespace's routes and has it in force; older ones are
    /// forgotten, but for the last few. Returns its number. It makes no revision.
    ///
    /// # Errors
    ///
    /// The namespace is unknown, or the store fails.
    pub fn put_fit(
        &mut self,
        namespace: &NamespaceName,
        fit: &NewFit,
        at_unix_ms: u64,
    ) -> Result<u64, StoreError> {
        self.step(|store| fits::put(&store.reads.db, namespace, fit, at_unix_ms))
    }

    /// Puts a kept fit in force, and gives it back.
    ///
    /// # Errors
    ///
    /// The namespace is unknown, the fit is not kept or is damaged, or the store fails.
    pub fn choose_fit(
        &mut self,
        namespace: &NamespaceName,
        number: u64,
    ) -> Result<String, StoreError> {
        self.step(|store| fits::choose(&store.reads.db, namespace, number))
    }

    /// Puts no fit in force; those that are kept stay.
    ///
    /// # Errors
    ///
    /// The namespace is unknown, or the store fails.
    pub fn drop_fit(&mut self, namespace: &NamespaceName) -> Result<(), StoreError> {
        self.step(|store| fits::drop(&store.reads.db, namespace))
    }

    /// Forgets a model, and its file.
    ///
    /// # Errors
    ///
    /// There is none of this number, the vectors are its own, or the store fails.
    pub fn remove_model(&mut self, number: u64) -> Result<(), StoreError> {
        self.step(|store| models::remove(&store.reads.db, number))
    }

    /// Writes something that means nothing: committed, it shows that the disk takes writes.
    ///
    /// # Errors
    ///
    /// The store fails.
    pub fn probe(&mut self) -> Result<(), StoreError> {
        self.step(|store| {
            let mut count = store.reads.db.prepare_cached(
                "INSERT INTO meta (key, value) VALUES ('probe', 1)
                 ON CONFLICT (key) DO UPDATE SET value = value + 1",
            )?;
            count.execute([])?;
            Ok(())
        })
    }

    /// Makes all changes durable; when it returns, they are as lasting as
    /// [`Durability`](crate::Durability) says.
    ///
    /// # Errors
    ///
    /// The store failed, now or earlier; nothing was changed.
    pub fn commit(mut self) -> Result<(), StoreError> {
        if !self.open {
            return Err(StoreError::Void);
        }
        self.run("COMMIT")?;
        self.open = false;
        self.store.committed();
        Ok(())
    }

    /// Does something of which an error leaves nothing.
    fn step<T>(
        &mut self,
        work: impl FnOnce(&mut Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !self.open {
            return Err(StoreError::Void);
        }
        let done = self.run("SAVEPOINT change").and_then(|()| work(self.store));
        let ended = match &done {
            Ok(_) => self.run("RELEASE change"),
            Err(error) if error.is_store_failure() => Err(StoreError::Void),
            Err(_) => self.run("ROLLBACK TO change").and_then(|()| self.run("RELEASE change")),
        };
        match (done, ended) {
            (done, Ok(())) => done,
            (Err(error), Err(_)) | (Ok(_), Err(error)) => {
                self.roll_back();
                Err(error)
            }
        }
    }

    fn run(&self, sql: &str) -> Result<(), StoreError> {
        self.store.reads.db.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn roll_back(&mut self) {
        // SQLite may have done so by itself when the disk failed. If neither can, the next
        // `begin` reports it.
        if self.open && !self.store.reads.db.is_autocommit() {
            let _ = self.run("ROLLBACK");
        }
        self.open = false;
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.roll_back();
    }
}
