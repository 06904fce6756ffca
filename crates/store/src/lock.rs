//! One writer a file.
//!
//! SQLite would let two writers take turns, but each keeps in memory what it believes the
//! file to hold. So a writer holds the lock of a file beside the database for as long as it
//! lives. The kernel lets go of it when a process ends, however it ends; the file stays,
//! since deleting it would let two later writers lock two files of one name.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use crate::backup::folder;
use crate::error::StoreError;

/// Held while it lives.
#[derive(Debug)]
pub(crate) struct WriterLock {
    file: File,
}

/// Let go of by word, not by closing the file alone: a process that is just being started from
/// another thread has it open too until it becomes another program, and would keep the lock.
impl Drop for WriterLock {
    fn drop(&mut self) {
        let _closing_does_it_too = self.file.unlock();
    }
}

impl WriterLock {
    pub(crate) fn take(database: &Path) -> Result<Self, StoreError> {
        Self::of(database, lock_path(database), true)
    }

    /// The lock of a database that may be there; none where nobody ever wrote to one.
    pub(crate) fn take_existing(database: &Path) -> Result<Option<Self>, StoreError> {
        let path = lock_path(database);
        let there = path.try_exists().unwrap_or(true);
        there.then(|| Self::of(database, path, false)).transpose()
    }

    fn of(database: &Path, path: PathBuf, create: bool) -> Result<Self, StoreError> {
        let failed = |source: std::io::Error| {
            use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
            match source.kind() {
                PermissionDenied | ReadOnlyFilesystem => StoreError::ReadOnly,
                _ => StoreError::CannotOpen { path: path.clone(), source: source.into() },
            }
        };
        // Not truncated: until the lock is ours, what stands there is the holder's.
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(create)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(&path).ok().and_then(|pid| pid.trim().parse().ok());
                return Err(StoreError::InUse { path: database.into(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // Who holds it is a help for people; not being able to say so stops nobody.
        let _ = file.set_len(0).and_then(|()| file.rewind());
        let _ = writeln!(file, "{}", std::process::id());
        Ok(Self { file })
    }
}

/// Links to a file that is yet to be made are followed so many times.
const LINKS: usize = 40;

/// Two names of one database must come to one lock, so links are followed.
fn lock_path(database: &Path) -> PathBuf {
    let mut path = database.to_owned();
    for _ in 0..LINKS {
        if path.try_exists().unwrap_or(true) {
            break;
        }
        let Ok(target) = fs::read_link(&path) else { break };
        path = folder(&path).join(target);
    }
    let mut path = fs::canonicalize(&path).unwrap_or(path).into_os_string();
    path.push(".lock");
    path.into()
}
