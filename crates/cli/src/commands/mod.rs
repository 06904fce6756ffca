//! One module a command.

pub(crate) mod backup;
pub(crate) mod bench;
pub(crate) mod diff;
pub(crate) mod eval;
pub(crate) mod export;
pub(crate) mod fit;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod lint;
pub(crate) mod model;
pub(crate) mod namespaces;
pub(crate) mod revisions;
pub(crate) mod rollback;
pub(crate) mod route;
pub(crate) mod routes;
pub(crate) mod serve;
pub(crate) mod tune;
