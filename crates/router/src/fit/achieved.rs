//! What an objective makes of decisions that were made.

use super::cuts::{self, Rated};
use super::judged::{Judged, Origin, weigh};
use super::objective::Objective;
use crate::evaluation;
use crate::name::RouteName;

impl Objective {
    /// What it makes of decisions; more is better. One text in ten counts as out of scope, as in a fit.
    ///
    /// Where it promises a share, a cut that misses it by a hair has broken it, and that is chance: so
    /// what counts is the best that one cut on these confidences would reach while it keeps the promise.
    ///
    /// Nothing where no sample belongs to a route.
    #[must_use]
    pub fn achieved(self, samples: &[evaluation::Judged]) -> Option<f64> {
        if !samples.iter().any(evaluation::Judged::is_in_scope) {
            return None;
        }
        let named = |sample: &evaluation::Judged| [sample.first.clone(), sample.expected.clone()];
        let mut names: Vec<RouteName> = samples.iter().flat_map(named).flatten().collect();
        names.sort_unstable();
        names.dedup();
        let number = |name: &Option<RouteName>| names.binary_search(name.as_ref()?).ok();
        let judged = |sample: &evaluation::Judged| Judged {
            // Where there is no candidate nothing is taken, so none is as good as another.
            first: number(&sample.first).unwrap_or(0),
            evidence: sample.confidence,
            belongs: number(&sample.expected),
            weight: 0.0,
            fold: 0,
            origin: if sample.is_in_scope() { Origin::Utterance } else { Origin::Background },
        };
        let mut all: Vec<Judged> = samples.iter().map(judged).collect();
        weigh(&mut all);
        let verdicts: Vec<(&Judged, bool)> = if self.promises() {
            let rate = |judged| Rated { judged, confidence: judged.evidence };
            let rated: Vec<Rated<'_>> = all.iter().map(rate).collect();
            let cuts = cuts::global(self, &rated, names.len());
            rated.iter().map(|rated| (rated.judged, cuts.accept(rated))).collect()
        } else {
            all.iter().zip(samples).map(|(judged, sample)| (judged, sample.got.is_some())).collect()
        };
        Some(cuts::judge(self, &verdicts, names.len()))
    }

    /// Whether it is a share to be kept to, and not a number to be made large.
    fn promises(self) -> bool {
        match self {
            Self::Keep(_) | Self::MaxFalseAccept(_) | Self::MinPrecision(_) => true,
            Self::Accuracy | Self::F1 | Self::Cost(_) => false,
        }
    }
}
