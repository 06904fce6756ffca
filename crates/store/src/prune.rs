//! Forgetting what no kept revision needs.

use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::namespace::Namespace;

/// Rows of each table that a change may sweep though it wrote none itself, and how many more
/// for each it wrote. Both bound what a commit waits for; more than one a row means that what
/// one great change left behind is caught up with by the small ones after it.
const SWEEP: usize = 8;
const SWEEP_PER_ROW: usize = 4;

/// Deletes some of what died before the oldest kept revision. `rows` is how many rows the
/// change wrote.
pub(crate) fn sweep(db: &Connection, namespace: &Namespace, rows: usize) -> Result<(), StoreError> {
    let oldest = namespace.oldest_kept.get();
    if oldest == 0 {
        return Ok(());
    }
    let most = SWEEP + SWEEP_PER_ROW * rows;
    utterances(db, namespace.id, oldest, most)?;
    routes(db, namespace.id, oldest, most)?;
    // A change makes one version of the settings and one revision at most.
    db.prepare_cached(
        "DELETE FROM settings_versions WHERE namespace_id = ?1 AND died <= ?2
         AND born = (SELECT min(born) FROM settings_versions WHERE namespace_id = ?1)",
    )?
    .execute(params![namespace.id, oldest])?;
    db.prepare_cached(
        "DELETE FROM revisions WHERE namespace_id = ?1 AND number IN
           (SELECT number FROM revisions WHERE namespace_id = ?1 AND number < ?2
            ORDER BY number LIMIT ?3)",
    )?
    .execute(params![namespace.id, oldest, most])?;
    Ok(())
}

fn utterances(db: &Connection, namespace: i64, oldest: u64, most: usize) -> Result<(), StoreError> {
    let mut dead = db.prepare_cached(
        "SELECT id, text_id FROM utterances WHERE namespace_id = ?1 AND died <= ?2 LIMIT ?3",
    )?;
    let dead: Vec<(i64, i64)> = dead
        .query_map(params![namespace, oldest, most], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut delete =
        db.prepare_cached("DELETE FROM utterances WHERE namespace_id = ?1 AND id = ?2")?;
    for (id, _) in &dead {
        delete.execute(params![namespace, id])?;
    }
    let mut texts: Vec<i64> = dead.into_iter().map(|(_, text)| text).collect();
    texts.sort_unstable();
    texts.dedup();
    unused_texts(db, &texts)
}

/// Deletes those of these texts that no list holds.
pub(crate) fn unused_texts(db: &Connection, texts: &[i64]) -> Result<(), StoreError> {
    let mut delete = db.prepare_cached(
        "DELETE FROM texts WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM utterances WHERE text_id = ?1)",
    )?;
    for text in texts {
        delete.execute([text])?;
    }
    Ok(())
}

fn routes(db: &Connection, namespace: i64, oldest: u64, most: usize) -> Result<(), StoreError> {
    let mut dead = db.prepare_cached(
        "SELECT id, route_id FROM route_versions
         WHERE namespace_id = ?1 AND died <= ?2 LIMIT ?3",
    )?;
    let dead: Vec<(i64, i64)> = dead
        .query_map(params![namespace, oldest, most], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    let mut delete = db.prepare_cached("DELETE FROM route_versions WHERE id = ?1")?;
    let mut delete_name = db.prepare_cached(
        "DELETE FROM routes WHERE id = ?1
         AND NOT EXISTS (SELECT 1 FROM route_versions WHERE route_id = ?1)",
    )?;
    for (version, route) in dead {
        delete.execute([version])?;
        delete_name.execute([route])?;
    }
    Ok(())
}
