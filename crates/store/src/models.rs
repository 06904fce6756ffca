//! The models that made the file's vectors, one after the other.

use rusqlite::{Connection, OptionalExtension, Row, params};
use synaptoroute_router::{NamespaceName, Revision};

use crate::error::StoreError;
use crate::model::ModelIdentity;
use crate::reads::Reads;

/// A model that is to make the file's vectors from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewModel {
    /// Which it is.
    pub identity: ModelIdentity,
    /// The model file, if it is to lie in the database.
    pub file: Option<Vec<u8>>,
    /// Of a tuned model: the routes that it learned.
    pub learned: Option<Learned>,
    /// What there is to tell of it, as JSON.
    pub report: Option<String>,
}

impl NewModel {
    /// A model whose file lies elsewhere.
    #[must_use]
    pub const fn elsewhere(identity: ModelIdentity) -> Self {
        Self { identity, file: None, learned: None, report: None }
    }
}

/// What a tuned model learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    /// Whose routes,
    pub namespace: NamespaceName,
    /// and as they were when.
    pub revision: Revision,
}

/// A model that made vectors of this file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ModelEntry {
    /// Its number, which counts up.
    pub number: u64,
    /// Which it is.
    pub identity: ModelIdentity,
    /// When its vectors first came in, in milliseconds since 1970; unknown of those before the first
    /// that was installed.
    pub at_unix_ms: Option<u64>,
    /// Of a tuned model: the routes that it learned.
    pub learned: Option<Learned>,
    /// What there is to tell of it, as JSON.
    pub report: Option<String>,
    /// Length of its file, if that lies in the database.
    pub bytes: Option<u64>,
    /// Whether the vectors are its own.
    pub in_use: bool,
}

const COLUMNS: &str =
    "number, fingerprint, name, dimensions, at_ms, namespace, revision, report, length(file)";

impl Reads {
    /// The models that made vectors of this file, the newest first.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn models(&self) -> Result<Vec<ModelEntry>, StoreError> {
        let _one_state = self.one_state()?;
        let in_use = ModelIdentity::read(&self.db)?;
        let sql = format!("SELECT {COLUMNS} FROM models ORDER BY number DESC");
        let mut models = self.db.prepare_cached(&sql)?;
        let mut rows = models.query([])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry(row, &in_use)?);
        }
        Ok(entries)
    }

    /// The model of this number.
    ///
    /// # Errors
    ///
    /// There is none, or the file cannot be read.
    pub fn model_entry(&self, number: u64) -> Result<ModelEntry, StoreError> {
        let models = self.models()?;
        let found = models.into_iter().find(|entry| entry.number == number);
        found.ok_or(StoreError::UnknownModel { number })
    }

    /// The model file of this fingerprint, if it lies in the database. Whether it is whole its
    /// fingerprint tells.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn model_file(&self, fingerprint: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut file = self.db.prepare_cached("SELECT file FROM models WHERE fingerprint = ?1")?;
        Ok(file.query_row([fingerprint], |row| row.get(0)).optional()?.flatten())
    }
}

fn entry(row: &Row<'_>, in_use: &ModelIdentity) -> Result<ModelEntry, StoreError> {
    let identity =
        ModelIdentity { fingerprint: row.get(1)?, name: row.get(2)?, dimensions: row.get(3)? };
    let namespace: Option<String> = row.get(5)?;
    let namespace = namespace.map(NamespaceName::try_from).transpose();
    let namespace = namespace.map_err(|error| StoreError::damaged(error.to_string()))?;
    let revision: Option<u64> = row.get(6)?;
    let learned = namespace.zip(revision.map(Revision::from));
    Ok(ModelEntry {
        number: row.get(0)?,
        in_use: identity == *in_use,
        identity,
        at_unix_ms: row.get(4)?,
        learned: learned.map(|(namespace, revision)| Learned { namespace, revision }),
        report: row.get(7)?,
        bytes: row.get(8)?,
    })
}

/// Notes that a model makes the vectors from now on. One that is known keeps its number and what is
/// known of it; its file is taken in if it was not there.
pub(crate) fn put(db: &Connection, new: &NewModel, at_unix_ms: u64) -> Result<(), StoreError> {
    let NewModel { identity, file, learned, report } = new;
    let revision = learned.as_ref().map(|learned| learned.revision.get());
    let namespace = learned.as_ref().map(|learned| learned.namespace.as_str());
    db.prepare_cached(
        "INSERT INTO models
           (fingerprint, name, dimensions, at_ms, namespace, revision, report, file)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (fingerprint) DO UPDATE SET
           namespace = coalesce(excluded.namespace, namespace),
           revision = coalesce(excluded.revision, revision),
           report = coalesce(excluded.report, report),
           file = coalesce(file, excluded.file)",
    )?
    .execute(params![
        identity.fingerprint,
        identity.name,
        identity.dimensions,
        at_unix_ms,
        namespace,
        revision,
        report,
        file
    ])?;
    identity.write(db)
}

/// Takes the file of a model in that is known.
pub(crate) fn keep(db: &Connection, model: &ModelIdentity, file: &[u8]) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE models SET file = ?2 WHERE fingerprint = ?1 AND file IS NULL")?
        .execute(params![model.fingerprint, file])?;
    Ok(())
}

/// Forgets a model that is not in use.
pub(crate) fn remove(db: &Connection, number: u64) -> Result<(), StoreError> {
    // Numbers beyond what SQLite counts to were never given.
    let Ok(stored) = i64::try_from(number) else {
        return Err(StoreError::UnknownModel { number });
    };
    let mut fingerprint = db.prepare_cached("SELECT fingerprint FROM models WHERE number = ?1")?;
    let found: Option<String> = fingerprint.query_row([stored], |row| row.get(0)).optional()?;
    let fingerprint = found.ok_or(StoreError::UnknownModel { number })?;
    if fingerprint == ModelIdentity::read(db)?.fingerprint {
        return Err(StoreError::ModelInUse { number });
    }
    db.prepare_cached("DELETE FROM models WHERE number = ?1")?.execute([stored])?;
    Ok(())
}
