//! Quality measurements on labelled data: `cargo run --release -p synaptoroute-benches
//! --bin NAME -- --data FOLDER`.
//!
//! - `bitext`: accuracy and out-of-scope acceptance of nearest evidence on a support set.
//! - `prior`: fits the logistic that stands in for confidence until a fit replaces it.
//! - `quality`: fitted decisions on three sets; run by `benches/quality/run`.
//! - `lint`: what lint finds in public sets, and of texts that were moved to a wrong route.
//! - `tuning`: what tuning takes, stage by stage.
//! - `hostile`: requests that no honest client sends, to a service started for it.
//!
//! Folders hold JSON lines with `text` and `intent`; `oos` marks what no route should take.
//! Decisions are the library's own, from the committed model. Speed beside other engines is
//! measured by `benches/rivals/run`, which drives the program `contender`.

mod data;
mod measure;

pub use data::{Sample, fewshot, read};
pub use measure::{Best, best_routes, encoder, fpr_at_kept, model_file, routes_of};

/// What can go wrong with a measurement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A data file cannot be read.
    #[error("{}: {source}; name the folder with --data", path.display())]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// No set is called so.
    #[error("no set's name begins with {name:?}; there are clinc150, hwu64 and bitext")]
    NoSet {
        /// What was asked for.
        name: String,
    },
    /// A line is no sample.
    #[error("{} line {line}: {source}", path.display())]
    Line {
        /// The file.
        path: std::path::PathBuf,
        /// From 1.
        line: usize,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A label is no route name.
    #[error(transparent)]
    Name(#[from] synaptoroute::NameError),
    /// A text cannot be routed.
    #[error(transparent)]
    Text(#[from] synaptoroute::TextError),
    /// A route has no texts.
    #[error(transparent)]
    Route(#[from] synaptoroute::RouteError),
    /// The model does not open.
    #[error(transparent)]
    Open(#[from] synaptoroute::OpenError),
    /// The instruction set named by the environment does not run.
    #[error(transparent)]
    Isa(#[from] synaptoroute::IsaError),
    /// The router failed.
    #[error(transparent)]
    Router(#[from] synaptoroute::RouterError),
    /// Nothing was fitted.
    #[error(transparent)]
    Fit(#[from] synaptoroute::FitError),
}
