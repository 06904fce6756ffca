//! Routes: names that last, and versions of what they have besides their texts.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};
use synaptoroute_router::{Cut, Revision, RouteAttributes, RouteName, SimilarityCut};

use crate::error::StoreError;

/// A living route.
#[derive(Clone, Debug)]
pub(crate) struct LivingRoute {
    pub(crate) id: i64,
    /// The row that holds its attributes.
    pub(crate) version: i64,
    pub(crate) attributes: RouteAttributes,
}

/// As it is stored; the order of its keys is kept.
pub(crate) fn metadata_json(metadata: &Map<String, Value>) -> String {
    serde_json::to_string(metadata).expect("a JSON map has no other kind of key")
}

/// From the columns threshold, score_threshold, description and metadata, from `first` on.
fn attributes(row: &Row<'_>, first: usize) -> Result<RouteAttributes, StoreError> {
    let damaged = |error: &dyn std::fmt::Display| StoreError::damaged(format!("a route: {error}"));
    let metadata: String = row.get(first + 3)?;
    // Whatever its length and depth: limits are for what is written.
    let metadata: Map<String, Value> =
        serde_json::from_str(&metadata).map_err(|error| damaged(&error))?;
    Ok(RouteAttributes {
        threshold: row
            .get::<_, Option<f64>>(first)?
            .map(Cut::try_from)
            .transpose()
            .map_err(|error| damaged(&error))?,
        score_threshold: row
            .get::<_, Option<f64>>(first + 1)?
            .map(SimilarityCut::try_from)
            .transpose()
            .map_err(|error| damaged(&error))?,
        description: row.get(first + 2)?,
        metadata: metadata.into(),
    })
}

fn parse_name(name: String) -> Result<RouteName, StoreError> {
    RouteName::try_from(name).map_err(|error| StoreError::damaged(error.to_string()))
}

/// The living route of a name.
pub(crate) fn find(
    db: &Connection,
    namespace: i64,
    name: &RouteName,
) -> Result<Option<LivingRoute>, StoreError> {
    let mut find = db.prepare_cached(
        "SELECT r.id, v.id, v.threshold, v.score_threshold, v.description, v.metadata
         FROM routes r JOIN route_versions v
           ON v.namespace_id = r.namespace_id AND v.route_id = r.id AND v.died IS NULL
         WHERE r.namespace_id = ?1 AND r.name = ?2",
    )?;
    let mut rows = find.query(params![namespace, name.as_str()])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let attributes = attributes(row, 2)?;
    Ok(Some(LivingRoute { id: row.get(0)?, version: row.get(1)?, attributes }))
}

/// The id of the living route of a name: all that adding a text needs.
pub(crate) fn find_id(
    db: &Connection,
    namespace: i64,
    name: &RouteName,
) -> Result<i64, StoreError> {
    db.prepare_cached(
        "SELECT r.id FROM routes r JOIN route_versions v
           ON v.namespace_id = r.namespace_id AND v.route_id = r.id AND v.died IS NULL
         WHERE r.namespace_id = ?1 AND r.name = ?2",
    )?
    .query_row(params![namespace, name.as_str()], |row| row.get(0))
    .optional()?
    .ok_or_else(|| StoreError::UnknownRoute { name: name.as_str().to_owned() })
}

/// All living routes of a namespace, by name.
pub(crate) fn all(
    db: &Connection,
    namespace: i64,
) -> Result<Vec<(RouteName, LivingRoute)>, StoreError> {
    let mut all = db.prepare_cached(
        "SELECT r.id, v.id, v.threshold, v.score_threshold, v.description, v.metadata, r.name
         FROM route_versions v JOIN routes r ON r.id = v.route_id
         WHERE v.namespace_id = ?1 AND v.died IS NULL ORDER BY r.name",
    )?;
    let mut rows = all.query([namespace])?;
    let mut routes = Vec::new();
    while let Some(row) = rows.next()? {
        let attributes = attributes(row, 2)?;
        let route = LivingRoute { id: row.get(0)?, version: row.get(1)?, attributes };
        routes.push((parse_name(row.get(6)?)?, route));
    }
    Ok(routes)
}

/// The attributes of a route at a revision, if it was there.
pub(crate) fn at(
    db: &Connection,
    id: i64,
    at: Revision,
) -> Result<Option<RouteAttributes>, StoreError> {
    let mut find = db.prepare_cached(
        "SELECT threshold, score_threshold, description, metadata FROM route_versions
         WHERE route_id = ?1 AND born <= ?2 AND (died IS NULL OR died > ?2)",
    )?;
    let mut rows = find.query(params![id, at.get()])?;
    rows.next()?.map(|row| attributes(row, 0)).transpose()
}

/// The name of a route, living or not.
pub(crate) fn name(db: &Connection, id: i64) -> Result<RouteName, StoreError> {
    let mut name = db.prepare_cached("SELECT name FROM routes WHERE id = ?1")?;
    parse_name(name.query_row([id], |row| row.get(0))?)
}

/// Routes of which a version was born or died after `from`, up to `to`; some twice.
pub(crate) fn changed(
    db: &Connection,
    namespace: i64,
    from: Revision,
    to: Revision,
) -> Result<Vec<i64>, StoreError> {
    let mut changed = db.prepare_cached(
        "SELECT route_id FROM route_versions WHERE namespace_id = ?1 AND born > ?2 AND born <= ?3
         UNION ALL
         SELECT route_id FROM route_versions WHERE namespace_id = ?1 AND died > ?2 AND died <= ?3",
    )?;
    let rows = changed.query_map(params![namespace, from.get(), to.get()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Gives a name to a route that is not alive, or finds the one that had it.
pub(crate) fn identify(
    db: &Connection,
    namespace: i64,
    name: &RouteName,
) -> Result<i64, StoreError> {
    let known = db
        .prepare_cached("SELECT id FROM routes WHERE namespace_id = ?1 AND name = ?2")?
        .query_row(params![namespace, name.as_str()], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    db.prepare_cached("INSERT INTO routes (namespace_id, name) VALUES (?1, ?2)")?
        .execute(params![namespace, name.as_str()])?;
    Ok(db.last_insert_rowid())
}

/// Starts a version of a route that has none alive.
pub(crate) fn insert_version(
    db: &Connection,
    namespace: i64,
    route: i64,
    attributes: &RouteAttributes,
    born: Revision,
) -> Result<(), StoreError> {
    db.prepare_cached(
        "INSERT INTO route_versions (namespace_id, route_id, threshold, score_threshold,
           description, metadata, born) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        namespace,
        route,
        attributes.threshold.map(f64::from),
        attributes.score_threshold.map(f64::from),
        attributes.description,
        metadata_json(&attributes.metadata),
        born.get()
    ])?;
    Ok(())
}

/// Ends a version.
pub(crate) fn kill_version(
    db: &Connection,
    version: i64,
    died: Revision,
) -> Result<(), StoreError> {
    db.prepare_cached("UPDATE route_versions SET died = ?2 WHERE id = ?1")?
        .execute(params![version, died.get()])?;
    Ok(())
}
