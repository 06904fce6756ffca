//! The one writer of a file.

use std::ops::Deref;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::backup::{folder, sync_folder};
use crate::connection;
use crate::error::StoreError;
use crate::lock::WriterLock;
use crate::migrate;
use crate::model::ModelIdentity;
use crate::options::Options;
use crate::place::Place;
use crate::reads::Reads;
use crate::transaction::Transaction;

/// A database, open for writing; see [`Reads`] for what can be read.
///
/// It is used by one thread at a time. Whoever has several writers collects their changes and
/// puts them into one [`Transaction`]: the commit, which waits for the disk, is what costs.
#[derive(Debug)]
pub struct Store {
    // Closed before the lock is let go of.
    pub(crate) reads: Reads,
    pub(crate) options: Options,
    /// None if it is in memory.
    place: Option<Place>,
    _lock: Option<WriterLock>,
}

impl Store {
    /// Opens a database, or creates one that takes `model`; brings an older one to the
    /// present schema. The model of a file that exists is left as it is: see
    /// [`Reads::model`].
    ///
    /// # Errors
    ///
    /// Another writer has it; it is another program's, a later version's, damaged or
    /// read-only; or the disk fails.
    pub fn open(path: &Path, model: &ModelIdentity, options: Options) -> Result<Self, StoreError> {
        let lock = WriterLock::take(path)?;
        let new = !path.try_exists().unwrap_or(true);
        let db = connection::open_writer(path)?;
        let version = migrate::version(&db, path)?;
        if db.is_readonly("main")? {
            return Err(StoreError::ReadOnly);
        }
        let mut store = Self::prepare(db, Some(path), version, model, options)?;
        if new {
            sync_folder(&folder(path))
                .map_err(|source| StoreError::File { path: path.into(), source })?;
        }
        store._lock = Some(lock);
        Ok(store)
    }

    /// A store without a file, for tests and for routes that need not last.
    ///
    /// # Errors
    ///
    /// There is no memory for it.
    pub fn in_memory(model: &ModelIdentity, options: Options) -> Result<Self, StoreError> {
        Self::prepare(connection::open_in_memory()?, None, 0, model, options)
    }

    fn prepare(
        db: Connection,
        path: Option<&Path>,
        version: i64,
        model: &ModelIdentity,
        options: Options,
    ) -> Result<Self, StoreError> {
        connection::set_durability(&db, options.durability)?;
        migrate::migrate(&db, version, model)?;
        let reads = Reads::new(db, path.map(Into::into))?;
        let place = path.map(Place::new);
        Ok(Self { reads, options, place, _lock: None })
    }

    /// Begins to change it.
    ///
    /// # Errors
    ///
    /// A foreign program keeps it locked, or it cannot be written.
    pub fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        Transaction::begin(self)
    }

    /// Writes and commits something that means nothing: whether the disk takes writes.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn probe(&mut self) -> Result<(), StoreError> {
        let mut transaction = self.begin()?;
        transaction.probe()?;
        transaction.commit()
    }

    /// Refuses to write where the files are not what they were.
    pub(crate) fn check_place(&self) -> Result<(), StoreError> {
        self.place.as_ref().map_or(Ok(()), Place::check)
    }

    /// To be called after each commit.
    pub(crate) fn committed(&mut self) {
        if let Some(place) = &mut self.place {
            place.note();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Closing copies the log into the database: not what is left of one.
        if self.check_place().is_err() {
            let no_checkpoint = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            let _ = self.reads.db.set_db_config(no_checkpoint, true);
        }
    }
}

impl Deref for Store {
    type Target = Reads;

    fn deref(&self) -> &Reads {
        &self.reads
    }
}

#[cfg(test)]
mod tests;
