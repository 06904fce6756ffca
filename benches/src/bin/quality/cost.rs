//! What a fit takes, and what it adds to a decision.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use synaptoroute::{Query, Snapshot, TopK};
use synaptoroute_benches::{BenchError, Sample};

use crate::run::{fit, inputs};
use crate::sets::{SETS, Size, Vectors};

pub(crate) fn print(vectors: &mut Vectors, data: &Path) -> Result<(), BenchError> {
    let set = &SETS[0];
    let background = set.background(vectors)?;
    println!(
        "\n| routes x utterances | fit, all cores, s | decision beyond search, us | without fit, us |\n|---|--:|--:|--:|"
    );
    let full = set.train(data, Size::Full)?.swap_remove(0);
    let queries = set.inside(data)?;
    vectors.make(queries.iter().map(|sample| sample.text.as_str()))?;
    for (routes, utterances) in [(20, 10), (150, 100)] {
        let mut by_intent: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
        for sample in &full {
            by_intent.entry(&sample.intent).or_default().push(sample);
        }
        let some: Vec<Sample> = by_intent
            .values()
            .take(routes)
            .flat_map(|samples| samples.iter().take(utterances))
            .map(|sample| (*sample).clone())
            .collect();
        let plain = vectors.snapshot(&some)?;
        let mut best = f64::INFINITY;
        let mut fitted = None;
        for _ in 0..if routes == 20 { 5 } else { 2 } {
            let started = Instant::now();
            fitted = Some(fit(&plain, &inputs(&background, &[]))?.0);
            best = best.min(started.elapsed().as_secs_f64());
        }
        let fitted = fitted.as_ref().unwrap_or(&plain);
        println!(
            "| {routes} x {utterances} | {best:.3} | {:.1} | {:.1} |",
            beyond_search(vectors, fitted, &queries),
            beyond_search(vectors, &plain, &queries)
        );
    }
    Ok(())
}

/// The mean time of what a decision does besides scanning the rows, in microseconds: the time of
/// the whole, with reading over slips, less that of the scan alone.
fn beyond_search(vectors: &Vectors, snapshot: &Snapshot, queries: &[Sample]) -> f64 {
    let three = TopK::try_from(3).expect("a number of candidates");
    let without = snapshot.with_fit(None);
    let (mut whole, mut scan) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        let (mut this_whole, mut this_scan) = (Duration::ZERO, Duration::ZERO);
        for sample in queries.iter().take(500) {
            let vector = vectors.of(&sample.text);
            let query = Query { text: &sample.text, vector: &vector };
            let started = Instant::now();
            std::hint::black_box(vectors.reading(snapshot, &sample.text));
            std::hint::black_box(snapshot.decide(query, Some(three)));
            this_whole += started.elapsed();
            let started = Instant::now();
            std::hint::black_box(without.search(query));
            this_scan += started.elapsed();
        }
        whole = whole.min(this_whole);
        scan = scan.min(this_scan);
    }
    whole.saturating_sub(scan).as_secs_f64() * 1e6 / 500.0
}
