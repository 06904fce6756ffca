//! Connections: taken, limited in number and in patience, and ended.
//!
//! - `accept`: the next one, whatever goes wrong between.
//! - `refuse`: what becomes of one too many.
//! - `timed`: a body that has to arrive in time; `patient` cuts off who does not read.
//!
//! Every connection is a task of its own, its TLS handshake included, so the loop that takes
//! them waits for none of them.

mod accept;
mod patient;
mod refuse;
mod timed;

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time;
use tower::Service;

use crate::limits::Limits;
use crate::observe::Connections;
use crate::tls::Tls;
use patient::Patient;
use refuse::Refusals;
use timed::Timed;

pub(crate) use timed::SlowBody;

/// What every connection is served with.
pub(crate) struct Host {
    service: Router,
    http: http1::Builder,
    tls: Option<Tls>,
    limits: Limits,
}

/// Serves connections until `stop` resolves; then takes no more, lets go of the idle ones, and
/// returns once the others have had their answers. A client that has sent half a request's head
/// counts as one of them until [`Limits::header_timeout`] is over.
pub(crate) async fn run(
    listener: TcpListener,
    host: Host,
    connections: Arc<Connections>,
    stop: impl Future<Output = ()>,
) {
    let max = host.limits.max_connections.min(Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(max));
    let mut refusals = Refusals::new(max, host.tls.is_some()).await;
    // Each connection holds a receiver: the channel is closed when the last of them is gone.
    let (stopping, _) = watch::channel(());
    let host = Arc::new(host);
    let mut stop = pin!(stop);
    loop {
        let stream = tokio::select! {
            biased;
            () = &mut stop => break,
            stream = accept::next(&listener) => stream,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            connections.refuse();
            refusals.refuse(stream);
            continue;
        };
        let (host, stopping) = (Arc::clone(&host), stopping.subscribe());
        let open = connections.take();
        tokio::spawn(async move {
            host.serve(stream, stopping).await;
            drop((open, place));
        });
    }
    drop(listener);
    stopping.send_replace(());
    stopping.closed().await;
}

impl Host {
    pub(crate) fn new(service: Router, limits: Limits, tls: Option<Tls>) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_header_size(limits.max_header_bytes);
        // Else every request would turn the handlers into services anew.
        Self { service: service.with_state(()), http, tls, limits }
    }

    async fn serve(&self, stream: TcpStream, mut stopping: watch::Receiver<()>) {
        let stream = Patient::new(stream, self.limits.write_timeout);
        let Some(tls) = &self.tls else {
            return self.converse(stream, stopping).await;
        };
        let handshake = time::timeout(self.limits.header_timeout, tls.accept(stream));
        let shaken = tokio::select! {
            shaken = handshake => shaken,
            // It has asked nothing yet.
            _ = stopping.changed() => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.converse(stream, stopping).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_elapsed) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    /// Answers request after request, until either side has enough.
    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        mut stopping: watch::Receiver<()>,
    ) {
        let answer = service_fn(|request| self.answer(request));
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), answer));
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            _ = stopping.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    fn answer(
        &self,
        request: hyper::Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> + use<> {
        let request = request.map(|body| Body::new(Timed::new(body, self.limits.body_timeout)));
        // The router is always ready; a clone is one count more.
        self.service.clone().call(request)
    }
}
