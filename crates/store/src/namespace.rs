//! A namespace's own row: where its content stands.

use rusqlite::{Connection, OptionalExtension, params};
use synaptoroute_router::{NamespaceName, Revision};

use crate::checksum::{self, Checksum};
use crate::error::StoreError;

/// A row of `namespaces`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Namespace {
    pub(crate) id: i64,
    pub(crate) revision: Revision,
    pub(crate) oldest_kept: Revision,
    /// The id that the next row of `utterances` gets, and its place if the text is fresh.
    pub(crate) next_id: u64,
    /// Of the living rows, without that of this row.
    pub(crate) checksum: Checksum,
    /// CRC-32 of the name.
    name: u32,
}

impl Namespace {
    pub(crate) fn find(db: &Connection, name: &NamespaceName) -> Result<Self, StoreError> {
        db.prepare_cached(
            "SELECT id, revision, oldest_kept, next_id, checksum FROM namespaces WHERE name = ?1",
        )?
        .query_row([name.as_str()], |row| {
            let mut namespace = Self {
                id: row.get(0)?,
                revision: Revision::from(row.get::<_, u64>(1)?),
                oldest_kept: Revision::from(row.get::<_, u64>(2)?),
                next_id: row.get(3)?,
                checksum: Checksum(row.get(4)?),
                name: crc32fast::hash(name.as_str().as_bytes()),
            };
            namespace.checksum.take(namespace.own());
            Ok(namespace)
        })
        .optional()?
        .ok_or_else(|| StoreError::UnknownNamespace { name: name.as_str().to_owned() })
    }

    /// As [`Self::find`], refused at another revision than the one that is expected, if one is.
    pub(crate) fn find_at(
        db: &Connection,
        name: &NamespaceName,
        expected: Option<Revision>,
    ) -> Result<Self, StoreError> {
        let namespace = Self::find(db, name)?;
        match expected.filter(|&expected| expected != namespace.revision) {
            Some(expected) => {
                Err(StoreError::RevisionMismatch { expected, found: namespace.revision })
            }
            None => Ok(namespace),
        }
    }

    /// The checksum of its own row.
    fn own(&self) -> u32 {
        checksum::namespace(self.name, self.revision.get(), self.oldest_kept.get(), self.next_id)
    }

    pub(crate) fn write(&self, db: &Connection) -> Result<(), StoreError> {
        let mut checksum = self.checksum;
        checksum.add(self.own());
        db.prepare_cached(
            "UPDATE namespaces SET revision = ?2, oldest_kept = ?3, next_id = ?4, checksum = ?5
             WHERE id = ?1",
        )?
        .execute(params![
            self.id,
            self.revision.get(),
            self.oldest_kept.get(),
            self.next_id,
            checksum.0
        ])?;
        Ok(())
    }

    /// Refuses a revision whose content cannot be had.
    pub(crate) fn check_kept(&self, revision: Revision) -> Result<(), StoreError> {
        if revision > self.revision {
            return Err(StoreError::RevisionUnknown { revision, current: self.revision });
        }
        if revision < self.oldest_kept {
            return Err(StoreError::RevisionGone { revision, oldest: self.oldest_kept });
        }
        Ok(())
    }
}

/// All of them by name.
pub(crate) fn all(db: &Connection) -> Result<Vec<(NamespaceName, Namespace)>, StoreError> {
    let mut names = db.prepare_cached("SELECT name FROM namespaces ORDER BY name")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut all = Vec::with_capacity(names.len());
    for name in names {
        let name = NamespaceName::try_from(name)
            .map_err(|error| StoreError::damaged(error.to_string()))?;
        let namespace = Namespace::find(db, &name)?;
        all.push((name, namespace));
    }
    Ok(all)
}

/// Adds an empty one, unless it is there.
pub(crate) fn create(db: &Connection, name: &NamespaceName) -> Result<bool, StoreError> {
    let checksum = checksum::namespace(crc32fast::hash(name.as_str().as_bytes()), 0, 0, 1);
    let made = db
        .prepare_cached(
            "INSERT INTO namespaces (name, revision, oldest_kept, next_id, checksum)
             VALUES (?1, 0, 0, 1, ?2) ON CONFLICT (name) DO NOTHING",
        )?
        .execute(params![name.as_str(), checksum])?;
    Ok(made > 0)
}

/// Removes one with all that is its own.
pub(crate) fn delete(
    db: &Connection,
    name: &NamespaceName,
    expected: Option<Revision>,
) -> Result<(), StoreError> {
    let Namespace { id, .. } = Namespace::find_at(db, name, expected)?;
    if *name == NamespaceName::default() {
        return Err(StoreError::DefaultNamespace);
    }
    let mut texts = db.prepare_cached("SELECT text_id FROM utterances WHERE namespace_id = ?1")?;
    let mut texts: Vec<i64> = texts.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for delete in [
        "DELETE FROM utterances WHERE namespace_id = ?1",
        "DELETE FROM route_versions WHERE namespace_id = ?1",
        "DELETE FROM routes WHERE namespace_id = ?1",
        "DELETE FROM settings_versions WHERE namespace_id = ?1",
        "DELETE FROM revisions WHERE namespace_id = ?1",
        "DELETE FROM fits WHERE namespace_id = ?1",
        "DELETE FROM namespaces WHERE id = ?1",
    ] {
        db.prepare_cached(delete)?.execute([id])?;
    }
    texts.sort_unstable();
    texts.dedup();
    crate::prune::unused_texts(db, &texts)
}
