//! What both a writer and a reader can be asked.

use std::path::PathBuf;

use rusqlite::{Connection, Transaction, params};
use synaptoroute_router::{Diff, NamespaceName, Revision, RevisionEntry};

use crate::diff;
use crate::error::StoreError;
use crate::model::ModelIdentity;
use crate::namespace::{self, Namespace};

/// An open database, for reading. Each call sees one state of it, whatever a writer does
/// meanwhile.
#[derive(Debug)]
pub struct Reads {
    pub(crate) db: Connection,
    /// None if it is in memory.
    pub(crate) path: Option<PathBuf>,
    pub(crate) model: ModelIdentity,
}

impl Reads {
    pub(crate) fn new(db: Connection, path: Option<PathBuf>) -> Result<Self, StoreError> {
        let model = ModelIdentity::read(&db)?;
        Ok(Self { db, path, model })
    }

    /// The model that made the file's vectors. It may be another than the caller's, who then
    /// re-embeds ([`Store::reembed`](crate::Store::reembed)) or refuses the file.
    #[must_use]
    pub fn model(&self) -> &ModelIdentity {
        &self.model
    }

    /// Keeps what is read until it is dropped as it was at the first read; within a transaction that
    /// is so anyway.
    pub(crate) fn one_state(&self) -> Result<Option<Transaction<'_>>, StoreError> {
        let free = self.db.is_autocommit();
        Ok(free.then(|| self.db.unchecked_transaction()).transpose()?)
    }

    /// All namespaces by name, with their current revisions.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn namespaces(&self) -> Result<Vec<(NamespaceName, Revision)>, StoreError> {
        let _one_state = self.one_state()?;
        let all = namespace::all(&self.db)?;
        Ok(all.into_iter().map(|(name, namespace)| (name, namespace.revision)).collect())
    }

    /// Kept revisions, the newest first: at most `limit`, and only those before `before`.
    /// Revision 0, the empty beginning, was made by nobody and is not among them.
    ///
    /// # Errors
    ///
    /// The namespace is unknown, or the file cannot be read.
    pub fn revisions(
        &self,
        namespace: &NamespaceName,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<RevisionEntry>, StoreError> {
        let _one_state = self.one_state()?;
        let namespace = Namespace::find(&self.db, namespace)?;
        let end = before.map_or(namespace.revision.next(), |r| r.min(namespace.revision.next()));
        let mut entries = self.db.prepare_cached(
            "SELECT number, at_ms, change FROM revisions
             WHERE namespace_id = ?1 AND number >= ?2 AND number < ?3
             ORDER BY number DESC LIMIT ?4",
        )?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let entries = entries.query_map(
            params![namespace.id, namespace.oldest_kept.get(), end.get(), limit],
            |row| {
                let revision = Revision::from(row.get::<_, u64>(0)?);
                Ok(RevisionEntry { revision, at_unix_ms: row.get(1)?, change: row.get(2)? })
            },
        )?;
        Ok(entries.collect::<Result<_, _>>()?)
    }

    /// The oldest revision that can be compared with and gone back to.
    ///
    /// # Errors
    ///
    /// The namespace is unknown, or the file cannot be read.
    pub fn oldest_kept(&self, namespace: &NamespaceName) -> Result<Revision, StoreError> {
        Ok(Namespace::find(&self.db, namespace)?.oldest_kept)
    }

    /// How the content at `to` differs from that at `from`, whichever is older.
    ///
    /// # Errors
    ///
    /// The namespace is unknown, a revision is no longer or was never there, or the file
    /// cannot be read.
    pub fn diff(
        &self,
        namespace: &NamespaceName,
        from: Revision,
        to: Revision,
    ) -> Result<Diff, StoreError> {
        let _one_state = self.one_state()?;
        let namespace = Namespace::find(&self.db, namespace)?;
        diff::diff(&self.db, &namespace, from, to)
    }
}
