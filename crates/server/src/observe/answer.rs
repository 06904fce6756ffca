//! What stands around every request: its identity, its numbers, its line, its span.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use super::identity::REQUEST_ID;
use super::metrics::{self, InFlight, Template};
use super::request::{CURRENT, Current};
use super::spans::RequestSpan;
use super::{Observer, outcome};

/// Where no handler has the path: any path may be asked for, and each would be a series.
const NO_PATH: &str = "unknown";

/// Paths that something asks every few seconds, and whose lines and spans nobody reads.
pub(super) const PROBES: [&str; 3] = ["/health", "/ready", "/metrics"];

/// Answers, and tells of it.
pub(crate) async fn answer(
    State(observer): State<Arc<Observer>>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = metrics::method(request.method());
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map(MatchedPath::as_str);
    let path: Template = route.unwrap_or(NO_PATH).into();
    let mut identity = observer.ids.identify(request.headers());
    let span = observer.spans.begin(method, route, &mut identity);
    let current = Arc::new(Current::new(identity));
    let mut watch = Watch {
        _in_flight: InFlight::new(&observer.metrics.in_flight),
        observer: &observer,
        current: Arc::clone(&current),
        started,
        method,
        path,
        span,
        answered: false,
    };
    let mut response = CURRENT.scope(Arc::clone(&current), next.run(request)).await;
    response.headers_mut().insert(REQUEST_ID, current.identity.request.clone());
    watch.answered(response.status());
    response
}

/// A request under way. Dropped without an answer, its caller has gone away.
struct Watch<'a> {
    _in_flight: InFlight<'a>,
    observer: &'a Observer,
    current: Arc<Current>,
    started: Instant,
    method: &'static str,
    path: Template,
    span: Option<RequestSpan>,
    answered: bool,
}

impl Watch<'_> {
    fn answered(&mut self, status: StatusCode) {
        let took = self.started.elapsed();
        self.answered = true;
        let metrics = &self.observer.metrics;
        metrics.requests.add(self.method, &self.path, status, took);
        {
            let notes = self.current.notes();
            if let Some(reason) = notes.rejection {
                metrics.rejections.add(reason);
            }
            if let Some(span) = self.span.take() {
                span.end(&self.current.identity, &notes, Some(status));
            }
        }
        self.say(Some(status), took, "answered");
    }

    /// The access line.
    fn say(&self, status: Option<StatusCode>, took: Duration, what: &'static str) {
        macro_rules! line {
            ($level:ident) => {{
                let (identity, notes) = (&self.current.identity, self.current.notes());
                // Of many, none speaks for all.
                let single = notes.decision.as_ref().filter(|_| notes.decisions == 1);
                tracing::$level!(
                    target: "synaptoroute_server::access",
                    request_id = identity.request.to_str().ok(),
                    trace_id = format_args!("{:032x}", identity.trace),
                    method = self.method,
                    path = &*self.path,
                    status = status.map(|status| status.as_u16()),
                    duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                    namespace = notes.namespace.as_ref().map(|name| name.as_str()),
                    decisions = (notes.decisions > 0).then_some(notes.decisions),
                    outcome = single.map(|decision| outcome(decision.outcome)),
                    route = single.and_then(|decision| Some(decision.route.as_ref()?.as_str())),
                    rejection = notes.rejection.map(|reason| reason.name()),
                    "{what}"
                );
            }};
        }
        if PROBES.contains(&&*self.path) { line!(debug) } else { line!(info) }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.observer.metrics.abandoned.add(1);
            if let Some(span) = self.span.take() {
                span.end(&self.current.identity, &self.current.notes(), None);
            }
            self.say(None, self.started.elapsed(), "abandoned by its caller");
        }
    }
}
