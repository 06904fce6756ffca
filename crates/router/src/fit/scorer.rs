//! A fit at the moment of a decision: what it adds to `nearest`.

use synaptoroute_kernels::Kernels;

use super::Fit;
use super::acceptance::Acceptance;
use crate::confidence::DEFAULT_CUT;
use crate::decide::Query;
use crate::explain::CutSource;
use crate::threshold::Cut;

/// What is known of every learned route for one query, before any utterance is looked at.
pub(crate) struct Scorer<'a> {
    fit: Option<&'a Fit>,
    acceptance: Acceptance,
    head: Vec<f32>,
    centroid: Vec<f32>,
    lexical: Vec<f32>,
}

/// The learned evidence of one route for one query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rest {
    pub(crate) centroid: f64,
    pub(crate) head: f64,
    pub(crate) lexical: f64,
}

/// What counts for a route, and how much of it comes from each kind of evidence.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// The route was learned.
    Learned(Rest),
    /// It was not: so much stands in for the rest of the score, and of the sum.
    Imputed { score: f64, sum: f64 },
    /// Nothing was fitted.
    Plain,
}

impl<'a> Scorer<'a> {
    /// `prior` is confidence while nothing was fitted.
    pub(crate) fn new(
        fit: Option<&'a Fit>,
        prior: Acceptance,
        kernels: &Kernels,
        query: &Query<'_>,
    ) -> Self {
        let none = Vec::new;
        let Some(fit) = fit else {
            return Self {
                fit,
                acceptance: prior,
                head: none(),
                centroid: none(),
                lexical: none(),
            };
        };
        let routes = fit.routes.len();
        let products = |wanted: bool, rows: &[f32]| {
            let mut out = vec![0.0; if wanted { routes } else { 0 }];
            if wanted {
                kernels.dot_rows(query.vector, rows, &mut out);
            }
            out
        };
        let (score, sum, learned) = (&fit.score, &fit.sum, &fit.learned);
        let mut head = products(score.head != 0.0 || sum.head != 0.0, &learned.head.weights.data);
        head.iter_mut().zip(&learned.head.biases).for_each(|(logit, bias)| *logit += bias);
        let centroid =
            products(score.centroid != 0.0 || sum.centroid != 0.0, &learned.centroids.data);
        let mut lexical = none();
        if score.lexical != 0.0 || sum.lexical != 0.0 {
            lexical.resize(routes, 0.0);
            learned.lexicon.cosines(&learned.vocabulary.vector(query.text), &mut lexical);
        }
        Self { fit: Some(fit), acceptance: fit.acceptance, head, centroid, lexical }
    }

    fn rest(&self, row: u32) -> Rest {
        let at = |evidence: &[f32]| evidence.get(row as usize).copied().map_or(0.0, f64::from);
        Rest { centroid: at(&self.centroid), head: at(&self.head), lexical: at(&self.lexical) }
    }

    /// What is known of a route, besides its `nearest`; `row` is where it stands in the fit.
    pub(crate) fn part(&self, row: Option<u32>, nearest: f64) -> Part {
        match (self.fit, row) {
            (None, _) => Part::Plain,
            (Some(_), Some(row)) => Part::Learned(self.rest(row)),
            (Some(fit), None) => {
                Part::Imputed { score: fit.score_line.at(nearest), sum: fit.sum_line.at(nearest) }
            }
        }
    }

    /// What candidates are ordered by; it rises with `nearest`.
    pub(crate) fn score(&self, row: Option<u32>, nearest: f64) -> f64 {
        nearest + self.added(row, nearest).0
    }

    /// What confidence is made of; it rises with `nearest`.
    pub(crate) fn sum(&self, row: Option<u32>, nearest: f64) -> f64 {
        nearest + self.added(row, nearest).1
    }

    /// What is added to `nearest`, for the score and for the sum.
    fn added(&self, row: Option<u32>, nearest: f64) -> (f64, f64) {
        match self.part(row, nearest) {
            Part::Plain => (0.0, 0.0),
            Part::Imputed { score, sum } => (score, sum),
            Part::Learned(rest) => {
                let fit = self.fit.expect("what was learned is of a fit");
                (fit.score.of(&rest), fit.sum.of(&rest))
            }
        }
    }

    /// The probability that a route of this sum is right.
    pub(crate) fn confidence(&self, sum: f64) -> f64 {
        self.acceptance.confidence(sum)
    }

    /// The sum from which on confidence reaches a cut.
    pub(crate) fn sum_at(&self, cut: Cut) -> f64 {
        self.acceptance.evidence(cut.get())
    }

    /// Whether confidence was fitted.
    pub(crate) fn is_calibrated(&self) -> bool {
        self.fit.is_some_and(|fit| fit.calibrated)
    }

    /// The cut of a route that was given none.
    pub(crate) fn cut(&self, row: Option<u32>) -> Cut {
        self.cut_and_source(row).0
    }

    /// The same, and where it comes from.
    pub(crate) fn cut_and_source(&self, row: Option<u32>) -> (Cut, CutSource) {
        let Some(fit) = self.fit else { return (DEFAULT_CUT, CutSource::Default) };
        match row.and_then(|row| fit.routes[row as usize].cut) {
            Some(own) => (own, CutSource::FittedRoute),
            None => (fit.cut, CutSource::Fitted),
        }
    }

    /// How much a unit of each kind of evidence counts, for the score and for the sum: of
    /// centroid, head and words.
    pub(crate) fn weights(&self) -> [(f64, f64); 3] {
        self.fit.map_or([(0.0, 0.0); 3], |Fit { score, sum, .. }| {
            [(score.centroid, sum.centroid), (score.head, sum.head), (score.lexical, sum.lexical)]
        })
    }

    /// The `nearest` at which a route's sum would reach this.
    pub(crate) fn nearest_for(&self, row: Option<u32>, sum: f64) -> f64 {
        match (self.fit, row) {
            (None, _) => sum,
            (Some(_), Some(_)) => sum - self.added(row, 0.0).1,
            (Some(fit), None) => (sum - fit.sum_line.at_zero) / (1.0 + fit.sum_line.slope),
        }
    }
}
