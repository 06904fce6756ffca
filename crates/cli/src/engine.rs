//! From flags to what encodes and decides.

use std::num::NonZero;
use std::sync::Arc;

use synaptoroute::{Bert, Cached, Encoder, Kernels, ModelFile, Router, RoutesFile};

use crate::args::EngineArgs;
use crate::built_in;
use crate::failure::Failure;
use crate::output;

/// The model file the flags name, or the built-in one.
pub(crate) fn model_file(args: &EngineArgs) -> Result<ModelFile, Failure> {
    Ok(match &args.model {
        Some(path) => ModelFile::open(path)?,
        None => built_in::model()?,
    })
}

/// The kernels the flags name, or the fastest.
pub(crate) fn kernels(args: &EngineArgs) -> Result<Kernels, Failure> {
    Ok(args.isa.map_or_else(|| Ok(Kernels::detect()), Kernels::new)?)
}

/// An encoder as the flags say.
pub(crate) fn encoder(args: &EngineArgs) -> Result<Bert, Failure> {
    let encoder = Bert::new(&model_file(args)?, kernels(args)?)?;
    let threads = match args.query_threads {
        Some(threads) => NonZero::new(usize::from(threads)),
        None => std::thread::available_parallelism().ok(),
    };
    encoder.with_threads(threads.unwrap_or(NonZero::<usize>::MIN)).map_err(Failure::Runtime)
}

/// An encoder as the flags say, that keeps so many megabytes of what it made; none with 0.
pub(crate) fn cached(args: &EngineArgs, megabytes: u64) -> Result<Arc<dyn Encoder>, Failure> {
    let encoder = encoder(args)?;
    Ok(match megabytes {
        0 => Arc::new(encoder),
        _ => Arc::new(Cached::new(encoder, megabytes.saturating_mul(1_000_000))),
    })
}

/// A router in memory, with these routes, fitted to them as a service does; or not.
pub(crate) fn fitted(
    args: &EngineArgs,
    file: RoutesFile,
    auto_fit: bool,
) -> Result<Router, Failure> {
    let router = in_memory(args, file)?;
    if auto_fit {
        output::with_spinner("fitting", || router.refit())?;
    }
    Ok(router)
}

/// A router in memory, with these routes.
pub(crate) fn in_memory(args: &EngineArgs, file: RoutesFile) -> Result<Router, Failure> {
    let router = Router::new(Arc::new(encoder(args)?));
    output::with_progress("utterances", |progress| router.load(file, progress))?;
    Ok(router)
}
