//! Which rows two revisions do not share, found without reading those they do.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, params};
use synaptoroute_router::Revision;

use crate::error::StoreError;
use crate::list::{self, ListKey, Row};
use crate::namespace::Namespace;
use crate::routes;

/// What one must take and add to get from an earlier revision to a later one.
pub(crate) struct Delta {
    /// By list; only in the earlier revision, in order.
    pub(crate) gone: BTreeMap<ListKey, Vec<Row>>,
    /// By list; only in the later revision, in order.
    pub(crate) come: BTreeMap<ListKey, Vec<Row>>,
    /// Routes that may differ.
    pub(crate) routes: BTreeSet<i64>,
}

impl Delta {
    /// Both revisions are kept, and `from` is not after `to`.
    pub(crate) fn between(
        db: &Connection,
        namespace: &Namespace,
        from: Revision,
        to: Revision,
    ) -> Result<Self, StoreError> {
        let mut delta =
            Self { gone: BTreeMap::new(), come: BTreeMap::new(), routes: BTreeSet::new() };
        if from >= to {
            return Ok(delta);
        }
        let come = born(db, namespace, from, to)?;
        let gone = died(db, namespace, from, to)?;
        // A text that went and came back to its place was never away.
        let both: HashSet<(ListKey, u64)> = {
            let came: HashSet<_> = come.iter().map(|(key, row)| (*key, row.place)).collect();
            gone.iter().map(|(key, row)| (*key, row.place)).filter(|at| came.contains(at)).collect()
        };
        for (rows, lists) in [(gone, &mut delta.gone), (come, &mut delta.come)] {
            for (key, row) in rows {
                if !both.contains(&(key, row.place)) {
                    lists.entry(key).or_default().push(row);
                }
            }
            lists.values_mut().for_each(|rows| rows.sort_unstable_by_key(|row| row.place));
        }
        delta.routes.extend(routes::changed(db, namespace.id, from, to)?);
        let keys = delta.gone.keys().chain(delta.come.keys());
        delta.routes.extend(keys.map(|key| key.route).filter(|&route| route != 0));
        Ok(delta)
    }
}

/// Rows that live at `to` and were born after `from`.
fn born(
    db: &Connection,
    namespace: &Namespace,
    from: Revision,
    to: Revision,
) -> Result<Vec<(ListKey, Row)>, StoreError> {
    // The log has an entry for every kept revision but the oldest's predecessors, and
    // `from` is kept, so its successor is there.
    let first: u64 = db
        .prepare_cached("SELECT first_id FROM revisions WHERE namespace_id = ?1 AND number = ?2")?
        .query_row(params![namespace.id, from.next().get()], |row| row.get(0))?;
    let end: Option<u64> = db
        .prepare_cached("SELECT first_id FROM revisions WHERE namespace_id = ?1 AND number = ?2")?
        .query_row(params![namespace.id, to.next().get()], |row| row.get(0))
        .optional()?;
    rows(
        db,
        "SELECT id, place, text_id, route_id, kind FROM utterances
         WHERE namespace_id = ?1 AND id >= ?2 AND id < ?3 AND (died IS NULL OR died > ?4)",
        params![namespace.id, first, end.unwrap_or(namespace.next_id), to.get()],
    )
}

/// Rows that live at `from` and had died by `to`.
fn died(
    db: &Connection,
    namespace: &Namespace,
    from: Revision,
    to: Revision,
) -> Result<Vec<(ListKey, Row)>, StoreError> {
    rows(
        db,
        "SELECT id, place, text_id, route_id, kind FROM utterances
         WHERE namespace_id = ?1 AND died > ?2 AND died <= ?3 AND born <= ?2",
        params![namespace.id, from.get(), to.get()],
    )
}

/// These lists as they were at a kept revision, in order.
pub(crate) fn lists_at(
    db: &Connection,
    namespace: &Namespace,
    at: Revision,
    keys: &BTreeSet<ListKey>,
) -> Result<HashMap<ListKey, Vec<Row>>, StoreError> {
    let mut lists: HashMap<ListKey, Vec<Row>> = keys.iter().map(|&key| (key, Vec::new())).collect();
    let since = rows(
        db,
        "SELECT id, place, text_id, route_id, kind FROM utterances
         WHERE namespace_id = ?1 AND died > ?2 AND born <= ?2",
        params![namespace.id, at.get()],
    )?;
    for (key, row) in since {
        if let Some(list) = lists.get_mut(&key) {
            list.push(row);
        }
    }
    // Where the log has no later entry, nothing was born later.
    let end: Option<u64> = db
        .prepare_cached("SELECT first_id FROM revisions WHERE namespace_id = ?1 AND number = ?2")?
        .query_row(params![namespace.id, at.next().get()], |row| row.get(0))
        .optional()?;
    let end = end.unwrap_or(namespace.next_id);
    for (&key, list) in &mut lists {
        let alive = list::alive(db, namespace.id, key)?;
        list.extend(alive.into_iter().filter(|row| row.id < end));
        list.sort_unstable_by_key(|row| row.place);
    }
    Ok(lists)
}

fn rows(
    db: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<(ListKey, Row)>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let key = ListKey::from_columns(row.get(3)?, row.get(4)?)?;
        found.push((key, Row { id: row.get(0)?, place: row.get(1)?, text: row.get(2)? }));
    }
    Ok(found)
}
