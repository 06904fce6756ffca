//! Vectors of another model for all texts.

use rusqlite::params;
use synaptoroute_router::Text;

use crate::error::StoreError;
use crate::model::ModelIdentity;
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

impl Store {
    /// Replaces every vector of the file, those of kept revisions too, by what `embed` makes
    /// of its text, and names `model` as their maker: all in one transaction, so that a file
    /// never mixes two models' vectors, and an interrupted call changes nothing. Fits are forgotten:
    /// they were learned from the old vectors.
    ///
    /// `embed` gets up to 512 texts and gives a vector for each, in order. `progress` is
    /// called with texts done and texts in all.
    ///
    /// # Errors
    ///
    /// See [`ReembedError`].
    pub fn reembed<E>(
        &mut self,
        model: &ModelIdentity,
        mut embed: impl FnMut(&[Text]) -> Result<Vec<Vec<f32>>, E>,
        progress: &dyn Fn(usize, usize),
    ) -> Result<(), ReembedError<E>> {
        self.check_place()?;
        let transaction = self.reads.db.unchecked_transaction().map_err(StoreError::from)?;
        let all: usize = transaction
            .query_row("SELECT count(*) FROM texts", [], |row| row.get(0))
            .map_err(StoreError::from)?;
        let mut done = 0;
        let mut last = i64::MIN;
        loop {
            let batch = after(&transaction, last)?;
            let Some(&(id, _)) = batch.last() else {
                break;
            };
            last = id;
            let (ids, batch): (Vec<i64>, Vec<Text>) = batch.into_iter().unzip();
            let vectors = embed(&batch).map_err(ReembedError::Embed)?;
            if vectors.len() != batch.len() {
                let (expected, found) = (batch.len(), vectors.len());
                return Err(ReembedError::Count { expected, found });
            }
            for ((id, text), vector) in ids.into_iter().zip(&batch).zip(&vectors) {
                if vector.len() != model.dimensions {
                    let (expected, found) = (model.dimensions, vector.len());
                    return Err(StoreError::VectorWidth { expected, found }.into());
                }
                texts::replace_vector(&transaction, id, text, vector)?;
            }
            done += batch.len();
            progress(done, all);
        }
        crate::fits::forget(&transaction)?;
        model.write(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        self.committed();
        self.reads.model = model.clone();
        Ok(())
    }
}

fn after(db: &rusqlite::Connection, id: i64) -> Result<Vec<(i64, Text)>, StoreError> {
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
