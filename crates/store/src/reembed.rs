//! Vectors of another model for all texts.

use std::mem;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use synaptoroute_router::{NamespaceName, Text};

use crate::error::StoreError;
use crate::fits::{self, NewFit};
use crate::models::{self, NewModel};
use crate::reads::Reads;
use crate::store::Store;
use crate::texts;

/// Texts that are embedded together: enough for an encoder to share out among its threads.
const BATCH: usize = 512;

/// Why a file was not re-embedded; then it is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReembedError<E> {
    /// The file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The texts could not be embedded.
    #[error("a text cannot be embedded: {0}")]
    Embed(E),
    /// Another number of vectors came back than texts were given.
    #[error("{expected} texts gave {found} vectors")]
    Count {
        /// Texts.
        expected: usize,
        /// Vectors.
        found: usize,
    },
}

/// Another model for a file, and what comes with it.
#[derive(Clone, Copy, Debug)]
pub struct Reembedding<'a> {
    /// Which makes the vectors from now on.
    pub model: &'a NewModel,
    /// The file of the model before it, if that is to lie in the database too.
    pub before: Option<&'a [u8]>,
    /// What was learned from its vectors, to be in force. Other fits are forgotten: they were learned
    /// from the old vectors.
    pub fits: &'a [(NamespaceName, NewFit)],
    /// The time for the log.
    pub at_unix_ms: u64,
}

impl Store {
    /// Replaces every vector of the file, those of kept revisions too, by what `embed` makes
    /// of its text, and names the model as their maker: all in one transaction, so that a file
    /// never mixes two models' vectors, and an interrupted call changes nothing. A fit of a namespace
    /// that is gone is left out.
    ///
    /// `embed` gets up to 512 texts and gives a vector for each, in order. `progress` is
    /// called with texts done and texts in all. `read` reads what will be there, before it is
    /// committed; if that fails, nothing is.
    ///
    /// # Errors
    ///
    /// See [`ReembedError`].
    pub fn reembed<T, E>(
        &mut self,
        new: Reembedding<'_>,
        embed: impl FnMut(&[Text]) -> Result<Vec<Vec<f32>>, E>,
        read: impl FnOnce(&Reads) -> Result<T, StoreError>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<T, ReembedError<E>> {
        self.check_place()?;
        let model = &new.model.identity;
        let behavior = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&self.reads.db, behavior);
        let transaction = transaction.map_err(StoreError::from)?;
        replace(&transaction, model.dimensions, embed, progress)?;
        fits::forget(&transaction)?;
        if let Some(file) = new.before {
            models::keep(&transaction, &self.reads.model, file)?;
        }
        models::put(&transaction, new.model, new.at_unix_ms)?;
        for (namespace, fit) in new.fits {
            match fits::put(&transaction, namespace, fit, new.at_unix_ms) {
                Err(StoreError::UnknownNamespace { .. }) => {}
                other => drop(other?),
            }
        }
        let before = mem::replace(&mut self.reads.model, model.clone());
        let done = read(&self.reads).and_then(|read| {
            transaction.commit()?;
            Ok(read)
        });
        match done {
            Ok(read) => {
                self.committed();
                Ok(read)
            }
            Err(error) => {
                self.reads.model = before;
                Err(error.into())
            }
        }
    }
}

impl Reads {
    /// All texts of the file, those of kept revisions too, each once.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is damaged.
    pub fn texts(&self) -> Result<Vec<Text>, StoreError> {
        let _one_state = self.one_state()?;
        let mut texts = Vec::new();
        let mut last = i64::MIN;
        loop {
            let batch = after(&self.db, last)?;
            let Some(&(id, _)) = batch.last() else { return Ok(texts) };
            last = id;
            texts.extend(batch.into_iter().map(|(_, text)| text));
        }
    }
}

fn replace<E>(
    db: &Connection,
    dimensions: usize,
    mut embed: impl FnMut(&[Text]) -> Result<Vec<Vec<f32>>, E>,
    progress: &dyn Fn(usize, usize),
) -> Result<(), ReembedError<E>> {
    let all: usize = db
        .query_row("SELECT count(*) FROM texts", [], |row| row.get(0))
        .map_err(StoreError::from)?;
    let mut done = 0;
    let mut last = i64::MIN;
    loop {
        let batch = after(db, last)?;
        let Some(&(id, _)) = batch.last() else {
            return Ok(());
        };
        last = id;
        let (ids, batch): (Vec<i64>, Vec<Text>) = batch.into_iter().unzip();
        let vectors = embed(&batch).map_err(ReembedError::Embed)?;
        if vectors.len() != batch.len() {
            let (expected, found) = (batch.len(), vectors.len());
            return Err(ReembedError::Count { expected, found });
        }
        for ((id, text), vector) in ids.into_iter().zip(&batch).zip(&vectors) {
            if vector.len() != dimensions {
                let found = vector.len();
                return Err(StoreError::VectorWidth { expected: dimensions, found }.into());
            }
            texts::replace_vector(db, id, text, vector)?;
        }
        done += batch.len();
        progress(done, all);
    }
}

fn after(db: &Connection, id: i64) -> Result<Vec<(i64, Text)>, StoreError> {
    let mut batch = db.prepare_cached(
        "SELECT id, text, vector, crc FROM texts WHERE id > ?1 ORDER BY id LIMIT ?2",
    )?;
    let mut rows = batch.query(params![id, BATCH])?;
    let mut texts = Vec::with_capacity(BATCH);
    while let Some(row) = rows.next()? {
        texts.push((row.get(0)?, texts::parse(row)?.0));
    }
    Ok(texts)
}
