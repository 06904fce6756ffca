//! A listener's life: accept, stop, finish what was admitted.

use std::future::{Future, IntoFuture};
use std::io;
use std::time::Duration;

use axum::serve::ListenerExt;
use synaptoroute::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time;

use crate::app::{self, App};
use crate::config::Config;
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
    /// Connections cannot be accepted.
    #[error("cannot accept connections: {0}")]
    Accept(io::Error),
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
/// The threads could not be started, or the listener failed.
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
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its small packets back");
        }
    });
    let mut serving = axum::serve(listener, app::build(App::new(router, engine, &config)))
        .with_graceful_shutdown(shutdown)
        .into_future();
    let overdue = async {
        let _stopped = stopping.await;
        time::sleep(config.grace).await;
    };
    tokio::select! {
        served = &mut serving => return served.map_err(ServeError::Accept),
        () = overdue => {}
    }
    tracing::warn!(grace = ?config.grace, "requests outlasted the grace; refusing them");
    drop(workers);
    match time::timeout(FAREWELL, serving).await {
        Ok(served) => served.map_err(ServeError::Accept),
        Err(_elapsed) => Ok(()),
    }
}
