//! Decisions of a snapshot on samples.

use synaptoroute::{
    Background, EvidenceSet, FitInputs, FitReport, Labelled, Objective, Query, Snapshot, Threads,
    TopK,
};
use synaptoroute_benches::{BenchError, Sample};

use crate::sets::Vectors;

/// What a decision said of a query.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// The first candidate is the right route.
    pub(crate) right: bool,
    pub(crate) confidence: f64,
    /// The score of the first candidate.
    pub(crate) score: f64,
    pub(crate) accepted: bool,
}

pub(crate) fn inputs<'a>(background: &'a [Background], samples: &'a [Labelled]) -> FitInputs<'a> {
    FitInputs {
        objective: Objective::default(),
        evidence: EvidenceSet::default(),
        background,
        samples,
        out_of_fold: None,
    }
}

/// The snapshot with a fit, on all cores.
pub(crate) fn fit(
    snapshot: &Snapshot,
    inputs: &FitInputs<'_>,
) -> Result<(Snapshot, FitReport), BenchError> {
    let fitted = snapshot.fit(inputs, &Threads::all())?;
    Ok((snapshot.with_fit(fitted.fit), fitted.report))
}

pub(crate) fn decide(
    vectors: &mut Vectors,
    snapshot: &Snapshot,
    samples: &[Sample],
) -> Result<Vec<Said>, BenchError> {
    let read = |sample: &Sample| vectors.reading(snapshot, &sample.text);
    let readings: Vec<String> = samples.iter().map(read).collect();
    vectors.make(readings.iter().map(String::as_str))?;
    let one = TopK::try_from(1).expect("one is a number of candidates");
    let said = |(sample, reading): (&Sample, &String)| {
        let vector = vectors.of(reading);
        let query = Query { text: reading, vector: &vector };
        let decision = snapshot.decide(query, Some(one));
        let first = &decision.candidates[0];
        Said {
            right: first.route.as_str() == sample.intent,
            confidence: decision.confidence,
            score: first.score,
            accepted: decision.intent.is_some(),
        }
    };
    Ok(samples.iter().zip(&readings).map(said).collect())
}
