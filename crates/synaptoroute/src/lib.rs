//! Local semantic routing: which of your routes does a text belong to, or none?
//!
//! [`Router`] joins an encoder and a set of routes. Readers ask it from any thread and
//! never wait; writers change routes while they do.
//!
//! - [`Router::route`] and [`Router::route_batch`] decide; the answer is an [`Answer`].
//! - [`Router::upsert`] and [`Router::add_utterances`] change routes; [`Router::load`]
//!   takes a whole [`RoutesFile`].
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
//! State lives in memory: what is added is gone when the process ends.

mod answer;
mod embed;
mod error;
mod router;

pub use answer::{Answer, RouteOptions, Timing};
pub use embed::Progress;
pub use error::RouterError;
pub use router::Router;
pub use synaptoroute_encoder::{
    Bert, Config, Embedding, EncodeError, Encoder, Fingerprint, ISA_VARIABLE, Isa, IsaError,
    Kernels, ModelError, ModelFile, ModelInfo, OpenError, Origin, Pooling, Scratch, convert,
};
pub use synaptoroute_router::{
    Candidate, Cut, CutError, Decision, Evidence, FileError, FileFormat, FitStatus, IndexedRoute,
    MAX_TEXT_BYTES, Margin, NameError, Neighbour, Outcome, Reason, Revision, Route, RouteError,
    RouteName, RoutesFile, Settings, SimilarityCut, Snapshot, Text, TextError, TopK,
};
