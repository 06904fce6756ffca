//! Fitting: evidence that is learned, how much each kind counts, confidence, and cuts.
//!
//! - [`Snapshot::fit`](crate::Snapshot::fit) takes [`FitInputs`] and gives a [`Fit`] with its
//!   [`FitReport`]; [`Snapshot::with_fit`](crate::Snapshot::with_fit) puts it in force.
//! - `train` goes from the one to the other, by what `gathered` gathers. `inputs`, `options` and `objective` are what is asked
//!   for, `report` is what there is to tell.
//! - `corpus` is what is learned from, in canonical order; `head` (by `lbfgs`), `lexical` (by
//!   `ngrams`) and `learned` are what is learned; `held_out` is evidence from models that did not see
//!   the text; `matrix` is how tables of numbers lie in memory.
//! - `trials` are texts whose right answer is known, `judged` is what a rule would say of them.
//!   `blend` chooses how much evidence counts for *who*; `acceptance` learns confidence, which
//!   says *whether*; `cuts` meets an [`Objective`]; `rule` cross-validates the last two.
//! - `out_of_fold` is what is known of texts that the model has learned when it was tuned.
//! - `achieved` is what an objective makes of decisions elsewhere.
//! - `imputed` is what stands in for the evidence of routes that are newer than the fit.
//! - `spelling` reads misspelt words as the utterances have them.
//! - `scorer` is a fit at the moment of a decision; `wire` is how it is kept.
//!
//! It has no threads: independent parts go to an [`Executor`], which `executor` declares.

mod acceptance;
mod achieved;
mod blend;
mod corpus;
mod cuts;
mod executor;
mod gathered;
mod head;
mod held_out;
mod imputed;
mod inputs;
mod judged;
mod lbfgs;
mod learned;
mod lexical;
mod matrix;
mod ngrams;
mod objective;
mod options;
mod out_of_fold;
mod report;
mod rule;
mod scorer;
mod spelling;
mod train;
mod trials;
mod wire;

pub use self::executor::{Executor, Serial};
pub use self::inputs::{Background, FitInputs, FitPlan, Labelled};
pub use self::objective::{Cost, Fraction, Objective, ObjectiveError};
pub use self::options::EvidenceSet;
pub use self::out_of_fold::{OutOfFold, OutOfFoldError, Prediction};
pub use self::report::{EvidenceWeight, FitQuality, FitReport, RouteThreshold, Unfitted};
pub use self::train::Fitted;
pub use self::wire::FitFileError;

pub(crate) use self::acceptance::Acceptance;
pub(crate) use self::scorer::{Part, Scorer};

use self::blend::Weights;
use self::imputed::Line;
use self::learned::Learned;
use self::spelling::Spelling;
use crate::digest::TextsDigest;
use crate::name::RouteName;
use crate::revision::Revision;
use crate::text::Text;
use crate::threshold::Cut;

/// What was learned from a namespace's routes: evidence, confidence and cuts.
///
/// It belongs to names and texts, not to a snapshot: routes that came since are judged by
/// their nearest utterances, and routes that lost most of what was learned from them too.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    pub(crate) revision: Revision,
    pub(crate) inputs: String,
    pub(crate) plan: FitPlan,
    pub(crate) texts: TextsDigest,
    /// By name; the rows of what was learned are in this order.
    pub(crate) routes: Vec<FittedRoute>,
    pub(crate) learned: Learned,
    /// Empty where words may not count.
    pub(crate) spelling: Spelling,
    /// For *who*.
    pub(crate) score: Weights,
    /// For *whether*.
    pub(crate) sum: Weights,
    /// What stands in for the rest of the score, and of the sum, of routes that are new.
    pub(crate) score_line: Line,
    pub(crate) sum_line: Line,
    pub(crate) acceptance: Acceptance,
    /// Whether confidence was learned; if not it is that of nearest utterances anywhere, which
    /// did better on what was held out.
    pub(crate) calibrated: bool,
    pub(crate) cut: Cut,
}

/// A route as it was when it was learned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FittedRoute {
    pub(crate) name: RouteName,
    /// Hashes of its utterances, ascending.
    pub(crate) texts: Vec<u64>,
    /// Its own cut.
    pub(crate) cut: Option<Cut>,
}

/// Why nothing was fitted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A sample's label is no route.
    #[error(
        "the sample {text:?} is labelled {route:?}, which is no route here: correct the label, add \
         the route, or label it \"oos\" if it belongs to none",
        text = text.as_str(), route = route.as_str()
    )]
    UnknownRoute {
        /// The label.
        route: RouteName,
        /// The sample.
        text: Text,
    },
    /// The executor was told to give up.
    #[error("the fit was cancelled; nothing changed")]
    Cancelled,
}

impl Fit {
    /// The content it was made from.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// SHA-256 of all that it was made from, 64 hex digits.
    #[must_use]
    pub fn inputs(&self) -> &str {
        &self.inputs
    }

    /// What it was asked for.
    #[must_use]
    pub fn plan(&self) -> &FitPlan {
        &self.plan
    }

    /// The global cut on confidence.
    #[must_use]
    pub fn threshold(&self) -> Cut {
        self.cut
    }

    /// Cuts of single routes, by name.
    #[must_use]
    pub fn route_thresholds(&self) -> Vec<RouteThreshold> {
        let with = |route: &FittedRoute| {
            let threshold = route.cut?.get();
            Some(RouteThreshold { route: route.name.clone(), threshold })
        };
        self.routes.iter().filter_map(with).collect()
    }
}
