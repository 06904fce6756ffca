//! From flags to what encodes and decides.

use std::num::NonZero;
use std::sync::Arc;

use synaptoroute::{Bert, Kernels, ModelFile, Models, Router, RoutesFile};

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
    encoder.with_threads(query_threads(args)).map_err(Failure::Runtime)
}

/// What encoders are made of, each keeping so many megabytes of what it made. A database decides by
/// the model its vectors are of, unless the flags name one: then by that.
pub(crate) fn models(args: &EngineArgs, cache_mb: u64) -> Result<Arc<Models>, Failure> {
    let models = all_models(args)?.cache(cache_mb.saturating_mul(1_000_000));
    Ok(Arc::new(if args.model.is_some() { models.insisting() } else { models }))
}

/// The same for what changes the model itself: the file that the flags name is there to begin from
/// or to go back to, and a database is not embedded by it before that.
pub(crate) fn models_at_hand(args: &EngineArgs) -> Result<Arc<Models>, Failure> {
    all_models(args).map(Arc::new)
}

/// The flags' model file first; the built-in one is always at hand.
fn all_models(args: &EngineArgs) -> Result<Models, Failure> {
    let models = Models::new(model_file(args)?, kernels(args)?);
    let models = match args.model {
        Some(_) => models.with(built_in::model()?),
        None => models,
    };
    Ok(models.threads(query_threads(args)))
}

fn query_threads(args: &EngineArgs) -> NonZero<usize> {
    match args.query_threads {
        Some(threads) => NonZero::new(usize::from(threads)).unwrap_or(NonZero::<usize>::MIN),
        None => all_cores(),
    }
}

/// A thread a core.
pub(crate) fn all_cores() -> NonZero<usize> {
    std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
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
    let router = Router::with_models(models(args, 0)?)?;
    output::with_progress("utterances", |progress| router.load(file, progress))?;
    Ok(router)
}
