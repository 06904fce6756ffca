//! What the service tells about itself: numbers, log lines, traces.
//!
//! [`answer`] stands around every request. It gives the request its [`Identity`], and when the
//! answer is there it counts it, writes the access line and ends the span: one place for all
//! three, so they cannot tell different stories. What only the inside knows (which namespace,
//! how it was decided, why it was refused) is noted on the way, see `request`.
//!
//! - `metric`, `page`: counters, histograms and how Prometheus wants them written.
//! - `metrics`, `decisions`: what is counted. Everything belongs to one server, nothing to the
//!   process, in which there may be several.
//! - `connections`: how many there are.
//! - `scrape`, `process`: `GET /metrics`.
//! - `identity`, `trace`: request ids, and W3C trace context.
//! - `request`, `spans`: one request's log lines and spans.
//!
//! A query's text is in none of them, unless [`Config::log_queries`](crate::Config) asks for it.

mod answer;
mod connections;
mod decisions;
mod identity;
mod metric;
mod metrics;
mod page;
mod process;
mod request;
mod scrape;
mod spans;
mod trace;

use std::sync::Arc;

use synaptoroute::{Answer, NamespaceName, Outcome, Text};

use crate::config::Config;
use identity::Ids;
use metrics::Metrics;

pub(crate) use answer::answer;
pub(crate) use connections::Connections;
pub(crate) use request::{failed, inside, request_id};
pub(crate) use scrape::{__path_metrics, metrics};
pub use spans::Spans;

/// What one server knows of itself.
pub(crate) struct Observer {
    metrics: Metrics,
    connections: Arc<Connections>,
    ids: Ids,
    spans: Spans,
    log_queries: bool,
}

impl Observer {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            metrics: Metrics::default(),
            connections: Arc::default(),
            ids: Ids::new(),
            spans: config.spans.clone(),
            log_queries: config.log_queries,
        }
    }

    /// For those who take them.
    pub(crate) fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.connections)
    }

    /// Takes note of a decision that the request in hand asked for.
    pub(crate) fn decided(&self, namespace: &NamespaceName, query: &Text, answer: &Answer) {
        self.metrics.stages.add(&answer.timing);
        self.metrics.decisions.add(namespace, &answer.decision);
        request::decided(answer);
        if self.log_queries {
            let id = request_id();
            tracing::info!(
                target: "synaptoroute_server::query",
                request_id = id.as_ref().and_then(|id| id.to_str().ok()),
                namespace = namespace.as_str(),
                query = query.as_str(),
                outcome = outcome(answer.decision.outcome),
                route = answer.decision.route.as_ref().map(|route| route.as_str()),
                confidence = answer.decision.confidence,
                "decided"
            );
        }
    }
}

/// As it is written in answers.
fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Matched => "matched",
        Outcome::Ambiguous => "ambiguous",
        _ => "none",
    }
}
