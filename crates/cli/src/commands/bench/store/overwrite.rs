//! One route, overwritten again and again.

use std::fs;
use std::path::Path;

use serde::Serialize;
use synaptoroute::{Change, Durability, OpenOptions, Route, Router, StoreOptions};

use super::Encoding;
use super::dataset::{Dataset, name};
use crate::commands::bench::process::Process;
use crate::failure::Failure;

const TIMES: usize = 10_000;

/// Utterances of the route, all others each time.
const UTTERANCES: usize = 5;

/// After how many times it is looked at.
const EVERY: usize = 1_000;

/// What is there after so many times.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Overwritten {
    pub(super) times: usize,
    /// The file and its log.
    pub(super) file_mb: f64,
    /// The process, all else included.
    pub(super) resident_mb: Option<f64>,
    /// Texts, vectors and what is searched, as the router counts them.
    pub(super) snapshot_kb: f64,
}

pub(super) fn measure(
    encoding: &Encoding,
    dataset: &mut Dataset,
    path: &Path,
    progress: &dyn Fn(),
) -> Result<Vec<Overwritten>, Failure> {
    // Ten thousand waits for the disk would tell nothing about sizes.
    let store = StoreOptions { durability: Durability::Relaxed, ..StoreOptions::default() };
    let options = OpenOptions { store, ..OpenOptions::default() };
    let router = Router::open(encoding.encoder(), path, options, &|_, _| ())?;
    let mut seen = Vec::new();
    for time in 1..=TIMES {
        let (texts, vectors): (Vec<_>, Vec<_>) =
            (0..UTTERANCES).map(|_| dataset.utterance(0)).unzip();
        let route = Route::new(name(0), texts).map_err(|e| Failure::Bench(e.to_string()))?;
        let draft = router.draft(Change::Upsert(route), None)?;
        router.commit(draft, vectors)?;
        progress();
        if time % EVERY == 0 {
            seen.push(Overwritten {
                times: time,
                file_mb: file_mb(path),
                resident_mb: Process::own().resident_mb(),
                snapshot_kb: router.snapshot().bytes() as f64 / 1e3,
            });
        }
    }
    Ok(seen)
}

/// The database and its log.
fn file_mb(path: &Path) -> f64 {
    let log = {
        let mut name = path.as_os_str().to_owned();
        name.push("-wal");
        name
    };
    let size = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.len());
    (size(path) + size(Path::new(&log))) as f64 / 1e6
}
