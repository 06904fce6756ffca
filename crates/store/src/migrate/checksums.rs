//! Version 2: checksums of what version 1 wrote.
//!
//! What is read here is read as that version had it, by statements of its own, so that later
//! versions can change theirs.

use rusqlite::{Connection, params};
use serde_json::{Map, Value};
use synaptoroute_router::{Cut, RouteAttributes, Settings, SimilarityCut};

use crate::checksum::{self, Checksum};
use crate::error::StoreError;
use crate::list::{ListKey, Row};

pub(super) fn fill(db: &Connection) -> Result<(), StoreError> {
    texts(db)?;
    let mut namespaces =
        db.prepare("SELECT id, name, revision, oldest_kept, next_id FROM namespaces")?;
    let namespaces: Vec<(i64, u32)> = namespaces
        .query_map([], |row| {
            let name = crc32fast::hash(row.get::<_, String>(1)?.as_bytes());
            let own = checksum::namespace(name, row.get(2)?, row.get(3)?, row.get(4)?);
            Ok((row.get(0)?, own))
        })?
        .collect::<Result<_, _>>()?;
    for (namespace, own) in namespaces {
        let mut sum = Checksum::default();
        sum.add(own);
        rows(db, namespace, &mut sum)?;
        routes(db, namespace, &mut sum)?;
        settings(db, namespace, &mut sum)?;
        db.execute("UPDATE namespaces SET checksum = ?2 WHERE id = ?1", params![namespace, sum.0])?;
    }
    Ok(())
}

fn texts(db: &Connection) -> Result<(), StoreError> {
    let mut next =
        db.prepare("SELECT id, text, vector FROM texts WHERE id > ?1 ORDER BY id LIMIT 1")?;
    let mut update = db.prepare("UPDATE texts SET crc = ?2 WHERE id = ?1")?;
    let mut last = i64::MIN;
    loop {
        let crc = {
            let mut rows = next.query([last])?;
            let Some(row) = rows.next()? else {
                return Ok(());
            };
            last = row.get(0)?;
            let text: String = row.get(1)?;
            let vector: Vec<u8> = row.get(2)?;
            checksum::text(last, text.as_bytes(), &vector)
        };
        update.execute(params![last, crc])?;
    }
}

fn rows(db: &Connection, namespace: i64, sum: &mut Checksum) -> Result<(), StoreError> {
    let mut all = db.prepare(
        "SELECT id, place, text_id, route_id, kind FROM utterances
         WHERE namespace_id = ?1 AND died IS NULL",
    )?;
    let mut all = all.query([namespace])?;
    while let Some(row) = all.next()? {
        let key = ListKey::from_columns(row.get(3)?, row.get(4)?)?;
        let row = Row { id: row.get(0)?, place: row.get(1)?, text: row.get(2)? };
        sum.add(checksum::row(key, &row));
    }
    Ok(())
}

fn routes(db: &Connection, namespace: i64, sum: &mut Checksum) -> Result<(), StoreError> {
    let mut all = db.prepare(
        "SELECT r.id, r.name, v.threshold, v.score_threshold, v.description, v.metadata
         FROM route_versions v JOIN routes r ON r.id = v.route_id
         WHERE v.namespace_id = ?1 AND v.died IS NULL",
    )?;
    let mut all = all.query([namespace])?;
    while let Some(row) = all.next()? {
        let id: i64 = row.get(0)?;
        let name: String = row.get(1)?;
        let damaged = |_| StoreError::damaged(format!("route {name:?} has a cut out of range"));
        let threshold: Option<f64> = row.get(2)?;
        let score_threshold: Option<f64> = row.get(3)?;
        let metadata: String = row.get(5)?;
        let metadata: Map<String, Value> = serde_json::from_str(&metadata)
            .map_err(|error| StoreError::damaged(format!("route {name:?}: {error}")))?;
        let attributes = RouteAttributes {
            threshold: threshold.map(Cut::try_from).transpose().map_err(damaged)?,
            score_threshold: score_threshold
                .map(SimilarityCut::try_from)
                .transpose()
                .map_err(damaged)?,
            description: row.get(4)?,
            metadata: metadata.into(),
        };
        sum.add(checksum::route(id, &name, &attributes));
    }
    Ok(())
}

fn settings(db: &Connection, namespace: i64, sum: &mut Checksum) -> Result<(), StoreError> {
    let mut all = db.prepare(
        "SELECT settings FROM settings_versions WHERE namespace_id = ?1 AND died IS NULL",
    )?;
    let mut all = all.query([namespace])?;
    while let Some(row) = all.next()? {
        let json: String = row.get(0)?;
        let settings: Settings = serde_json::from_str(&json)
            .map_err(|error| StoreError::damaged(format!("settings cannot be read: {error}")))?;
        sum.add(checksum::settings(&settings));
    }
    Ok(())
}
