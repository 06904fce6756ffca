//! Spans of requests and of the stages of a decision, for whatever exports them.
//!
//! They are made from what is measured anyway, when the answer is there: a server that exports
//! none does nothing for them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::StatusCode;
use opentelemetry::global::{BoxedSpan, BoxedTracer};
use opentelemetry::trace::{
    Span, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
    TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue};

use super::answer::PROBES;
use super::identity::Identity;
use super::metrics::{STAGES, times};
use super::outcome;
use super::request::Notes;

/// Where spans go; nowhere unless a tracer is given.
#[derive(Clone, Default)]
pub struct Spans(Option<Arc<BoxedTracer>>);

impl Spans {
    /// To this tracer, which decides what is sampled and must not wait for anything.
    #[must_use]
    pub fn to(tracer: BoxedTracer) -> Self {
        Self(Some(Arc::new(tracer)))
    }

    /// Begins the span of a request, whose path is that of `route` if there is such a one. A
    /// trace that begins here gets the number that the tracer gave it, so that log lines name
    /// the one that is exported.
    pub(super) fn begin(
        &self,
        method: &'static str,
        route: Option<&str>,
        identity: &mut Identity,
    ) -> Option<RequestSpan> {
        let tracer = self.0.as_ref()?;
        let is_probe = route.is_some_and(|route| PROBES.contains(&route));
        if is_probe && identity.parent.is_none() {
            return None;
        }
        let remote = identity.parent.as_ref().map(|parent| {
            let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
            let (trace, span) = (TraceId::from(parent.trace), SpanId::from(parent.span));
            let state = parent.state.parse().unwrap_or(TraceState::NONE);
            SpanContext::new(trace, span, flags, true, state)
        });
        let parent = match remote {
            Some(remote) => Context::new().with_remote_span_context(remote),
            None => Context::new(),
        };
        let begun = SystemTime::now();
        let mut request = vec![KeyValue::new("http.request.method", method)];
        let name = match route {
            Some(route) => {
                request.push(KeyValue::new("http.route", route.to_owned()));
                format!("{method} {route}").into()
            }
            None => Cow::Borrowed(method),
        };
        let builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Server)
            .with_start_time(begun)
            .with_attributes(request);
        let span = tracer.build_with_context(builder, &parent);
        let made = span.span_context();
        if made.is_valid() {
            identity.trace = u128::from_be_bytes(made.trace_id().to_bytes());
        }
        Some(RequestSpan { tracer: Arc::clone(tracer), span, begun })
    }
}

/// Two are equal if they go to the very same place.
impl PartialEq for Spans {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(another)) => Arc::ptr_eq(one, another),
            (None, None) => true,
            _ => false,
        }
    }
}

impl Eq for Spans {}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Spans(to a tracer)" } else { "Spans(nowhere)" })
    }
}

/// A request's span until its answer is there.
pub(super) struct RequestSpan {
    tracer: Arc<BoxedTracer>,
    span: BoxedSpan,
    begun: SystemTime,
}

impl RequestSpan {
    /// With what it was answered, or without if its caller had gone away.
    pub(super) fn end(mut self, identity: &Identity, notes: &Notes, status: Option<StatusCode>) {
        if !self.span.is_recording() {
            return;
        }
        let mut set = |key, value: String| self.span.set_attribute(KeyValue::new(key, value));
        set("synaptoroute.request_id", String::from_utf8_lossy(identity.request.as_bytes()).into());
        if let Some(namespace) = &notes.namespace {
            set("synaptoroute.namespace", namespace.to_string());
        }
        let single = notes.decision.as_ref().filter(|_| notes.decisions == 1);
        if let Some(decision) = single {
            set("synaptoroute.outcome", outcome(decision.outcome).to_owned());
            if let Some(route) = &decision.route {
                set("synaptoroute.route", route.to_string());
            }
        }
        if let Some(rejection) = notes.rejection {
            set("synaptoroute.rejection", rejection.name().to_owned());
        }
        match status {
            Some(status) => {
                let number = status.as_u16();
                let attribute = KeyValue::new("http.response.status_code", i64::from(number));
                self.span.set_attribute(attribute);
                if status.is_server_error() {
                    self.span.set_attribute(KeyValue::new("error.type", number.to_string()));
                    self.span.set_status(Status::error(""));
                }
            }
            None => self.span.set_attribute(KeyValue::new("error.type", "abandoned")),
        }
        if let Some(decision) = single {
            self.stages(&times(&decision.timing));
        }
        self.span.end();
    }

    /// One span a stage. They end now, one after the other: what lies between a decision and
    /// this place is too little to see. They keep within the request also where the clock was
    /// put right meanwhile.
    fn stages(&self, times: &[Duration; STAGES.len()]) {
        let parent = Context::new().with_remote_span_context(self.span.span_context().clone());
        let whole = times.iter().sum::<Duration>();
        let now = SystemTime::now();
        let mut begun = now.checked_sub(whole).unwrap_or(now).max(self.begun);
        for (name, time) in STAGES.iter().zip(times) {
            let builder =
                SpanBuilder::from_name(*name).with_kind(SpanKind::Internal).with_start_time(begun);
            begun = (begun + *time).min(now.max(begun));
            self.tracer.build_with_context(builder, &parent).end_with_timestamp(begun);
        }
    }
}
