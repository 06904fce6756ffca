//! Files of the Python package `synaptoroute`, version 0.4.1.
//!
//! They are SQLite databases with the tables `routes(name, threshold, metadata)` and
//! `utterances(route_name, utterance, embedding)`. Texts are taken, vectors are not: nothing
//! says which model made them. What is called `threshold` there is a cut on the cosine, and so
//! becomes [`score_threshold`](synaptoroute_router::Route::score_threshold).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::{Map, Value};
use synaptoroute_router::{
    Metadata, Route, RouteAttributes, RouteName, RoutesFile, SimilarityCut, Text,
};

use crate::connection;
use crate::error::StoreError;

/// Why such a file is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PythonFileError {
    /// It lacks the tables or columns.
    #[error("{} is no file of the Python package: it lacks {lacks}", path.display())]
    NotPython {
        /// The file.
        path: PathBuf,
        /// The first table or column that is missing.
        lacks: &'static str,
    },
    /// A row cannot be taken.
    #[error("table {table}, row {row}: {why}; correct or delete that row, then import again")]
    Row {
        /// Which table.
        table: &'static str,
        /// The row's `rowid`.
        row: i64,
        /// What is wrong with it.
        why: String,
    },
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for PythonFileError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Whether it is such a file. One that cannot be read is none.
#[must_use]
pub fn is_python_file(path: &Path) -> bool {
    connection::open_still(path).is_ok_and(|db| check(&db, path).is_ok())
}

/// Reads the routes of such a file; nothing is written, beside it neither.
///
/// # Errors
///
/// See [`PythonFileError`]; a row that cannot be taken is named.
pub fn read(path: &Path) -> Result<RoutesFile, PythonFileError> {
    let db = connection::open_still(path)?;
    let _one_state = db.unchecked_transaction()?;
    check(&db, path)?;
    let mut texts = utterances(&db)?;
    let mut file = RoutesFile::default();
    let mut routes =
        db.prepare("SELECT rowid, name, threshold, metadata FROM routes ORDER BY rowid")?;
    let mut routes = routes.query([])?;
    while let Some(row) = routes.next()? {
        let at = Row { table: "routes", row: row.get(0)? };
        let name = at.text("name", row.get_ref(1)?)?;
        let threshold: Option<f64> = row.get(2).map_err(|_| at.fault("threshold is no number"))?;
        let score_threshold = threshold
            .map(SimilarityCut::try_from)
            .transpose()
            .map_err(|error| at.fault(&error.to_string()))?;
        let metadata: Option<String> = row.get(3).map_err(|_| at.fault("metadata is no text"))?;
        let attributes = RouteAttributes {
            score_threshold,
            metadata: metadata
                .map_or_else(|| Ok(Metadata::default()), |json| at.metadata(&json))?,
            ..RouteAttributes::default()
        };
        let texts = texts.remove(name).unwrap_or_default();
        let name = RouteName::try_from(name).map_err(|error| at.fault(&error.to_string()))?;
        attributes.metadata.check(&name).map_err(|error| at.fault(&error.to_string()))?;
        let route = Route::new(name, texts).map_err(|error| at.fault(&error.to_string()))?;
        file.routes.push(route.with_attributes(attributes));
    }
    Ok(file)
}

/// Texts by route's name, in the order in which they were written. Those of no route are left
/// out, as there.
fn utterances(db: &Connection) -> Result<HashMap<String, Vec<Text>>, PythonFileError> {
    let mut texts: HashMap<String, Vec<Text>> = HashMap::new();
    let mut rows = db.prepare(
        "SELECT u.rowid, u.route_name, u.utterance FROM utterances u
         JOIN routes r ON r.name = u.route_name ORDER BY u.rowid",
    )?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let at = Row { table: "utterances", row: row.get(0)? };
        let route = at.text("route_name", row.get_ref(1)?)?;
        let text = Text::try_from(at.text("utterance", row.get_ref(2)?)?)
            .map_err(|error| at.fault(&error.to_string()))?;
        texts.entry(route.to_owned()).or_default().push(text);
    }
    Ok(texts)
}

/// A row that is being read.
struct Row {
    table: &'static str,
    row: i64,
}

impl Row {
    fn fault(&self, why: &str) -> PythonFileError {
        PythonFileError::Row { table: self.table, row: self.row, why: why.to_owned() }
    }

    fn text<'a>(
        &self,
        column: &str,
        value: rusqlite::types::ValueRef<'a>,
    ) -> Result<&'a str, PythonFileError> {
        value.as_str().map_err(|_| self.fault(&format!("{column} is no text")))
    }

    fn metadata(&self, json: &str) -> Result<Metadata, PythonFileError> {
        if json.is_empty() {
            return Ok(Metadata::default());
        }
        let read: Option<Map<String, Value>> = serde_json::from_str(json)
            .map_err(|error| self.fault(&format!("metadata is no JSON object: {error}")))?;
        Ok(read.unwrap_or_default().into())
    }
}

fn check(db: &Connection, path: &Path) -> Result<(), PythonFileError> {
    let columns = [
        ("routes", "name", "the column routes.name"),
        ("routes", "threshold", "the column routes.threshold"),
        ("routes", "metadata", "the column routes.metadata"),
        ("utterances", "route_name", "the column utterances.route_name"),
        ("utterances", "utterance", "the column utterances.utterance"),
    ];
    for (table, column, lacks) in columns {
        if !db.column_exists(None::<&str>, table, column)? {
            return Err(PythonFileError::NotPython { path: path.into(), lacks });
        }
    }
    Ok(())
}
