//! Which model made the vectors of a file.

use rusqlite::{Connection, params};

use crate::error::StoreError;

/// A model, as a file remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelIdentity {
    /// SHA-256 of the model file, in hex: vectors of two fingerprints are never compared.
    pub fingerprint: String,
    /// Its name, for people.
    pub name: String,
    /// Numbers in a vector.
    pub dimensions: usize,
}

impl ModelIdentity {
    pub(crate) fn read(db: &Connection) -> Result<Self, StoreError> {
        let mut get = db.prepare("SELECT value FROM meta WHERE key = ?1")?;
        Ok(Self {
            fingerprint: get.query_row(["model_fingerprint"], |row| row.get(0))?,
            name: get.query_row(["model_name"], |row| row.get(0))?,
            dimensions: get.query_row(["dimensions"], |row| row.get(0))?,
        })
    }

    pub(crate) fn write(&self, db: &Connection) -> Result<(), StoreError> {
        let mut put = db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?;
        put.execute(params!["model_fingerprint", self.fingerprint])?;
        put.execute(params!["model_name", self.name])?;
        put.execute(params!["dimensions", self.dimensions])?;
        Ok(())
    }
}
