//! What every scenario stands on: the texts, a router in this process, services to load.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use synaptoroute::{FileFormat, RouteOptions, Router, RoutesFile, Text};
use tempfile::NamedTempFile;

use super::connection::Blocking;
use super::target::Target;
use super::texts::{Texts, checked};
use crate::args::EngineArgs;
use crate::built_in;
use crate::commands::bench::process::Process;
use crate::commands::bench::service::{Service, bench};
use crate::engine;
use crate::failure::Failure;

/// Requests a service answers before it is measured.
const WARM_UP: usize = 100;

/// Flags without which a service would answer a text it has seen from memory.
const WITHOUT_CACHE: [&str; 2] = ["--cache-mb", "0"];

/// Texts that are tokenised to see how long they are.
const SAMPLE: usize = 1000;

/// The stage of a run.
pub(super) struct Stage<'a> {
    engine_args: &'a EngineArgs,
    routes: NamedTempFile,
    pub(super) texts: Arc<Texts>,
    /// The same routes and the same model, without a service.
    pub(super) router: Router,
    /// Of each measurement.
    pub(super) span: Duration,
}

/// A service that was started to be measured.
pub(super) struct Measured {
    service: Service,
    pub(super) target: Arc<Target>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(engine_args: &'a EngineArgs, seconds: f64) -> Result<Self, Failure> {
        let routes = tempfile::Builder::new().suffix(".yaml").tempfile().map_err(bench)?;
        fs::write(routes.path(), built_in::EXAMPLE_ROUTES).map_err(bench)?;
        let file = RoutesFile::parse(built_in::EXAMPLE_ROUTES, FileFormat::Yaml).map_err(bench)?;
        Ok(Self {
            engine_args,
            routes,
            texts: Arc::new(Texts::new()),
            router: engine::in_memory(engine_args, file)?,
            span: Duration::from_secs_f64(seconds),
        })
    }

    /// A fresh service with these flags beside the usual ones, that has answered a little.
    pub(super) fn serve(&self, flags: &[String]) -> Result<Measured, Failure> {
        let mut args = vec![self.routes.path().as_os_str().to_owned()];
        args.extend(flags.iter().map(Into::into));
        if let Some(threads) = self.engine_args.query_threads {
            args.extend(["--query-threads".into(), threads.to_string().into()]);
        }
        let service = Service::start(self.engine_args, args)?;
        let url = service.url().parse().map_err(bench)?;
        let measured = Measured { target: Arc::new(Target::new(&url, None)?), service };
        let mut connection = Blocking::open(&measured.target).map_err(bench)?;
        let mut request = Vec::new();
        for _ in 0..WARM_UP {
            measured.target.request(&self.texts.next(), &mut request);
            let status = connection.ask(&request).map_err(bench)?.status;
            if status != 200 {
                return Err(bench(format!("it answered {status} to a query; 200 was expected")));
            }
        }
        Ok(measured)
    }

    /// As [`Self::serve`], and no text is answered from memory.
    pub(super) fn serve_uncached(&self, flags: &[String]) -> Result<Measured, Failure> {
        let without = WITHOUT_CACHE.map(str::to_owned).into_iter();
        self.serve(&without.chain(flags.iter().cloned()).collect::<Vec<_>>())
    }

    /// Tokens of a text on average.
    pub(super) fn tokens_each(&self) -> Result<f64, Failure> {
        let texts: Vec<Text> = (0..SAMPLE).map(|_| checked(self.texts.next())).collect();
        let tokens: usize = self.router.embed(&texts)?.iter().map(|text| text.tokens).sum();
        Ok(tokens as f64 / SAMPLE as f64)
    }

    /// Routes a text in this process.
    pub(super) fn route(&self, text: String) -> Result<(), Failure> {
        let answer = self.router.route(&checked(text), RouteOptions::default())?;
        std::hint::black_box(answer);
        Ok(())
    }
}

impl Measured {
    pub(super) fn process(&self) -> Process {
        self.service.process()
    }
}
