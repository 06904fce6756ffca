//! A server's life: begin, stop, finish what was admitted.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use synaptoroute::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time;

use crate::app::{self, App};
use crate::config::Config;
use crate::connection::{self, Host};
use crate::engine;

/// What is left for writing the refusals of requests that outlasted the grace.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why a server did not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// A thread could not be started.
    #[error("cannot start {workers} encoding threads: {source}")]
    Threads {
        /// How many there should be.
        workers: usize,
        /// What the system said.
        source: io::Error,
    },
}

/// Answers on `listener` until `shutdown` resolves.
///
/// Then it takes no new connections and admits no new requests; those it admitted are
/// answered, changes once they are as durable as the router makes them, and after
/// [`Config::grace`] those left get a 503. A change that is being committed at that moment is
/// answered as it turns out, or not at all.
///
/// # Errors
///
/// The threads could not be started. A listener that fails is tried again.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let (engine, workers) = engine::start(config.workers, config.max_queue)
        .map_err(|source| ServeError::Threads { workers: config.workers, source })?;
    let door = engine.clone();
    let (stop, stopping) = oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        tracing::info!("stopping; finishing what was admitted");
        door.close();
        let _gone = stop.send(());
    };
    let app = App::new(router, engine, &config);
    let connections = app.observer.connections();
    let host = Host::new(app::build(app, &config), config.limits, config.tls);
    let serving = connection::run(listener, host, connections, shutdown);
    let mut serving = pin!(serving);
    let overdue = async {
        let _stopped = stopping.await;
        time::sleep(config.grace).await;
    };
    tokio::select! {
        () = &mut serving => return Ok(()),
        () = overdue => {}
    }
    tracing::warn!(grace = ?config.grace, "requests outlasted the grace; refusing them");
    drop(workers);
    let _late = time::timeout(FAREWELL, serving).await;
    Ok(())
}
