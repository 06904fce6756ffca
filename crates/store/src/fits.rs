//! What was learned from a namespace's routes, as JSON that somebody else understands.

use rusqlite::{Connection, OptionalExtension, params};
use synaptoroute_router::{NamespaceName, Revision};

use crate::error::StoreError;
use crate::namespace::{self, Namespace};
use crate::reads::Reads;

/// Fits of a namespace that are kept besides the one in force, the newest: a fit of many
/// utterances has megabytes.
const KEPT: i64 = 4;

/// A fit to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFit {
    /// The content that it was made from.
    pub revision: Revision,
    /// Whether nobody asked for it.
    pub automatic: bool,
    /// What there is to tell of it, as JSON.
    pub report: String,
    /// The fit itself, as JSON.
    pub fit: String,
}

/// A kept fit, without itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FitEntry {
    /// Its number, which counts up within the namespace.
    pub number: u64,
    /// When it was made, in milliseconds since 1970.
    pub at_unix_ms: u64,
    /// The content that it was made from.
    pub revision: Revision,
    /// Whether nobody asked for it.
    pub automatic: bool,
    /// Whether decisions are made with it.
    pub in_force: bool,
    /// What there is to tell of it, as JSON.
    pub report: String,
}

impl Reads {
    /// The kept fits of a namespace, the newest first.
    ///
    /// # Errors
    ///
    /// The namespace is unknown, or the file cannot be read.
    pub fn fits(&self, namespace: &NamespaceName) -> Result<Vec<FitEntry>, StoreError> {
        let _one_state = self.one_state()?;
        let namespace = Namespace::find(&self.db, namespace)?;
        let mut fits = self.db.prepare_cached(
            "SELECT number, at_ms, revision, automatic, in_force, report FROM fits
             WHERE namespace_id = ?1 ORDER BY number DESC",
        )?;
        let fits = fits.query_map([namespace.id], |row| {
            Ok(FitEntry {
                number: row.get(0)?,
                at_unix_ms: row.get(1)?,
                revision: Revision::from(row.get::<_, u64>(2)?),
                automatic: row.get(3)?,
                in_force: row.get(4)?,
                report: row.get(5)?,
            })
        })?;
        Ok(fits.collect::<Result<_, _>>()?)
    }

    /// The fits that are in force, by namespace.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or one of them is damaged.
    pub fn fits_in_force(&self) -> Result<Vec<(NamespaceName, String)>, StoreError> {
        let _one_state = self.one_state()?;
        let mut fits = Vec::new();
        for (name, namespace) in namespace::all(&self.db)? {
            let found = self
                .db
                .prepare_cached(
                    "SELECT fit, crc FROM fits WHERE namespace_id = ?1 AND in_force = 1",
                )?
                .query_row([namespace.id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            if let Some((fit, crc)) = found {
                fits.push((name, checked(fit, crc)?));
            }
        }
        Ok(fits)
    }
}

fn checked(fit: String, crc: u32) -> Result<String, StoreError> {
    if crc32fast::hash(fit.as_bytes()) == crc {
        Ok(fit)
    } else {
        Err(StoreError::damaged("a fit does not have its checksum"))
    }
}

/// Keeps a fit and puts it in force; returns its number.
pub(crate) fn put(
    db: &Connection,
    name: &NamespaceName,
    new: &NewFit,
    at_unix_ms: u64,
) -> Result<u64, StoreError> {
    let namespace = Namespace::find(db, name)?;
    let last: u64 = db
        .prepare_cached("SELECT ifnull(max(number), 0) FROM fits WHERE namespace_id = ?1")?
        .query_row([namespace.id], |row| row.get(0))?;
    let number = last + 1;
    none_in_force(db, namespace.id)?;
    db.prepare_cached(
        "INSERT INTO fits (namespace_id, number, at_ms, revision, automatic, in_force, report, fit, crc)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8)",
    )?
    .execute(params![
        namespace.id,
        number,
        at_unix_ms,
        new.revision.get(),
        new.automatic,
        new.report,
        new.fit,
        crc32fast::hash(new.fit.as_bytes())
    ])?;
    db.prepare_cached(
        "DELETE FROM fits WHERE namespace_id = ?1 AND in_force = 0 AND number NOT IN
           (SELECT number FROM fits WHERE namespace_id = ?1 AND in_force = 0
            ORDER BY number DESC LIMIT ?2)",
    )?
    .execute(params![namespace.id, KEPT])?;
    Ok(number)
}

/// Puts a kept fit in force, and gives it back.
pub(crate) fn choose(
    db: &Connection,
    name: &NamespaceName,
    number: u64,
) -> Result<String, StoreError> {
    let namespace = Namespace::find(db, name)?;
    // Numbers beyond what SQLite counts to were never given.
    let Ok(stored) = i64::try_from(number) else { return Err(StoreError::UnknownFit { number }) };
    let found = db
        .prepare_cached("SELECT fit, crc FROM fits WHERE namespace_id = ?1 AND number = ?2")?
        .query_row(params![namespace.id, stored], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (fit, crc) = found.ok_or(StoreError::UnknownFit { number })?;
    let fit = checked(fit, crc)?;
    none_in_force(db, namespace.id)?;
    db.prepare_cached("UPDATE fits SET in_force = 1 WHERE namespace_id = ?1 AND number = ?2")?
        .execute(params![namespace.id, stored])?;
    Ok(fit)
}

/// Goes back to deciding without a fit.
pub(crate) fn drop(db: &Connection, name: &NamespaceName) -> Result<(), StoreError> {
    none_in_force(db, Namespace::find(db, name)?.id)
}

fn none_in_force(db: &Connection, namespace: i64) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE fits SET in_force = 0 WHERE namespace_id = ?1 AND in_force = 1")?
        .execute([namespace])?;
    Ok(())
}

/// Forgets all fits: they are of another model's vectors.
pub(crate) fn forget(db: &Connection) -> Result<(), StoreError> {
    db.execute("DELETE FROM fits", [])?;
    Ok(())
}
