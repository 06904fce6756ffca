//! Reading a file, also while another process writes to it.

use std::ops::Deref;
use std::path::Path;

use crate::connection;
use crate::error::StoreError;
use crate::migrate;
use crate::reads::Reads;

/// A database, open for reading; see [`Reads`].
#[derive(Debug)]
pub struct Reader {
    reads: Reads,
}

impl Reader {
    /// Opens a database that exists.
    ///
    /// # Errors
    ///
    /// There is none, it is another program's, of another version, or damaged.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let db = connection::open_reader(path)?;
        let version = migrate::version(&db, path)?;
        if version == 0 {
            return Err(StoreError::Empty { path: path.into() });
        }
        if !migrate::is_current(version) {
            return Err(StoreError::TooOld { found: version });
        }
        Ok(Self { reads: Reads::new(db, Some(path.into()))? })
    }
}

impl Deref for Reader {
    type Target = Reads;

    fn deref(&self) -> &Reads {
        &self.reads
    }
}
