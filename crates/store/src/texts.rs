//! Texts and their vectors: each once in the file.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};
use synaptoroute_router::Text;

use crate::checksum;
use crate::error::StoreError;

/// 64 bits of SHA-256: an index key of fixed width. Where two texts share one, both are
/// compared as they are.
fn hash(text: &str) -> i64 {
    let digest = Sha256::digest(text.as_bytes());
    i64::from_le_bytes(digest[..8].try_into().expect("a digest has 32 bytes"))
}

/// The id of a text, where the file holds it.
pub(crate) fn find(db: &Connection, text: &Text) -> Result<Option<i64>, StoreError> {
    let mut find = db.prepare_cached("SELECT id FROM texts WHERE hash = ?1 AND text = ?2")?;
    Ok(find.query_row(params![hash(text.as_str()), text.as_str()], |row| row.get(0)).optional()?)
}

/// Adds a text that the file does not hold.
pub(crate) fn insert(db: &Connection, text: &Text, vector: &[f32]) -> Result<i64, StoreError> {
    // One seek to the end of the table; the checksum needs the id before the row is there.
    let id: i64 = db
        .prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM texts")?
        .query_row([], |row| row.get(0))?;
    let bytes = to_bytes(vector);
    let crc = checksum::text(id, text.as_str().as_bytes(), &bytes);
    db.prepare_cached(
        "INSERT INTO texts (id, hash, text, vector, crc) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![id, hash(text.as_str()), text.as_str(), bytes, crc])?;
    Ok(id)
}

/// Reads texts by id: a statement that is looked up once for many.
pub(crate) struct ById<'a>(CachedStatement<'a>);

impl<'a> ById<'a> {
    pub(crate) fn new(db: &'a Connection) -> Result<Self, StoreError> {
        Ok(Self(db.prepare_cached("SELECT id, text, vector, crc FROM texts WHERE id = ?1")?))
    }

    /// The text of this id, with its vector.
    pub(crate) fn read(&mut self, id: i64) -> Result<(Text, Arc<[f32]>), StoreError> {
        self.row(id, parse)
    }

    /// The text of this id, without its vector; that is checked too.
    pub(crate) fn read_text(&mut self, id: i64) -> Result<Text, StoreError> {
        self.row(id, |row| Ok(checked(row)?.0))
    }

    fn row<T>(
        &mut self,
        id: i64,
        take: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut rows = self.0.query([id])?;
        match rows.next()? {
            Some(row) => take(row),
            None => Err(StoreError::damaged(format!("text {id} is missing"))),
        }
    }
}

/// A row (id, text, vector, crc), checked.
pub(crate) fn parse(row: &Row<'_>) -> Result<(Text, Arc<[f32]>), StoreError> {
    let (text, vector) = checked(row)?;
    Ok((text, from_bytes(vector)))
}

fn checked<'a>(row: &'a Row<'_>) -> Result<(Text, &'a [u8]), StoreError> {
    let id: i64 = row.get(0)?;
    let damaged = |why: &str| StoreError::damaged(format!("text {id} {why}"));
    let text = row.get_ref(1)?.as_bytes().map_err(|_| damaged("is none"))?;
    let vector = row.get_ref(2)?.as_blob().map_err(|_| damaged("has no vector"))?;
    let crc: i64 = row.get(3)?;
    if i64::from(checksum::text(id, text, vector)) != crc {
        return Err(damaged("differs from its checksum"));
    }
    let text = std::str::from_utf8(text).map_err(|_| damaged("is not UTF-8"))?;
    let text = Text::try_from(text).map_err(|error| damaged(&error.to_string()))?;
    Ok((text, vector))
}

/// Puts another vector in the old one's place.
pub(crate) fn replace_vector(
    db: &Connection,
    id: i64,
    text: &Text,
    vector: &[f32],
) -> Result<(), StoreError> {
    let bytes = to_bytes(vector);
    let crc = checksum::text(id, text.as_str().as_bytes(), &bytes);
    db.prepare_cached("UPDATE texts SET vector = ?2, crc = ?3 WHERE id = ?1")?
        .execute(params![id, bytes, crc])?;
    Ok(())
}

/// Little endian, whatever the machine.
fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn from_bytes(bytes: &[u8]) -> Arc<[f32]> {
    let (numbers, _) = bytes.as_chunks::<4>();
    numbers.iter().map(|&number| f32::from_le_bytes(number)).collect()
}
