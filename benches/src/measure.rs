//! Routes from samples, decisions on samples, and what is read off them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use synaptoroute::{
    Bert, Kernels, ModelFile, Route, RouteName, RouteOptions, Router, RoutesFile, Settings, Text,
};

use crate::{BenchError, Sample};

/// The best route of a query, whether it passes or not.
#[derive(Clone, Debug, PartialEq)]
pub struct Best {
    /// Its name.
    pub route: String,
    /// What the decision gave it.
    pub score: f64,
}

/// The committed model, on the instruction set the environment names.
///
/// # Errors
///
/// The model or the instruction set cannot be used.
pub fn encoder() -> Result<Arc<Bert>, BenchError> {
    Ok(Arc::new(Bert::open(model_path(), Kernels::from_env()?)?))
}

/// The committed model file.
///
/// # Errors
///
/// It cannot be read.
pub fn model_file() -> Result<ModelFile, BenchError> {
    Ok(ModelFile::open(model_path())?)
}

fn model_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/bge-small-en-v1.5/model.safetensors")
}

/// Samples as a routes file.
///
/// # Errors
///
/// A label or a text is none the router takes.
pub fn routes_of(samples: &[Sample]) -> Result<RoutesFile, BenchError> {
    let mut by_name: BTreeMap<&str, Vec<Text>> = BTreeMap::new();
    for Sample { text, intent } in samples {
        by_name.entry(intent).or_default().push(Text::try_from(text.as_str())?);
    }
    let route = |(name, utterances)| -> Result<Route, BenchError> {
        Ok(Route::new(RouteName::try_from(name)?, utterances)?)
    };
    let routes = by_name.into_iter().map(route).collect::<Result<_, _>>()?;
    Ok(RoutesFile::new(Settings::default(), Vec::new(), routes))
}

/// Makes a router of `routes` and asks it for the best of them for each query.
///
/// # Errors
///
/// A label or a text is none the router takes.
pub fn best_routes(
    encoder: &Arc<Bert>,
    routes: &[Sample],
    queries: &[Sample],
) -> Result<Vec<Best>, BenchError> {
    let router = Router::new(Arc::<Bert>::clone(encoder));
    router.load(routes_of(routes)?, &|_, _| ())?;
    let texts: Vec<Text> =
        queries.iter().map(|q| Text::try_from(q.text.as_str())).collect::<Result<_, _>>()?;

    let bar = ProgressBar::new(texts.len() as u64);
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} queries, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let decide = |part: &[Text]| -> Result<Vec<Best>, BenchError> {
        let mut best = Vec::with_capacity(part.len());
        for texts in part.chunks(32) {
            for answer in router.route_batch(texts, RouteOptions::default())? {
                let first = answer.decision.candidates.into_iter().next();
                let first = first.expect("a router with routes has a candidate");
                best.push(Best { route: first.route.into(), score: first.score });
            }
            bar.inc(texts.len() as u64);
        }
        Ok(best)
    };
    let threads = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let parts: Vec<_> = thread::scope(|scope| {
        let parts = texts.chunks(texts.len().div_ceil(threads).max(1));
        let workers: Vec<_> = parts.map(|part| scope.spawn(|| decide(part))).collect();
        workers.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    bar.finish_and_clear();
    let mut all = Vec::with_capacity(queries.len());
    for part in parts {
        all.extend(part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
    }
    Ok(all)
}

/// The share of `outside` accepted at the cut that keeps `kept` of `inside`.
#[must_use]
pub fn fpr_at_kept(inside: &[Best], outside: &[Best], kept: f64) -> f64 {
    let mut scores: Vec<f64> = inside.iter().map(|best| best.score).collect();
    scores.sort_unstable_by(f64::total_cmp);
    let cut = scores[((1.0 - kept) * scores.len() as f64) as usize];
    let accepted = outside.iter().filter(|best| best.score >= cut).count();
    accepted as f64 / outside.len() as f64
}
