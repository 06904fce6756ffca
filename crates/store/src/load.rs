//! Reading everything, as edits.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use rusqlite::Connection;
use synaptoroute_router::{Edit, NamespaceName, Owner, Place, PlacedText, Revision, RouteName};

use crate::checksum::{self, Checksum};
use crate::error::StoreError;
use crate::list::{Kind, ListKey, Row};
use crate::model::ModelIdentity;
use crate::namespace::{self, Namespace};
use crate::reads::Reads;
use crate::routes;
use crate::settings;
use crate::texts::ById;

/// Most texts of one edit: enough that an edit's own cost vanishes, few enough that a file's
/// vectors are never in memory twice.
const CHUNK: usize = 1024;

impl Reads {
    /// Tells the content of every namespace as edits, and returns all namespaces with their
    /// revisions, the empty ones too.
    ///
    /// For each, in this order: the settings, the routes by name, then list after list of
    /// texts, each in its order and in edits of at most 1,024.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is damaged: every text is compared with its checksum, and
    /// every namespace with its own. What was told before counts for nothing then. Or another
    /// process has re-embedded the file since it was opened.
    pub fn load(
        &self,
        each: &mut dyn FnMut(&NamespaceName, Revision, Edit),
    ) -> Result<Vec<(NamespaceName, Revision)>, StoreError> {
        let _one_state = self.one_state()?;
        if ModelIdentity::read(&self.db)? != self.model {
            return Err(StoreError::ModelChanged);
        }
        if let Some(path) = &self.path {
            check_length(path)?;
        }
        let mut namespaces = Vec::new();
        for (name, namespace) in namespace::all(&self.db)? {
            let revision = namespace.revision;
            let mut tell = |edit| each(&name, revision, edit);
            one(&self.db, &namespace, self.model.dimensions, &mut tell)?;
            namespaces.push((name, revision));
        }
        Ok(namespaces)
    }
}

/// Refuses a file that ends before it says it does. What is read here would not show it: the end
/// may hold an index, or fits.
///
/// While there is a log beside it, the file may be short: what is missing stands there.
fn check_length(path: &Path) -> Result<(), StoreError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return Ok(());
    }
    let failed = |source| StoreError::File { path: path.into(), source };
    let mut file = File::open(path).map_err(failed)?;
    // https://www.sqlite.org/fileformat2.html, "The Database Header".
    let mut header = [0; 100];
    if file.read_exact(&mut header).is_err() {
        // Nothing was ever written, or SQLite has refused it already.
        return Ok(());
    }
    let word = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let page = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let (pages, changes, counted_at) = (u64::from(word(28)), word(24), word(92));
    let length = file.metadata().map_err(failed)?.len();
    if changes == counted_at && length < pages * page {
        let what = format!("the file has {length} bytes of {}: its end is missing", pages * page);
        return Err(StoreError::damaged(what));
    }
    Ok(())
}

fn one(
    db: &Connection,
    namespace: &Namespace,
    dimensions: usize,
    tell: &mut dyn FnMut(Edit),
) -> Result<(), StoreError> {
    let content = Content::read(db, namespace)?;
    tell(Edit::Settings(content.settings));
    for (name, attributes) in content.routes {
        tell(Edit::PutRoute(name, attributes));
    }
    let mut texts = ById::new(db)?;
    for list in content.rows.chunk_by(|(a, _), (b, _)| a == b) {
        let owner = owner(list[0].0, &content.names)?;
        for chunk in list.chunks(CHUNK) {
            let mut added = Vec::with_capacity(chunk.len());
            for (_, row) in chunk {
                let (text, vector) = texts.read(row.text)?;
                if vector.len() != dimensions {
                    let what = format!("text {} has a vector of {}", row.text, vector.len());
                    return Err(StoreError::damaged(what));
                }
                added.push(PlacedText { place: Place::from(row.place), text, vector });
            }
            tell(Edit::Add(owner.clone(), added));
        }
    }
    Ok(())
}

/// What a namespace holds now, but for the texts themselves.
pub(crate) struct Content {
    pub(crate) settings: synaptoroute_router::Settings,
    /// By name.
    pub(crate) routes: Vec<(RouteName, synaptoroute_router::RouteAttributes)>,
    /// By route's id.
    pub(crate) names: HashMap<i64, RouteName>,
    /// List by list, each in order.
    pub(crate) rows: Vec<(ListKey, Row)>,
}

impl Content {
    /// Reads it and compares it with the namespace's checksum.
    pub(crate) fn read(db: &Connection, namespace: &Namespace) -> Result<Self, StoreError> {
        let mut sum = Checksum::default();
        let settings = settings::current(db, namespace.id)?;
        if let Some(settings) = &settings {
            sum.add(checksum::settings(settings));
        }
        let mut names = HashMap::new();
        let mut routes = Vec::new();
        for (name, route) in routes::all(db, namespace.id)? {
            sum.add(checksum::route(route.id, name.as_str(), &route.attributes));
            names.insert(route.id, name.clone());
            routes.push((name, route.attributes));
        }
        let mut living = db.prepare_cached(
            "SELECT id, place, text_id, route_id, kind FROM utterances
             WHERE namespace_id = ?1 AND died IS NULL",
        )?;
        let mut living = living.query([namespace.id])?;
        let mut rows = Vec::new();
        while let Some(row) = living.next()? {
            let key = ListKey::from_columns(row.get(3)?, row.get(4)?)?;
            let row = Row { id: row.get(0)?, place: row.get(1)?, text: row.get(2)? };
            sum.add(checksum::row(key, &row));
            rows.push((key, row));
        }
        if sum != namespace.checksum {
            let what = format!("namespace {} differs from its checksum", namespace.id);
            return Err(StoreError::damaged(what));
        }
        rows.sort_unstable_by_key(|(key, row)| (*key, row.place));
        Ok(Self { settings: settings.unwrap_or_default(), routes, names, rows })
    }
}

/// Whose list it is.
pub(crate) fn owner(key: ListKey, names: &HashMap<i64, RouteName>) -> Result<Owner, StoreError> {
    if key == ListKey::NAMESPACE {
        return Ok(Owner::Namespace);
    }
    let name = names
        .get(&key.route)
        .cloned()
        .ok_or_else(|| StoreError::damaged(format!("route {} has texts only", key.route)))?;
    Ok(match key.kind {
        Kind::Utterances => Owner::Utterances(name),
        Kind::Negatives => Owner::Negatives(name),
    })
}
