//! A server's life: begin, stop, finish what was admitted.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use synaptoroute::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time;

use crate::app::{self, App};
use crate::config::Config;
use crate::connection::{self, Host};
use crate::engine::{self, Engine, Workers};

/// What is left for writing the refusals of requests that outlasted the grace.
const FAREWELL: Duration = Duration::from_millis(500);

/// How long a tuning that is called off is waited for. Most steps are shorter; where one is not, it
/// is safe to go: what it comes to is in the store as a whole or not at all.
const TUNING: Duration = Duration::from_secs(2);

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

/// The service alone, to be part of another program's: without a listener, and without what goes
/// with one, [`Config::limits`], [`Config::tls`] and [`Config::grace`]. All else holds as under
/// [`serve`]. The threads that encode end with the last copy of it.
///
/// Its paths, `/openapi.json` and the roles of keys are about the root of a host, so it is not to be
/// nested below a prefix; whatever paths stand beside it are found first.
///
/// ```
/// use std::sync::Arc;
/// use axum::routing::get;
/// use synaptoroute::{Bert, Kernels, Router};
/// use synaptoroute_server::{Config, service};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/bge-small-en-v1.5/model.safetensors");
/// let router = Router::new(Arc::new(Bert::open(path, Kernels::from_env()?)?));
/// let program: axum::Router = axum::Router::new()
///     .route("/mine", get(async || "hello"))
///     .fallback_service(service(router, &Config::default())?);
/// # use tower::ServiceExt;
/// # for (path, part) in [("/mine", "hello"), ("/health", "alive")] {
/// #     let request = axum::http::Request::get(path).body(axum::body::Body::empty())?;
/// #     let answer = program.clone().oneshot(request).await?;
/// #     let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await?;
/// #     assert!(String::from_utf8_lossy(&body).contains(part), "{path}: {body:?}");
/// # }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The threads could not be started.
pub fn service(router: Router, config: &Config) -> Result<axum::Router, ServeError> {
    let (engine, workers) = start(config)?;
    let app = App::new(router, engine, config).with_workers(workers);
    Ok(app::build(app, config))
}

fn start(config: &Config) -> Result<(Engine, Workers), ServeError> {
    engine::start(config).map_err(|source| ServeError::Threads { workers: config.workers, source })
}

/// Answers on `listener` until `shutdown` resolves.
///
/// Then it takes no new connections and admits no new requests; those it admitted are
/// answered, changes once they are as durable as the router makes them, and after
/// [`Config::grace`] those left get a 503. A change that is being committed at that moment is
/// answered as it turns out, or not at all. A tuning at work is called off.
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
    let (engine, workers) = start(&config)?;
    let door = engine.clone();
    let (stop, stopping) = oneshot::channel();
    let app = App::new(router, engine, &config);
    let tuning = Arc::clone(&app.tuning);
    let tuned = Arc::clone(&tuning);
    let shutdown = async move {
        shutdown.await;
        tracing::info!("stopping; finishing what was admitted");
        door.close();
        tuning.close();
        let _gone = stop.send(());
    };
    let connections = app.observer.connections();
    let host = Host::new(app::build(app, &config), config.limits, config.tls);
    let serving = connection::run(listener, host, connections, shutdown);
    let mut serving = pin!(serving);
    let overdue = async {
        let _stopped = stopping.await;
        time::sleep(config.grace).await;
    };
    tokio::select! {
        () = &mut serving => {
            tuned.ended(TUNING).await;
            return Ok(());
        }
        () = overdue => {}
    }
    tracing::warn!(grace = ?config.grace, "requests outlasted the grace; refusing them");
    drop(workers);
    let _late = time::timeout(FAREWELL, serving).await;
    tuned.ended(TUNING).await;
    Ok(())
}
