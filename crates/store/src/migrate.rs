//! The schema, and how older files get to it.
//!
//! Each migration is a file in `migrations/`, and code where SQL does not suffice; it happens
//! in one transaction, together with its number. Migrations are never edited once released.

mod checksums;

use std::path::Path;

use rusqlite::Connection;

use crate::error::StoreError;
use crate::model::ModelIdentity;

/// "SynR": what says that a SQLite file is ours.
const APPLICATION_ID: i32 = 0x5379_6e52;

struct Migration {
    sql: &'static str,
    then: fn(&Connection) -> Result<(), StoreError>,
}

const MIGRATIONS: &[Migration] = &[
    Migration { sql: include_str!("../migrations/0001_tables.sql"), then: |_| Ok(()) },
    Migration { sql: include_str!("../migrations/0002_checksums.sql"), then: checksums::fill },
    Migration { sql: include_str!("../migrations/0003_fits.sql"), then: |_| Ok(()) },
    Migration { sql: include_str!("../migrations/0004_models.sql"), then: |_| Ok(()) },
];

/// The newest schema.
const KNOWN: i64 = MIGRATIONS.len() as i64;

/// The file's schema, 0 if it is empty, and nothing is written.
///
/// # Errors
///
/// It is another program's, of a later version of this one, or no database.
pub(crate) fn version(db: &Connection, path: &Path) -> Result<i64, StoreError> {
    let application_id: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match application_id {
        APPLICATION_ID if version > KNOWN => {
            Err(StoreError::TooNew { found: version, known: KNOWN })
        }
        APPLICATION_ID if version > 0 => Ok(version),
        // An empty file, or one whose making was cut short before the first transaction.
        0 if version == 0 && tables == 0 => Ok(0),
        _ => Err(StoreError::NotOurs { path: path.into(), application_id }),
    }
}

/// Whether a file of this schema can be read as it is.
pub(crate) const fn is_current(version: i64) -> bool {
    version == KNOWN
}

/// Brings a database from this version to the newest; an empty one takes the model.
pub(crate) fn migrate(db: &Connection, from: i64, model: &ModelIdentity) -> Result<(), StoreError> {
    let done = usize::try_from(from).expect("versions that were accepted are not negative");
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(done) {
        let transaction = db.unchecked_transaction()?;
        transaction.execute_batch(migration.sql)?;
        (migration.then)(&transaction)?;
        if index == 0 {
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            model.write(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", index + 1)?;
        transaction.commit()?;
    }
    Ok(())
}
