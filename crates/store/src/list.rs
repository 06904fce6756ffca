//! Lists of texts: a route's utterances, its negatives, a namespace's negatives.

use rusqlite::{Connection, OptionalExtension, params};
use synaptoroute_router::Revision;

use crate::error::StoreError;

/// Which list of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ListKey {
    /// The route's id; 0 for the namespace.
    pub(crate) route: i64,
    pub(crate) kind: Kind,
}

/// What a list is for, as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Utterances = 0,
    Negatives = 1,
}

impl ListKey {
    /// The namespace's negatives.
    pub(crate) const NAMESPACE: Self = Self { route: 0, kind: Kind::Negatives };

    pub(crate) const fn utterances(route: i64) -> Self {
        Self { route, kind: Kind::Utterances }
    }

    pub(crate) const fn negatives(route: i64) -> Self {
        Self { route, kind: Kind::Negatives }
    }

    /// From its columns.
    pub(crate) fn from_columns(route: i64, kind: i64) -> Result<Self, StoreError> {
        match kind {
            0 if route != 0 => Ok(Self::utterances(route)),
            1 => Ok(Self::negatives(route)),
            _ => Err(StoreError::damaged(format!("route {route} has texts of kind {kind}"))),
        }
    }
}

/// A text's standing in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) id: u64,
    pub(crate) place: u64,
    /// The text's id.
    pub(crate) text: i64,
}

/// The living rows of a list, in order.
pub(crate) fn alive(db: &Connection, namespace: i64, key: ListKey) -> Result<Vec<Row>, StoreError> {
    let mut rows = db.prepare_cached(
        "SELECT id, place, text_id FROM utterances
         WHERE namespace_id = ?1 AND route_id = ?2 AND kind = ?3 AND died IS NULL",
    )?;
    let mut rows: Vec<Row> = rows
        .query_map(params![namespace, key.route, key.kind as i64], |row| {
            Ok(Row { id: row.get(0)?, place: row.get(1)?, text: row.get(2)? })
        })?
        .collect::<Result<_, _>>()?;
    // The index has them by text; sorting here is cheaper than an index by place would be.
    rows.sort_unstable_by_key(|row| row.place);
    Ok(rows)
}

/// The living row of a text in a list.
pub(crate) fn find(
    db: &Connection,
    namespace: i64,
    key: ListKey,
    text: i64,
) -> Result<Option<Row>, StoreError> {
    Ok(db
        .prepare_cached(
            "SELECT id, place FROM utterances WHERE namespace_id = ?1 AND route_id = ?2
             AND kind = ?3 AND text_id = ?4 AND died IS NULL",
        )?
        .query_row(params![namespace, key.route, key.kind as i64, text], |row| {
            Ok(Row { id: row.get(0)?, place: row.get(1)?, text })
        })
        .optional()?)
}

/// Whether a list has no living row.
pub(crate) fn is_empty(db: &Connection, namespace: i64, key: ListKey) -> Result<bool, StoreError> {
    let mut any = db.prepare_cached(
        "SELECT 1 FROM utterances
         WHERE namespace_id = ?1 AND route_id = ?2 AND kind = ?3 AND died IS NULL LIMIT 1",
    )?;
    Ok(!any.exists(params![namespace, key.route, key.kind as i64])?)
}

pub(crate) fn insert(
    db: &Connection,
    namespace: i64,
    key: ListKey,
    row: &Row,
    born: Revision,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO utterances (namespace_id, id, route_id, kind, place, text_id, born)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        namespace,
        row.id,
        key.route,
        key.kind as i64,
        row.place,
        row.text,
        born.get()
    ])?;
    Ok(())
}

pub(crate) fn kill(
    db: &Connection,
    namespace: i64,
    id: u64,
    died: Revision,
) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE utterances SET died = ?3 WHERE namespace_id = ?1 AND id = ?2")?
        .execute(params![namespace, id, died.get()])?;
    Ok(())
}
