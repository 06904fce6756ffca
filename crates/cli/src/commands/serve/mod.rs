//! `synaptoroute serve`: answers over HTTP until it is told to stop.
//!
//! `access` sees to who may ask, and `content` opens what is served and fills it from a routes
//! file, which `reload` reads again when it changes or somebody says so. `traces` sends spans to
//! a collector, and `panics` decides what the log tells of one.

mod access;
mod content;
mod panics;
mod reload;
mod traces;

use std::fs;
use std::io::IsTerminal;
use std::process;
use std::time::Duration;

use synaptoroute::{NamespaceName, Router};
use synaptoroute_server::{Access, Config};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use self::access::Entrance;
use self::reload::Source;
use crate::args::{EngineArgs, LogFormat, ServeArgs};
use crate::failure::Failure;
use crate::output;
use crate::remote;
use crate::words::count;

/// How long the end waits for a routes file that is being taken; it is taken whole or not at
/// all whether or not somebody waits.
const LAST_WORK: Duration = Duration::from_millis(500);

pub(crate) fn run(args: &ServeArgs, engine_args: &EngineArgs) -> Result<(), Failure> {
    let entrance = access::open(args)?;
    let traces = traces::open(&args.traces)?;
    begin_log(args);
    panics::log(args.logs.log_queries);
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Runtime)?;
    {
        let _inside = runtime.enter();
        // Heard once, it ends nothing from here on, however long it takes to open what is served.
        drop(signal(SignalKind::hangup()).map_err(Failure::Runtime)?);
    }
    let listen = |source| Failure::Listen { address: args.listen, source };
    // Before anything is opened: a start that fails for its address changes no database. Nobody
    // is answered until all is ready.
    let listener = std::net::TcpListener::bind(args.listen).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let served = content::open(args, engine_args)?;
    if args.auto_fit.wanted {
        served.router.start_auto_fit()?;
    }
    let scheme = if entrance.tls.is_some() { "https" } else { "http" };
    let done = runtime.block_on(async {
        let listener = TcpListener::from_std(listener).map_err(listen)?;
        let url = format!("{scheme}://{}", listener.local_addr().map_err(listen)?);
        // Whoever has the address may send signals.
        let stop = stop_signal().map_err(Failure::Runtime)?;
        let access = entrance.access.clone();
        hear_hangups(args, access, served.source).map_err(Failure::Runtime)?;
        output::line(&url)?;
        introduce(&served.router, &url, args, entrance.access.is_some());
        let mut config = config(args, entrance);
        if let Some(traces) = &traces {
            config.spans = traces.spans();
        }
        let done = synaptoroute_server::serve(served.router, listener, config, stop).await;
        if let Some(traces) = traces {
            traces.flush().await;
        }
        Ok(done?)
    });
    runtime.shutdown_timeout(LAST_WORK);
    done
}

/// From now on events are lines on standard error.
fn begin_log(args: &ServeArgs) {
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .log_internal_errors(false)
        .with_max_level(args.log);
    match args.logs.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

/// Has a SIGHUP heard by whatever has a file to read again: keys, routes, both. A terminal that
/// closes, or a habit, must not end a service that keeps state, so with neither it is heard too.
fn hear_hangups(
    args: &ServeArgs,
    access: Option<Access>,
    source: Option<Source>,
) -> std::io::Result<()> {
    let hangup = || signal(SignalKind::hangup());
    let keys = access.zip(args.access.keys.clone());
    let has_keys = keys.is_some();
    if keys.is_none() && source.is_none() {
        let mut hangup = hangup()?;
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                output::note("SIGHUP: there is no routes file to read again");
            }
        });
    }
    if let Some((access, keys)) = keys {
        tokio::spawn(access::keep_up(access, keys, hangup()?));
    }
    if let Some(source) = source {
        tokio::spawn(reload::keep_up(source, hangup()?, has_keys));
    }
    Ok(())
}

/// What the flags say of the server itself.
fn config(args: &ServeArgs, entrance: Entrance) -> Config {
    let mut config = Config::default();
    if let Some(workers) = args.workers {
        config.workers = usize::from(workers);
    }
    // The encoder is always one that takes about a millisecond for so few words.
    config.at_once = true;
    config.max_queue = args.max_queue;
    config.max_queue_bytes = args.max_queue_mb.saturating_mul(1_000_000);
    config.deadline = args.deadline.map(Duration::from_millis);
    config.limits = entrance.limits;
    config.access = entrance.access;
    config.tls = entrance.tls;
    config.cors.clone_from(&args.access.cors_origin);
    config.hosts = entrance.hosts;
    config.log_queries = args.logs.log_queries;
    config.grace = Duration::from_secs(args.grace);
    config
}

/// Says what is served and where changes go.
fn introduce(router: &Router, url: &str, args: &ServeArgs, has_keys: bool) {
    let namespaces = router.namespaces();
    let routes: usize = namespaces.iter().map(|namespace| namespace.route_count).sum();
    let kept = match router.path() {
        None => "from memory: what is changed over HTTP is gone when this ends".to_owned(),
        Some(path) => {
            let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            let risk =
                if args.keep.is_relaxed() { "; a power cut may take the last of them" } else { "" };
            format!("from {}, which keeps all changes{risk}", path.display())
        }
    };
    let below = match &args.routes {
        Some(_) if args.namespace != NamespaceName::default() => {
            remote::path(&["namespaces", args.namespace.as_str()])
        }
        _ => String::new(),
    };
    let key = if has_keys { " -H \"authorization: Bearer $KEY\"" } else { "" };
    let model = router.model();
    output::note(format_args!(
        "serving {} {kept} ({}, {})\ntry:  curl -s {url}{below}/route{key} -H \
         'content-type: application/json' -d '{{\"query\": \"I was charged twice\"}}'",
        count(routes, "route"),
        model.name,
        model.isa
    ));
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
