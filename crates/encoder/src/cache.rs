//! Embeddings of texts that were seen before.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::encoder::{CacheStats, Embedding, EncodeError, Encoder, ModelInfo};

/// An encoder that remembers, within a bound on bytes.
///
/// A text is known again if it is the same byte for byte. Since a text's embedding does not
/// depend on the texts beside it, what comes from the cache is bitwise what the encoder would
/// make; and since the cache belongs to its encoder, no vector crosses models.
///
/// A text that comes once does not drive out those that come often, so an import of many texts
/// leaves the cache useful. Do not put it before an encoder that is asked every text once: it
/// would only cost memory.
pub struct Cached<E> {
    encoder: E,
    known: Cache<Box<str>, Embedding, Bytes>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// What an entry takes: the text, the vector, and about as much again for finding it as two
/// dozen words.
#[derive(Clone)]
struct Bytes;

const OVERHEAD: usize = 192;

impl Weighter<Box<str>, Embedding> for Bytes {
    fn weight(&self, text: &Box<str>, embedding: &Embedding) -> u64 {
        bytes(text.len(), embedding.vector.len())
    }
}

fn bytes(text: usize, dimensions: usize) -> u64 {
    (text + dimensions * mem::size_of::<f32>() + OVERHEAD) as u64
}

impl<E: Encoder> Cached<E> {
    /// Remembers what `encoder` makes, in at most `capacity_bytes`.
    #[must_use]
    pub fn new(encoder: E, capacity_bytes: u64) -> Self {
        // Of a text of a short sentence.
        let entry = bytes(64, encoder.model().dimensions);
        let entries = usize::try_from(capacity_bytes / entry).unwrap_or(usize::MAX);
        Self {
            known: Cache::with_weighter(entries, capacity_bytes, Bytes),
            encoder,
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }
}

impl<E: Encoder> Encoder for Cached<E> {
    fn model(&self) -> &ModelInfo {
        self.encoder.model()
    }

    fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>, EncodeError> {
        Ok(self.encode_timed(texts)?.0)
    }

    fn encode_timed(&self, texts: &[&str]) -> Result<(Vec<Embedding>, Duration), EncodeError> {
        let mut tokenising = Duration::ZERO;
        let mut found: Vec<Option<Embedding>> =
            texts.iter().map(|text| self.known.get(*text)).collect();
        let missing: Vec<usize> =
            (0..texts.len()).filter(|place| found[*place].is_none()).collect();
        self.hits.fetch_add((texts.len() - missing.len()) as u64, Ordering::Relaxed);
        if !missing.is_empty() {
            self.misses.fetch_add(missing.len() as u64, Ordering::Relaxed);
            let unknown: Vec<&str> = missing.iter().map(|place| texts[*place]).collect();
            let made = self.encoder.encode_timed(&unknown);
            let (made, time) = made.map_err(|error| error.moved(&missing))?;
            tokenising = time;
            for (place, embedding) in missing.into_iter().zip(made) {
                self.known.insert(texts[place].into(), embedding.clone());
                found[place] = Some(embedding);
            }
        }
        Ok((found.into_iter().flatten().collect(), tokenising))
    }

    fn knows(&self, word: &str) -> bool {
        self.encoder.knows(word)
    }

    fn out_of_fold(&self) -> Option<&[u8]> {
        self.encoder.out_of_fold()
    }

    fn cache_stats(&self) -> Option<CacheStats> {
        Some(CacheStats {
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
            texts: self.known.len() as u64,
            bytes: self.known.weight(),
            capacity_bytes: self.known.capacity(),
        })
    }
}

#[cfg(test)]
mod tests;
