//! `synaptoroute serve`: answers over HTTP until it is told to stop.

use std::io::IsTerminal;
use std::process;
use std::time::Duration;

use synaptoroute_server::Config;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{EngineArgs, ServeArgs};
use crate::engine;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(args: &ServeArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    if !args.listen.ip().is_loopback() && !args.insecure {
        return Err(Failure::Exposed(args.listen));
    }
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .log_internal_errors(false)
        .with_max_level(args.log)
        .init();
    let router = engine::router(engine_args, args.routes.as_deref())?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        let listen = |source| Failure::Listen { address: args.listen, source };
        let listener = TcpListener::bind(args.listen).await.map_err(listen)?;
        let url = format!("http://{}", listener.local_addr().map_err(listen)?);
        let snapshot = router.snapshot();
        let routes = snapshot.routes().count();
        output::line(&url)?;
        output::note(format_args!(
            "serving {routes} routes from memory: what is changed over HTTP is gone when this \
             ends ({}, {})\ntry:  curl -s {url}/route -H 'content-type: application/json' \
             -d '{{\"query\": \"I was charged twice\"}}'",
            router.model().name,
            router.model().isa,
        ));
        let mut config = Config::default();
        if let Some(workers) = args.workers {
            config.workers = usize::from(workers);
        }
        config.max_queue = args.max_queue;
        config.grace = Duration::from_secs(args.grace);
        let stop = stop_signal().map_err(Failure::Runtime)?;
        Ok(synaptoroute_server::serve(router, listener, config, stop).await?)
    })
}

/// Resolves at the first SIGINT or SIGTERM; the second ends the process at once.
fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
        output::note("stopping; once more to stop at once");
        tokio::spawn(async move {
            tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
            process::exit(130);
        });
    })
}
