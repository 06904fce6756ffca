//! All numbers of an evaluation together.

use std::cmp::Ordering;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::confusion::{self, Confusion, RouteScore};
use super::curve::{self, RiskCoverage, SweepPoint};
use super::reliability::{self, Reliability};
use super::scope::{self, OutOfScope};
use super::{Judged, Share};
use crate::name::RouteName;
use crate::revision::Revision;
use crate::snapshot::Snapshot;

/// An evaluation that takes note of samples as they are judged.
#[derive(Clone, Debug)]
pub struct Evaluation {
    model: String,
    revision: Revision,
    routes: Vec<RouteName>,
    duplicates: usize,
    folds: Option<usize>,
    judged: Vec<Judged>,
}

/// How good the decisions were, in numbers, and each of them.
///
/// It reads back from JSON as it was, for [`Comparison`](super::Comparison) to set it beside
/// another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EvaluationReport))]
#[non_exhaustive]
pub struct Report {
    /// Name of the model that read the texts.
    pub model: String,
    /// The content that decided.
    pub revision: Revision,
    /// Whether confidence was fitted to these routes.
    pub calibrated: bool,
    /// The folds, where the samples are utterances that were held out in turn; null where they
    /// are samples.
    pub folds: Option<usize>,
    /// How many samples there are.
    pub counts: SampleCounts,
    /// Of what belongs to a route, the share that this route took. Null where nothing does.
    pub accuracy: Option<Share>,
    /// Of what belongs to a route, the share that any route took. Null where nothing does.
    pub coverage: Option<Share>,
    /// Of what belongs to a route, the share whose first candidate that route is, taken or not.
    /// Null where nothing does.
    pub forced_accuracy: Option<Share>,
    /// The mean of the routes' F1. Null where nothing belongs to a route.
    pub macro_f1: Option<f64>,
    /// Null where every sample belongs to a route.
    pub out_of_scope: Option<OutOfScope>,
    /// By name; those that no sample belongs to and that took none are left out.
    pub routes: Vec<RouteScore>,
    /// Routes that no sample belongs to, by name; with folds, those of a single utterance, which
    /// cannot be held out.
    pub routes_without_samples: Vec<RouteName>,
    /// All pairs of where samples belong and where they went, the most frequent first.
    pub confusion: Vec<Confusion>,
    /// How the risk grows with what is answered.
    pub risk_coverage: RiskCoverage,
    /// Whether confidence can be believed.
    pub reliability: Reliability,
    /// What one cut for all routes would do, from 0 to 1 by hundredths.
    pub sweep: Vec<SweepPoint>,
    /// Each sample: first the wrong ones, the most confident first.
    pub samples: Vec<Judged>,
}

/// How many samples there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct SampleCounts {
    /// Those that belong to a route.
    pub in_scope: usize,
    /// Those that belong to none.
    pub out_of_scope: usize,
    /// Repeats that were left out.
    pub duplicates: usize,
}

impl Evaluation {
    /// Of the decisions of this snapshot, whose vectors a model of this name made.
    #[must_use]
    pub fn new(snapshot: &Snapshot, model: &str) -> Self {
        Self {
            model: model.to_owned(),
            revision: snapshot.revision(),
            routes: snapshot.routes().map(|route| route.name.clone()).collect(),
            duplicates: 0,
            folds: None,
            judged: Vec::new(),
        }
    }

    /// With so many repeats that were left out.
    #[must_use]
    pub fn with_duplicates(self, duplicates: usize) -> Self {
        Self { duplicates, ..self }
    }

    /// With samples that are utterances, held out in so many folds.
    pub(super) fn in_folds(self, folds: usize) -> Self {
        Self { folds: Some(folds), ..self }
    }

    /// Takes note of samples.
    pub fn add(&mut self, judged: impl IntoIterator<Item = Judged>) {
        self.judged.extend(judged);
    }

    /// The numbers: the same to the bit in whatever order the samples came. None without samples.
    #[must_use]
    pub fn report(self) -> Option<Report> {
        let mut samples = self.judged;
        if samples.is_empty() {
            return None;
        }
        samples.sort_by(worst_first);
        let in_scope = samples.iter().filter(|sample| sample.is_in_scope()).count();
        let share = |is: &dyn Fn(&Judged) -> bool| {
            let count = samples.iter().filter(|sample| sample.is_in_scope() && is(sample)).count();
            Share::new(count, in_scope)
        };
        let routes = confusion::routes(&samples);
        let seen: HashSet<&RouteName> =
            samples.iter().filter_map(|sample| sample.expected.as_ref()).collect();
        let (known, sampled) = (self.routes.iter(), |route: &RouteName| seen.contains(route));
        Some(Report {
            model: self.model,
            revision: self.revision,
            calibrated: samples.iter().all(|sample| sample.calibrated),
            folds: self.folds,
            counts: SampleCounts {
                in_scope,
                out_of_scope: samples.len() - in_scope,
                duplicates: self.duplicates,
            },
            accuracy: share(&|sample| sample.right),
            coverage: share(&|sample| sample.got.is_some()),
            forced_accuracy: share(&Judged::first_is_right),
            macro_f1: confusion::macro_f1(&routes),
            out_of_scope: scope::out_of_scope(&samples),
            routes,
            routes_without_samples: known.filter(|route| !sampled(route)).cloned().collect(),
            confusion: confusion::pairs(&samples),
            risk_coverage: curve::risk_coverage(&samples),
            reliability: reliability::reliability(&samples),
            sweep: curve::sweep(&samples),
            samples,
        })
    }
}

impl Report {
    /// The samples that came out wrong, the most confident first.
    #[must_use]
    pub fn errors(&self) -> &[Judged] {
        &self.samples[..self.samples.partition_point(|sample| !sample.right)]
    }

    /// The same report on some of its samples; none if there are none.
    pub(super) fn only(&self, keep: impl Fn(&Judged) -> bool) -> Option<Self> {
        let evaluation = Evaluation {
            model: self.model.clone(),
            revision: self.revision,
            routes: Vec::new(),
            duplicates: 0,
            folds: self.folds,
            judged: self.samples.iter().filter(|sample| keep(sample)).cloned().collect(),
        };
        evaluation.report()
    }
}

/// An order of all there are, so that no sum depends on how they came.
fn worst_first(a: &Judged, b: &Judged) -> Ordering {
    a.right
        .cmp(&b.right)
        .then_with(|| b.confidence.total_cmp(&a.confidence))
        .then_with(|| a.text.as_str().cmp(b.text.as_str()))
        .then_with(|| a.expected.cmp(&b.expected))
}
