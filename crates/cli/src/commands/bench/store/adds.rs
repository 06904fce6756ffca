//! Adding one utterance after the other, alone and with many others at it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use synaptoroute::{Change, Owner, Router, Text};

use super::super::quantiles::Quantiles;
use super::dataset::{Dataset, name};
use crate::failure::Failure;

/// Single adds of one measurement.
const ADDS: usize = 1000;

/// How long each number of writers is at it.
const SPAN: Duration = Duration::from_secs(3);

pub(super) const WRITERS: usize = 64;

/// One writer, ready-made vectors.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Adds {
    /// The transaction, until the disk has it.
    pub(super) commit: Quantiles,
    /// Everything else: waiting for one's turn, the next snapshot, publishing it.
    pub(super) beyond: Quantiles,
}

/// Adds one utterance with its vector.
pub(super) fn add(
    router: &Router,
    route: usize,
    text: Text,
    vector: Vec<f32>,
) -> Result<(), Failure> {
    let change = Change::AddTexts(Owner::Utterances(name(route)), vec![text]);
    let draft = router.draft(change, None)?;
    router.commit(draft, [vector])?;
    Ok(())
}

pub(super) fn one_by_one(router: &Router, dataset: &mut Dataset) -> Result<Adds, Failure> {
    let (mut commits, mut beyond) = (Vec::with_capacity(ADDS), Vec::with_capacity(ADDS));
    for _ in 0..ADDS {
        let route = dataset.any_route();
        let (text, vector) = dataset.utterance(route);
        let begun = Instant::now();
        add(router, route, text, vector)?;
        let whole = begun.elapsed();
        let commit = router.last_transaction();
        commits.push(commit.as_secs_f64() * 1e3);
        beyond.push(whole.saturating_sub(commit).as_secs_f64() * 1e3);
    }
    Ok(Adds { commit: Quantiles::of(&mut commits), beyond: Quantiles::of(&mut beyond) })
}

/// Acknowledged adds a second of so many writers.
pub(super) fn at_once(
    router: &Router,
    dataset: &mut Dataset,
    writers: usize,
) -> Result<f64, Failure> {
    // Made beforehand: the writers do nothing but write.
    let each: usize = 40_000 / writers;
    let mut ready = Vec::with_capacity(writers);
    for _ in 0..writers {
        let mine: Vec<_> = (0..each)
            .map(|_| {
                let route = dataset.any_route();
                let (text, vector) = dataset.utterance(route);
                (route, text, vector)
            })
            .collect();
        ready.push(mine);
    }
    let done = AtomicUsize::new(0);
    let begun = Instant::now();
    let write = |mine: Vec<(usize, Text, Vec<f32>)>| -> Result<(), Failure> {
        for (route, text, vector) in mine {
            if begun.elapsed() >= SPAN {
                break;
            }
            add(router, route, text, vector)?;
            done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    let results: Vec<_> = thread::scope(|scope| {
        let write = &write;
        let threads: Vec<_> =
            ready.into_iter().map(|mine| scope.spawn(move || write(mine))).collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    for result in results {
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    }
    Ok(done.into_inner() as f64 / begun.elapsed().as_secs_f64())
}
