//! `synaptoroute model`: model files, and the models that a database had.
//!
//! - `info` looks at a file, `convert` makes one.
//! - `list` tells which models a database had, `choose` goes back to one, `remove` forgets one.

pub(crate) mod choose;
pub(crate) mod convert;
pub(crate) mod info;
pub(crate) mod list;
pub(crate) mod remove;
