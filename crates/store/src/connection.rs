//! Opening SQLite, and what is asked of it.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;
use crate::options::Durability;

/// How long a call waits for a foreign program that keeps the file locked.
const BUSY: Duration = Duration::from_secs(5);

/// Prepared statements that are kept: more than there are.
const STATEMENTS: usize = 128;

/// Opens for writing, and creates an empty database where there is no file.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)
        .map_err(|source| StoreError::CannotOpen { path: path.into(), source: source.into() })?;
    common(&db)?;
    Ok(db)
}

/// Opens for reading; creates nothing where there is no file.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    if !path.try_exists().unwrap_or(true) {
        return Err(StoreError::Missing { path: path.into() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)
        .map_err(|source| StoreError::CannotOpen { path: path.into(), source: source.into() })?;
    common(&db)?;
    Ok(db)
}

pub(crate) fn open_in_memory() -> Result<Connection, StoreError> {
    let db = Connection::open_in_memory()?;
    common(&db)?;
    Ok(db)
}

fn common(db: &Connection) -> Result<(), StoreError> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.busy_timeout(BUSY)?;
    // Plans do not depend on what is bound: otherwise each new value of a LIMIT makes SQLite
    // plan the statement anew, which is half of what a small change costs.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.pragma_update(None, "foreign_keys", true)?;
    // A file is data: what its schema says is not to be trusted with functions, and its
    // pages are looked at before they are used.
    db.pragma_update(None, "trusted_schema", false)?;
    db.pragma_update(None, "cell_size_check", true)?;
    Ok(())
}

/// Sets the journal; only for a database that is known to be ours, since it writes to it.
pub(crate) fn set_durability(db: &Connection, durability: Durability) -> Result<(), StoreError> {
    // For a file that is being made. A commit logs whole pages, and one small change touches
    // about eight; 8,192 would hold five texts a page instead of two (1.55 KB of file a text
    // against 2.13), at twice the bytes a commit. Applying and loading take the same time.
    db.pragma_update(None, "page_size", 4_096)?;
    let _: String = db.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    let synchronous = match durability {
        Durability::Full => "full",
        Durability::Relaxed => "normal",
    };
    db.pragma_update(None, "synchronous", synchronous)?;
    // A great import leaves a great log behind; the next checkpoint gives the room back.
    db.pragma_update(None, "journal_size_limit", 64 << 20)?;
    Ok(())
}

/// Opens a foreign file for reading, and leaves nothing beside it: reading a database in WAL
/// mode makes SQLite create that log, unless it may take the file for one that nobody changes.
/// It may, where there is no log: whoever has such a file open has one.
pub(crate) fn open_still(path: &Path) -> Result<Connection, StoreError> {
    let with = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        Path::new(&name).try_exists().unwrap_or(true)
    };
    if with("-wal") || with("-journal") || !with("") {
        return open_reader(path);
    }
    let Some(path_text) = path.to_str() else {
        return open_reader(path);
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let uri = format!("file:{}?immutable=1", escaped(path_text));
    let db = Connection::open_with_flags(uri, flags)
        .map_err(|source| StoreError::CannotOpen { path: path.into(), source: source.into() })?;
    common(&db)?;
    Ok(db)
}

/// A path as it stands in a URI.
fn escaped(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
