//! How good the decisions are: measured on labelled samples, or on the utterances themselves.
//!
//! An [`Evaluation`] takes what the router said to each sample and gives a [`Report`], which
//! says the same in whatever order they came. [`Comparison`] sets two reports side by side.
//!
//! - `judged`: one sample, and what the router said to it.
//! - `report`: all numbers of an evaluation together.
//! - `share`: a share of samples, and the interval it is known to.
//! - `confusion`: routes one by one, and which are taken for which.
//! - `curve`: what other cuts on confidence would do.
//! - `reliability`: whether confidence is the probability it says it is.
//! - `scope`: how well confidence tells what belongs to no route; `auroc` is the number for that.
//! - `folds`: samples where there are none but the utterances: cross-validation.
//! - `comparison`: what changed between two reports.
//!
//! When not to use it: to choose cuts or weights. A number that something was chosen by is no
//! measure of it any more; keep samples apart for the end.

mod auroc;
mod comparison;
mod confusion;
mod curve;
mod folds;
mod judged;
mod reliability;
mod report;
mod scope;
mod share;
#[cfg(test)]
mod tests;

pub use auroc::auroc;
pub use comparison::{ChangeKind, ChangedSample, Comparison, Difference, Pair};
pub use confusion::{Confusion, RouteScore};
pub use curve::{CurvePoint, RiskCoverage, SweepPoint};
pub use folds::{CrossValidation, FoldCount};
pub use judged::Judged;
pub use reliability::{Bin, Reliability};
pub use report::{Evaluation, Report, SampleCounts};
pub use scope::{Estimate, OutOfScope};
pub use share::Share;
