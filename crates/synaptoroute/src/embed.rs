//! Many texts to vectors, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use synaptoroute_encoder::{EncodeError, Encoder};

use crate::executor::Threads;

/// Called with texts done and texts in all, from any thread.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Texts a thread takes at a time: enough to make taking them cheap, few enough to share
/// out evenly.
const CHUNK: usize = 16;

/// A chunk's place and its vectors.
type Part = (usize, Vec<Vec<f32>>);

/// A text's place, and why it could not be encoded.
type Failed = (usize, EncodeError);

/// One vector a text, in order; the same whatever the number of threads.
pub(crate) fn embed_all(
    encoder: &dyn Encoder,
    texts: &[&str],
    threads: Threads,
    progress: Progress<'_>,
) -> Result<Vec<Vec<f32>>, Failed> {
    let chunks: Vec<&[&str]> = texts.chunks(CHUNK).collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || -> Result<Vec<Part>, Failed> {
        let mut mine = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = chunks.get(index) else {
                return Ok(mine);
            };
            let vectors = embed(encoder, chunk);
            mine.push((index, vectors.map_err(|(i, error)| (index * CHUNK + i, error))?));
            let done = chunk.len() + done.fetch_add(chunk.len(), Ordering::Relaxed);
            progress(done, texts.len());
        }
    };
    let threads = threads.count().min(chunks.len());
    let mut parts = if threads <= 1 {
        work()?
    } else {
        let results: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        let mut parts = Vec::with_capacity(chunks.len());
        for result in results {
            parts.extend(result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        parts
    };
    parts.sort_unstable_by_key(|(index, _)| *index);
    Ok(parts.into_iter().flat_map(|(_, vectors)| vectors).collect())
}

/// One chunk; where it fails, which of its texts did.
fn embed(encoder: &dyn Encoder, texts: &[&str]) -> Result<Vec<Vec<f32>>, Failed> {
    match encoder.encode(texts) {
        Ok(embeddings) => Ok(embeddings.into_iter().map(|embedding| embedding.vector).collect()),
        Err(error) => Err((error.index(), error)),
    }
}
