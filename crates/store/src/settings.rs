//! Settings and their versions.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use synaptoroute_router::{Revision, Settings};

use crate::error::StoreError;

/// Settings that came later than the first files: left out where they have their defaults, so that
/// settings of an older file are written as they were, and have the checksum they had.
const LATER: [&str; 3] = ["auto_fit", "objective", "evidence"];

/// As they are stored.
pub(crate) fn json(settings: &Settings) -> String {
    let value = |settings: &Settings| {
        let value =
            serde_json::to_value(settings).expect("settings are values in a map of strings");
        let Value::Object(map) = value else { unreachable!("settings are a map") };
        map
    };
    let default = value(&Settings::default());
    let mut map = value(settings);
    map.retain(|key, value| !LATER.contains(&key.as_str()) || default.get(key) != Some(value));
    Value::Object(map).to_string()
}

fn parse(json: &str) -> Result<Settings, StoreError> {
    serde_json::from_str(json)
        .map_err(|error| StoreError::damaged(format!("settings cannot be read: {error}")))
}

/// Those that hold now, where some were ever set.
pub(crate) fn current(db: &Connection, namespace: i64) -> Result<Option<Settings>, StoreError> {
    // The latest is the living one: settings change, but never end.
    db.prepare_cached(
        "SELECT settings FROM settings_versions WHERE namespace_id = ?1
         ORDER BY born DESC LIMIT 1",
    )?
    .query_row([namespace], |row| row.get::<_, String>(0))
    .optional()?
    .map(|json| parse(&json))
    .transpose()
}

/// Those that held at a revision.
pub(crate) fn at(db: &Connection, namespace: i64, at: Revision) -> Result<Settings, StoreError> {
    db.prepare_cached(
        "SELECT settings FROM settings_versions WHERE namespace_id = ?1 AND born <= ?2
         ORDER BY born DESC LIMIT 1",
    )?
    .query_row(params![namespace, at.get()], |row| row.get::<_, String>(0))
    .optional()?
    .map_or_else(|| Ok(Settings::default()), |json| parse(&json))
}

/// Puts others in place of those that hold.
pub(crate) fn replace(
    db: &Connection,
    namespace: i64,
    settings: &Settings,
    at: Revision,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "UPDATE settings_versions SET died = ?2 WHERE namespace_id = ?1
         AND born = (SELECT max(born) FROM settings_versions WHERE namespace_id = ?1)",
    )?
    .execute(params![namespace, at.get()])?;
    db.prepare_cached(
        "INSERT INTO settings_versions (namespace_id, settings, born) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![namespace, json(settings), at.get()])?;
    Ok(())
}
