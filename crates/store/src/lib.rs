//! The durable truth: routes, texts with their vectors, settings and revisions in one
//! SQLite file.
//!
//! - [`Store`] is the one writer of a file; [`Reader`] reads beside it, from another process
//!   too. Both read through [`Reads`]: [`load`](Reads::load) for a whole start,
//!   [`revisions`](Reads::revisions) and [`diff`](Reads::diff) for history,
//!   [`export`](Reads::export) and [`backup_to`](Reads::backup_to).
//! - A [`Transaction`] takes [`Change`](synaptoroute_router::Change)s, one after the other,
//!   and makes them durable with one commit. What each does to memory it gives back as
//!   [`Edit`](synaptoroute_router::Edit)s, so that memory follows the disk and never leads it.
//! - [`NewFit`] is what was learned from routes, kept beside the revisions; [`NewModel`] is another
//!   model, whose vectors [`Store::reembed`] puts in place of all there are.
//! - [`StoreError`] says whether the request or the disk is at fault, and what to do next.
//! - [`python`] reads files of the Python package of the same name.
//!
//! It knows no encoder and no clock: vectors and times are the caller's.
//!
//! ```
//! use std::collections::HashMap;
//! use synaptoroute_router::{Change, NamespaceName, Route, RouteName, Text};
//! use synaptoroute_store::{ModelIdentity, Options, Store};
//!
//! let model = ModelIdentity { fingerprint: "f00d".into(), name: "toy".into(), dimensions: 2 };
//! let mut store = Store::in_memory(&model, Options::default())?;
//! let text = Text::try_from("where is my bill")?;
//! let route = Route::new(RouteName::try_from("billing")?, vec![text.clone()])?;
//!
//! let mut transaction = store.begin()?;
//! let vectors = HashMap::from([(text, vec![0.6_f32, 0.8].into())]);
//! let applied =
//!     transaction.apply(&NamespaceName::default(), None, &Change::Upsert(route), &vectors, 0)?;
//! transaction.commit()?;
//! assert_eq!(applied.revision.get(), 1);
//! assert_eq!(applied.edits.len(), 2); // the route, then its text
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apply;
mod backup;
mod checksum;
mod connection;
mod delta;
mod diff;
mod error;
mod export;
mod fits;
mod list;
mod load;
mod lock;
mod migrate;
mod model;
mod models;
mod namespace;
mod options;
mod place;
mod prune;
pub mod python;
mod reader;
mod reads;
mod reembed;
mod room;
mod routes;
mod settings;
mod store;
mod texts;
mod transaction;

pub use error::StoreError;
pub use fits::{FitEntry, NewFit};
pub use model::ModelIdentity;
pub use models::{Learned, ModelEntry, NewModel};
pub use options::{Durability, Options};
pub use reader::Reader;
pub use reads::Reads;
pub use reembed::{ReembedError, Reembedding};
pub use room::try_room;
pub use store::Store;
pub use transaction::{Applied, Transaction, Vectors};
