//! Which route a vector belongs to, or none: routes, evidence, decisions.
//!
//! - [`Route`] is what people write: a name, utterances, cuts; [`RoutesFile`] is the file
//!   they write it in, and [`ContentHash`] tells whether two say the same. [`RouteName`],
//!   [`Text`], [`Cut`] are checked when they are made, so nothing further in checks them again.
//! - A [`Change`] is what a caller asks for, an [`Edit`] what it comes to once it is stored,
//!   a [`Diff`] how two revisions differ.
//! - [`Snapshot`] is a set of routes with their texts and vectors, immutable and cheap to
//!   derive the next one from; a [`Compaction`] tidies up behind many changes.
//! - [`Snapshot::fit`] learns from them: evidence, confidence and cuts, a [`Fit`];
//!   [`Snapshot::with_fit`] puts it in force.
//! - [`Snapshot::decide`] weighs the evidence and returns a [`Decision`].
//! - [`Samples`] are texts whose routes are known; an [`Evaluation`] of the decisions on them is a
//!   [`Report`], and a [`CrossValidation`] finds its samples among the utterances.
//! - [`Snapshot::lint`] looks for what is doubtful about the routes: each [`Finding`] says what to do.
//!
//! Pure: no I/O, no clock, no threads. It takes vectors as they come; making them is the
//! work of `synaptoroute-encoder`, and keeping a router alive that of `synaptoroute`.

mod change;
mod checked;
mod confidence;
mod content_hash;
mod decide;
mod decision;
mod digest;
mod edit;
mod evaluation;
mod evidence;
mod explain;
mod file;
mod fit;
mod history;
mod index;
mod lint;
mod metadata;
mod name;
mod revision;
mod route;
mod routes;
mod samples;
mod settings;
mod snapshot;
mod text;
mod text_order;
mod threshold;

pub use change::{Change, ImportMode, RoutePatch, SettingsPatch};
pub use confidence::{DEFAULT_CUT, Prior};
pub use content_hash::{ContentHash, ContentHashError};
pub use decide::{DecideOptions, Found, Query};
pub use decision::{Candidate, Decision, FitStatus, Neighbour, Outcome, Reason};
pub use digest::TextsDigest;
pub use edit::{Edit, Owner, Place, PlacedText};
pub use evaluation::{
    Bin, ChangeKind, ChangedSample, Comparison, Confusion, CrossValidation, CurvePoint, Difference,
    Estimate, Evaluation, FoldCount, Judged, OutOfScope, Pair, Reliability, Report, RiskCoverage,
    RouteScore, SampleCounts, Share, SweepPoint, auroc,
};
pub use evidence::NEAREST;
pub use explain::{CandidateExplanation, CutSource, EvidencePart, Explanation};
pub use file::{FileError, FileFit, FileFormat, Imported, MAX_FILE_BYTES, RoutesFile};
pub use fit::{
    Background, Cost, EvidenceSet, EvidenceWeight, Executor, Fit, FitError, FitFileError,
    FitInputs, FitPlan, FitQuality, FitReport, Fitted, Fraction, Labelled, Objective,
    ObjectiveError, OutOfFold, OutOfFoldError, Prediction, RouteThreshold, Serial, Unfitted,
};
pub use history::{Changed, Diff, RevisionEntry, RouteDiff, RouteDiffKind, TextsDiff};
pub use index::Compaction;
pub use lint::{
    CutKind, Finding, FindingKind, FindingText, LearnedContent, LintReport, LintScope, Severity,
    SimilarUtterance, UnreachableCut,
};
pub use metadata::{MAX_METADATA_BYTES, MAX_METADATA_DEPTH, Metadata};
pub use name::{NameError, NamespaceName, RouteName};
pub use revision::Revision;
pub use route::{Route, RouteAttributes, RouteError};
pub use routes::RouteEntry;
pub use samples::{
    OUT_OF_SCOPE, Sample, SampleError, SampleFormat, SamplePlace, Samples, UnknownLabel,
};
pub use settings::{Margin, Settings, TopK};
pub use snapshot::{Snapshot, SnapshotBuilder};
pub use text::{MAX_TEXT_BYTES, Text, TextError};
pub use text_order::by_hash;
pub use threshold::{Cut, CutError, SimilarityCut};
