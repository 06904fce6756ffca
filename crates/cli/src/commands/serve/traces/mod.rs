//! Spans to a collector: what the flags say of it, and that the last of them are sent.
//!
//! Spans that are done wait in a queue that drops what it has no room for; a thread of its own
//! hands them to the `collector`. So nothing that answers ever waits for that, and what is
//! lost on the way, `loss` counts and tells.

mod collector;
mod loss;

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, IdGenerator, RandomIdGenerator, Sampler,
    SdkTracerProvider, SpanLimits,
};
use synaptoroute_server::Spans;
use tokio::task;

use self::collector::Collector;
use self::loss::{Counted, Losses};
use crate::args::TraceArgs;
use crate::failure::Failure;

/// Spans that wait for the collector, of some kilobyte each: a second's of a service that is
/// busy.
const MAX_WAITING: usize = 8192;

/// Spans that are sent in one request.
const MAX_BATCH: usize = 512;

/// How long fewer than that wait for others.
const PAUSE: Duration = Duration::from_secs(5);

/// How long a stop waits for the collector to take the last.
const FLUSH: Duration = Duration::from_secs(5);

/// Where spans of requests go.
pub(super) struct Traces {
    provider: SdkTracerProvider,
    losses: Arc<Losses>,
}

/// As the flags say; nothing unless they name a collector.
pub(super) fn open(args: &TraceArgs) -> Result<Option<Traces>, Failure> {
    let Some(endpoint) = &args.otlp_endpoint else { return Ok(None) };
    let collector = Collector::new(endpoint, &args.otlp_header, args.otlp_ca_cert.as_deref())?;
    let losses = Arc::new(Losses::new(collector.url(), MAX_WAITING + MAX_BATCH));
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(MAX_WAITING)
        .with_max_export_batch_size(MAX_BATCH)
        .with_scheduled_delay(PAUSE)
        .build();
    let processor = BatchSpanProcessor::builder(collector.telling(Arc::clone(&losses)))
        .with_batch_config(batches)
        .build();
    let of_ours = Sampler::TraceIdRatioBased(args.otlp_ratio);
    let provider = SdkTracerProvider::builder()
        .with_span_processor(Counted::new(processor, Arc::clone(&losses)))
        .with_sampler(Sampler::ParentBased(Box::new(of_ours)))
        // Left unsaid, variables of the library's own would decide.
        .with_span_limits(SpanLimits::default())
        .with_resource(this_process())
        .build();
    Ok(Some(Traces { provider, losses }))
}

/// By what a collector tells it from others.
fn this_process() -> Resource {
    let instance = RandomIdGenerator::default().new_trace_id();
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "synaptoroute"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", instance.to_string()),
        ])
        .build()
}

impl Traces {
    pub(super) fn spans(&self) -> Spans {
        let scope = InstrumentationScope::builder("synaptoroute")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Spans::to(BoxedTracer::new(Box::new(self.provider.tracer_with_scope(scope))))
    }

    /// Sends what still waits, in as much time as a stop may take for it.
    pub(super) async fn flush(self) {
        let Self { provider, losses } = self;
        // The collector takes its time, and a second signal must find somebody who listens.
        let done = task::spawn_blocking(move || provider.shutdown_with_timeout(FLUSH)).await;
        let in_time = matches!(done, Ok(Ok(())));
        losses.sum_up(in_time);
    }
}
