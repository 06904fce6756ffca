//! One decision beside reading what it scans, and beside computing everything in f32.

use std::time::Instant;

use serde::Serialize;
use synaptoroute::{Candidate, Decision, Owner, RouteName, Snapshot, TopK};

use super::super::quantiles::Quantiles;
use super::dataset::Dataset;
use crate::failure::Failure;

/// Decisions and readings, in turns.
const TURNS: usize = 60;

/// As many are computed in full and compared.
const COMPARED: usize = 20;

/// Times are of one query, one thread, milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Search {
    pub(super) decide: Quantiles,
    /// Reading the rows' bytes once.
    pub(super) stream: Quantiles,
    /// Medians divided.
    pub(super) times_stream: f64,
    /// Decisions compared with those computed in f32 from all vectors; none differed.
    pub(super) compared: usize,
}

pub(super) fn measure(snapshot: &Snapshot, dataset: &mut Dataset) -> Result<Search, Failure> {
    let (mut decide, mut stream) = (Vec::new(), Vec::new());
    let rounds = if snapshot.text_count() < 50_000 { 20 } else { 1 };
    for _ in 0..TURNS {
        let queries: Vec<Vec<f32>> = (0..rounds)
            .map(|_| {
                let route = dataset.any_route();
                dataset.vector(route)
            })
            .collect();
        let begun = Instant::now();
        for query in &queries {
            std::hint::black_box(snapshot.decide(query, None));
        }
        decide.push(begun.elapsed().as_secs_f64() * 1e3 / f64::from(rounds));
        let begun = Instant::now();
        (0..rounds).for_each(|_| snapshot.stream());
        stream.push(begun.elapsed().as_secs_f64() * 1e3 / f64::from(rounds));
    }
    let (decide, stream) = (Quantiles::of(&mut decide), Quantiles::of(&mut stream));
    let compared = compare(snapshot, dataset)?;
    Ok(Search { decide, stream, times_stream: decide.p50_ms / stream.p50_ms, compared })
}

/// Decides some queries the long way too.
fn compare(snapshot: &Snapshot, dataset: &mut Dataset) -> Result<usize, Failure> {
    let top_k = TopK::try_from(5).map_err(Failure::Bench)?;
    let owners = snapshot.routes().map(|route| route.name.clone());
    let rows: Vec<_> = owners
        .map(|name| {
            let texts = snapshot.placed_texts(&Owner::Utterances(name.clone()));
            (name, texts)
        })
        .collect();
    for _ in 0..COMPARED {
        let route = dataset.any_route();
        let query = dataset.vector(route);
        let mut all: Vec<(RouteName, f64, Vec<f64>)> = rows
            .iter()
            .map(|(name, texts)| {
                let mut best: Vec<f64> =
                    texts.iter().map(|text| f64::from(snapshot.cosine(&query, text))).collect();
                best.sort_unstable_by(|a, b| b.total_cmp(a));
                best.truncate(3);
                (name.clone(), best.iter().sum::<f64>() / best.len() as f64, best)
            })
            .collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let decision = snapshot.decide(&query, Some(top_k));
        let same = decision.candidates.len() == 5
            && decision.candidates.iter().zip(&all).all(|(found, expected)| {
                found.route == expected.0 && found.score == expected.1 && near(found) == expected.2
            });
        if !same {
            return Err(differs(&decision, &all));
        }
    }
    Ok(COMPARED)
}

fn near(candidate: &Candidate) -> Vec<f64> {
    candidate.nearest.iter().map(|near| near.similarity).collect()
}

fn differs(decision: &Decision, expected: &[(RouteName, f64, Vec<f64>)]) -> Failure {
    let found: Vec<_> = decision.candidates.iter().map(|c| (&c.route, c.score)).collect();
    Failure::Bench(format!(
        "a decision differs from one computed in full: {found:?}, not {:?}; please report this",
        &expected[..expected.len().min(5)]
    ))
}
