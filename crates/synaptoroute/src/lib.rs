//! Local semantic routing: which of your routes does a text belong to, or none?
//!
//! [`Router`] joins an encoder and a set of routes. Readers ask it from any thread and
//! never wait; writers change routes while they do.
//!
//! - [`Router::route`] and [`Router::route_batch`] decide; the answer is an [`Answer`].
//! - [`Router::upsert`], [`Router::add_utterances`] and others change routes, each as one
//!   [`Change`]; [`Router::import`] takes a whole [`RoutesFile`].
//! - [`Router::fit`] fits evidence, confidence and cuts to the routes, and to labelled samples;
//!   [`Router::start_auto_fit`] has that done in the background when texts change.
//! - [`Router::tune`] has the encoder learn the routes, and says whether that made it better;
//!   [`Router::install`] has the tuned one decide from then on, [`Router::use_model`] goes back.
//! - [`Router::lint`] tells what is doubtful about the routes, as a [`LintReport`].
//! - [`Router::revisions`], [`Router::diff`] and [`Router::rollback`] go back in time.
//! - [`Router::evaluate`] tells how good the decisions are, on labelled [`Samples`];
//!   [`Router::cross_validate`] does so on the routes' own utterances.
//! - [`Router::namespace`] leads to other, isolated sets of routes.
//!
//! ```no_run
//! use std::sync::Arc;
//! use synaptoroute::{Bert, FileFormat, Kernels, RouteOptions, Router, RoutesFile, Text};
//!
//! let encoder = Bert::open("models/bge-small-en-v1.5/model.safetensors", Kernels::from_env()?)?;
//! let router = Router::new(Arc::new(encoder));
//! let routes = std::fs::read_to_string("examples/support.yaml")?;
//! router.load(RoutesFile::parse(&routes, FileFormat::Yaml)?, &|_, _| ())?;
//!
//! let query = Text::try_from("I was charged twice this month")?;
//! let answer = router.route(&query, RouteOptions::default())?;
//! println!("{:?}", answer.decision.intent);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Router::new`] keeps state in memory; [`Router::open`] keeps it in a file, where it is
//! before a change is acknowledged.

mod answer;
mod background;
mod change;
mod commits;
mod committer;
mod core;
mod embed;
mod error;
mod evaluate;
mod executor;
mod fit;
mod install;
mod models;
mod namespaces;
mod open;
mod refitter;
mod router;
mod sync;
mod tune;
mod view;

pub use answer::{Answer, RouteOptions, Timing};
pub use background::{BackgroundText, background_texts};
pub use change::Draft;
pub use commits::CommitStats;
pub use embed::Progress;
pub use error::RouterError;
pub use executor::Threads;
pub use fit::FitOptions;
pub use install::{InstallProgress, InstallStage, InstallWatch};
pub use models::Models;
pub use namespaces::NamespaceSummary;
pub use open::OpenOptions;
pub use router::Router;
pub use synaptoroute_encoder::{
    Bert, CacheStats, Cached, Config, Embedding, EncodeError, Encoder, Fingerprint, ISA_VARIABLE,
    Isa, IsaError, Kernels, ModelError, ModelFile, ModelInfo, OpenError, Origin, Pooling, Scratch,
    convert,
};
pub use synaptoroute_router::{
    Background, Bin, Candidate, CandidateExplanation, Change, ChangeKind, Changed, ChangedSample,
    Comparison, Confusion, Cost, Cut, CutError, CutKind, CutSource, DecideOptions, Decision, Diff,
    Difference, Edit, Estimate, Evaluation, EvidencePart, EvidenceSet, EvidenceWeight, Executor,
    Explanation, FileError, FileFit, FileFormat, Finding, FindingKind, FindingText, Fit, FitError,
    FitFileError, FitInputs, FitQuality, FitReport, FitStatus, Fitted, FoldCount, Fraction,
    ImportMode, Judged, Labelled, LintReport, LintScope, MAX_METADATA_BYTES, MAX_TEXT_BYTES,
    Margin, Metadata, NameError, NamespaceName, Neighbour, OUT_OF_SCOPE, Objective, ObjectiveError,
    OutOfFold, OutOfFoldError, OutOfScope, Outcome, Owner, Pair, Place, PlacedText, Prediction,
    Query, Reason, Reliability, Report, Revision, RevisionEntry, RiskCoverage, Route,
    RouteAttributes, RouteDiff, RouteDiffKind, RouteEntry, RouteError, RouteName, RoutePatch,
    RouteScore, RouteThreshold, RoutesFile, Sample, SampleCounts, SampleError, SampleFormat,
    SamplePlace, Samples, Serial, Settings, SettingsPatch, Severity, Share, SimilarUtterance,
    SimilarityCut, Snapshot, SweepPoint, Text, TextError, TextsDiff, TopK, Unfitted, UnknownLabel,
    UnreachableCut, auroc,
};
pub use synaptoroute_store::{
    Durability, FitEntry, Learned, ModelEntry, ModelIdentity, Options as StoreOptions, StoreError,
    python,
};
pub use synaptoroute_tune::{FEWEST_ROUTES, TuneError, TuneOptions};
pub use tune::{
    TUNE_FOLDS, TuneProgress, TuneReport, TuneRequest, TuneStage, TuneWatch, Tuned, Verdict,
};
pub use view::View;
