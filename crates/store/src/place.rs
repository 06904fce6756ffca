//! Whether the files of an open database are where and what they were.
//!
//! SQLite goes on writing to a file that was moved, deleted or replaced; what it writes then
//! is lost. A log that somebody cut short is worse: at the next checkpoint SQLite copies pages
//! from where they were, finds zeros, and with them destroys the database. So before each
//! transaction the files are looked at, which costs some microseconds of the milliseconds that
//! a commit takes.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// The files as the last commit left them.
#[derive(Debug)]
pub(crate) struct Place {
    database: PathBuf,
    log: PathBuf,
    database_is: Option<Identity>,
    /// With its length: it grows, or is begun anew from its start, but gets shorter by nobody's
    /// hand but this writer's.
    log_is: Option<(Identity, u64)>,
}

/// What tells a file from another of its name.
type Identity = (u64, u64);

impl Place {
    /// Of a database that is open.
    pub(crate) fn new(database: &Path) -> Self {
        // The working directory may change.
        let database = fs::canonicalize(database).unwrap_or_else(|_| database.to_owned());
        let mut log = database.clone().into_os_string();
        log.push("-wal");
        let database_is = fs::metadata(&database).ok().map(|found| identity(&found));
        let mut place = Self { database, log: log.into(), database_is, log_is: None };
        place.note();
        place
    }

    /// Takes the log as it is, after a commit.
    pub(crate) fn note(&mut self) {
        self.log_is = fs::metadata(&self.log).ok().map(|found| (identity(&found), found.len()));
    }

    /// Refuses to go on where the files are not what they were.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let displaced = |path: &Path, what| StoreError::Displaced { path: path.into(), what };
        if let Some(was) = self.database_is {
            match fs::metadata(&self.database) {
                Ok(found) if identity(&found) == was => {}
                Ok(_) => return Err(displaced(&self.database, "replaced")),
                Err(_) => return Err(displaced(&self.database, "moved or deleted")),
            }
        }
        if let Some((was, len)) = self.log_is {
            match fs::metadata(&self.log) {
                Ok(found) if identity(&found) != was => {
                    return Err(displaced(&self.log, "replaced"));
                }
                Ok(found) if found.len() < len => return Err(displaced(&self.log, "cut short")),
                Ok(_) => {}
                Err(_) => return Err(displaced(&self.log, "moved or deleted")),
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn identity(file: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// Where a file that is open can be neither deleted nor replaced, there is nothing to tell apart.
#[cfg(not(unix))]
fn identity(_file: &Metadata) -> Identity {
    (0, 0)
}
