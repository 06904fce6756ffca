//! From flags to a router.

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use synaptoroute::{Bert, FileFormat, Kernels, ModelFile, Router, RoutesFile};

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

/// Reads a routes file whole or not at all.
pub(crate) fn read_routes(path: &Path) -> Result<RoutesFile, Failure> {
    let failed = |source| Failure::Read { path: path.to_owned(), source };
    let bytes = fs::read(path).map_err(failed)?;
    RoutesFile::parse_bytes(&bytes, FileFormat::of(path))
        .map_err(|source| Failure::Routes { path: path.to_owned(), source })
}

/// A router with these routes; shows progress where that takes a while.
pub(crate) fn router(args: &EngineArgs, routes: Option<&Path>) -> Result<Arc<Router>, Failure> {
    // The cheap check first: a typo in the file need not wait for the model.
    let file = routes.map(read_routes).transpose()?;
    let router = Router::new(Arc::new(encoder(args)?));
    if let Some(file) = file {
        let bar = OnceLock::new();
        router.load(file, &|done, of| {
            bar.get_or_init(|| output::progress(of, "utterances")).set_position(done as u64);
        })?;
        if let Some(bar) = bar.get() {
            bar.finish_and_clear();
        }
    }
    Ok(Arc::new(router))
}
