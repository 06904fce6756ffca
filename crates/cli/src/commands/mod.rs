//! One module a command.

pub(crate) mod bench;
pub(crate) mod model_convert;
pub(crate) mod model_info;
pub(crate) mod route;
pub(crate) mod serve;
