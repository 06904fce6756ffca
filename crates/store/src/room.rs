//! Whether there is room on the disk: better said before the work than after.

use std::io::{self, Write as _};
use std::path::Path;

use rusqlite::ffi;

use crate::backup::folder;
use crate::error::StoreError;
use crate::reads::Reads;

/// Bytes that are tried at a time.
const PIECE: usize = 1 << 20;

/// Makes sure that so many bytes can be written in a folder, by writing them.
///
/// # Errors
///
/// They cannot.
pub fn try_room(folder: &Path, bytes: u64) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".room-").suffix(".tmp").tempfile_in(folder)?;
    let zeros = vec![0; PIECE];
    let mut left = bytes;
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        file.write_all(&zeros[..part])?;
        left -= part as u64;
    }
    // Some systems find out only now.
    file.as_file().sync_data()
}

impl Reads {
    /// Makes sure that so many bytes can be written beside the database, by writing them; a database in
    /// memory has room.
    ///
    /// # Errors
    ///
    /// The disk is full, or takes no files.
    pub fn try_room(&self, bytes: u64) -> Result<(), StoreError> {
        let Some(path) = &self.path else { return Ok(()) };
        try_room(&folder(path), bytes).map_err(|source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                let full = ffi::Error::new(ffi::SQLITE_FULL);
                StoreError::DiskFull { source: rusqlite::Error::SqliteFailure(full, None) }
            }
            _ => StoreError::File { path: path.clone(), source },
        })
    }
}
