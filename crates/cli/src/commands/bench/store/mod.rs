//! `synaptoroute bench store`: what adding and searching cost as a database grows.
//!
//! Every time stands beside another of the same run: a commit beside a bare write to the same
//! disk, a search beside reading the same bytes, a query while routes change beside one while
//! nothing does, many writers beside one.

mod adds;
mod dataset;
mod disk;
mod live;
mod overwrite;
mod print;
mod search;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use synaptoroute::{
    Bert, Change, Durability, Encoder, OpenOptions, Owner, Route, Router, StoreOptions,
};

use self::adds::Adds;
use self::dataset::{Dataset, name};
use self::live::Live;
use self::overwrite::Overwritten;
use self::search::Search;
use super::quantiles::Quantiles;
use super::{cores, cpu};
use crate::args::{BenchArgs, BenchStoreArgs, EngineArgs};
use crate::engine;
use crate::failure::Failure;
use crate::output;

/// Sizes that are measured, up to the one that was asked for.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Utterances that are added at once while a database is filled.
const CHUNK: usize = 64;

/// What was measured; times are milliseconds.
#[derive(Serialize)]
struct Report {
    machine: String,
    isa: &'static str,
    /// Writing 4 KB to the same disk and waiting for it.
    bare_commit: Quantiles,
    sizes: Vec<Size>,
    /// Acknowledged adds a second.
    one_writer_per_second: f64,
    many_writers_per_second: f64,
    many_writers: usize,
    live: Live,
    overwritten: Vec<Overwritten>,
}

/// A database of so many utterances.
#[derive(Serialize)]
struct Size {
    utterances: usize,
    routes: usize,
    file_mb: f64,
    open_ms: f64,
    /// Of a service that has opened it, less one with an empty database; bytes an utterance.
    resident_bytes_each: Option<f64>,
    adds: Adds,
    search: Search,
}

/// The encoder, shared by the routers of a run.
struct Encoding(Arc<Bert>);

impl Encoding {
    fn encoder(&self) -> Arc<dyn Encoder> {
        Arc::clone(&self.0) as Arc<dyn Encoder>
    }

    fn open(&self, path: &Path, durability: Durability) -> Result<Router, Failure> {
        let store = StoreOptions { durability, ..StoreOptions::default() };
        let options = OpenOptions { store, ..OpenOptions::default() };
        Ok(Router::open(self.encoder(), path, options, &|_, _| ())?)
    }
}

pub(super) fn run(
    args: &BenchArgs,
    store: &BenchStoreArgs,
    engine_args: &EngineArgs,
) -> Result<(), Failure> {
    let folder = match &store.folder {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let folder = folder.map_err(|e| Failure::Bench(format!("no folder to write to: {e}")))?;
    let encoding = Encoding(Arc::new(engine::encoder(engine_args)?));
    let mut dataset = Dataset::new(&*encoding.0)?;
    let bare_commit = disk::bare_commits(folder.path())?;
    let empty = folder.path().join("empty.db");
    let empty_mb = live::resident_mb(engine_args, &empty)?;

    let path = folder.path().join("store.db");
    let mut sizes: Vec<Size> = Vec::new();
    for utterances in SIZES.into_iter().filter(|&size| size <= store.utterances) {
        fill(&encoding, &mut dataset, &path, utterances)?;
        let resident_mb = live::resident_mb(engine_args, &path)?;
        let each = resident_mb.zip(empty_mb).map(|(full, empty)| (full - empty) * 1e6);
        sizes.push(Size {
            resident_bytes_each: each.map(|bytes| bytes / utterances as f64),
            ..measure(&encoding, &mut dataset, &path, utterances)?
        });
    }
    let router = encoding.open(&path, Durability::Full)?;
    let one_writer_per_second = adds::at_once(&router, &mut dataset, 1)?;
    let many_writers_per_second = adds::at_once(&router, &mut dataset, adds::WRITERS)?;
    drop(router);
    let live = live::measure(engine_args, &path)?;
    let bar = output::progress(10_000, "overwrites");
    let overwritten =
        overwrite::measure(&encoding, &mut dataset, &folder.path().join("one.db"), &|| bar.inc(1))?;
    bar.finish_and_clear();
    let report = Report {
        machine: format!("{}, {} cores", cpu(), cores()),
        isa: encoding.0.model().isa.name(),
        bare_commit,
        sizes,
        one_writer_per_second,
        many_writers_per_second,
        many_writers: adds::WRITERS,
        live,
        overwritten,
    };
    if args.json { output::json(&report) } else { print::print(&report) }
}

/// Opens a database of this size and measures what can be in this process.
fn measure(
    encoding: &Encoding,
    dataset: &mut Dataset,
    path: &Path,
    utterances: usize,
) -> Result<Size, Failure> {
    let begun = Instant::now();
    let router = encoding.open(path, Durability::Full)?;
    let open_ms = begun.elapsed().as_secs_f64() * 1e3;
    let search = search::measure(&router.snapshot(), dataset)?;
    let adds = adds::one_by_one(&router, dataset)?;
    let file_mb = fs::metadata(path).map_or(0.0, |metadata| metadata.len() as f64 / 1e6);
    let routes = router.snapshot().route_count();
    Ok(Size { utterances, routes, file_mb, open_ms, resident_bytes_each: None, adds, search })
}

/// Adds utterances, some to each route in turn, until there are so many.
fn fill(
    encoding: &Encoding,
    dataset: &mut Dataset,
    path: &Path,
    utterances: usize,
) -> Result<(), Failure> {
    let router = encoding.open(path, Durability::Relaxed)?;
    let bar = output::progress(utterances, "utterances stored");
    let mut route = 0;
    loop {
        let stored = router.snapshot().text_count();
        bar.set_position(stored as u64);
        let missing = utterances.saturating_sub(stored);
        if missing == 0 {
            break;
        }
        let fair = (utterances / dataset.routes()).max(1);
        let count = CHUNK.min(missing).min(fair);
        let (texts, vectors): (Vec<_>, Vec<_>) =
            (0..count).map(|_| dataset.utterance(route)).unzip();
        let known = router.snapshot().route(name(route).as_str()).is_some();
        let change = if known {
            Change::AddTexts(Owner::Utterances(name(route)), texts)
        } else {
            let new = Route::new(name(route), texts);
            Change::Upsert(new.map_err(|e| Failure::Bench(e.to_string()))?)
        };
        let draft = router.draft(change, None)?;
        router.commit(draft, vectors)?;
        route = (route + 1) % dataset.routes();
    }
    bar.finish_and_clear();
    Ok(())
}
