//! One change, made in the tables and told as edits.
//!
//! - `work`: the steps every change is made of; each keeps rows, sum and edits in step.
//! - `routes`: upsert, patch, delete.
//! - `texts`: adding and removing.
//! - `import`: a whole file.
//! - `rollback`: the content of another revision.

mod import;
mod rollback;
mod routes;
mod texts;
mod work;

use rusqlite::{Connection, params};
use synaptoroute_router::{Change, NamespaceName, Revision};

use crate::error::StoreError;
use crate::namespace::Namespace;
use crate::prune;
use crate::transaction::{Applied, Vectors};
use work::Work;

/// Applies a change; on an error the caller takes back what was written.
pub(crate) fn apply(
    db: &Connection,
    scope: Scope<'_>,
    expected: Option<Revision>,
    change: &Change,
    at_unix_ms: u64,
) -> Result<Applied, StoreError> {
    let before = Namespace::find_at(db, scope.namespace, expected)?;
    let mut work = Work::new(db, &before, scope.vectors, scope.dimensions);
    let words = make(&mut work, change)?;
    let Work { namespace: mut after, revision, edits, rows, .. } = work;
    if edits.is_empty() {
        return Ok(Applied { revision: before.revision, changed: false, edits });
    }
    db.prepare_cached(
        "INSERT INTO revisions (namespace_id, number, at_ms, change, first_id)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![after.id, revision.get(), at_unix_ms, words, before.next_id])?;
    after.revision = revision;
    let oldest = (revision.get() + 1).saturating_sub(scope.keep_revisions.max(1));
    after.oldest_kept = after.oldest_kept.max(Revision::from(oldest));
    after.write(db)?;
    prune::sweep(db, &after, rows)?;
    Ok(Applied { revision, changed: true, edits })
}

/// What a change is made in and with.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) namespace: &'a NamespaceName,
    pub(crate) vectors: &'a Vectors,
    pub(crate) dimensions: usize,
    pub(crate) keep_revisions: u64,
}

/// Makes it, and says in words what it was.
fn make(work: &mut Work<'_>, change: &Change) -> Result<String, StoreError> {
    match change {
        Change::Upsert(route) => {
            work.upsert(route)?;
            Ok(format!("upsert {}", route.name))
        }
        Change::Patch(name, patch) => {
            work.patch(name, patch)?;
            Ok(format!("patch {name}"))
        }
        Change::DeleteRoute(name) => {
            work.delete_route(name)?;
            Ok(format!("delete {name}"))
        }
        Change::AddTexts(owner, texts) => {
            let count = work.add_texts(owner, texts)?;
            Ok(format!("add {}", texts::words(owner, count)))
        }
        Change::RemoveTexts(owner, texts) => {
            let count = work.remove_texts(owner, texts)?;
            Ok(format!("remove {}", texts::words(owner, count)))
        }
        Change::Settings(patch) => {
            let settings = work.settings()?;
            work.set_settings(&patch.apply(&settings))?;
            Ok("settings".to_owned())
        }
        Change::Import(file, mode) => {
            work.import(file, *mode)?;
            Ok(import::words(file, *mode))
        }
        Change::Rollback(to) => {
            work.rollback(*to)?;
            Ok(format!("rollback to {to}"))
        }
        _ => Err(StoreError::UnknownChange),
    }
}
