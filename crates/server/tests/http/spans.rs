//! Spans, as a tracer gets them.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::global::BoxedTracer;
use opentelemetry::trace::{SpanKind, Status, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use serde_json::json;
use synaptoroute_server::{Config, Spans};

use crate::support::{HOLD, PANIC, Server};

/// Spans that have ended.
#[derive(Clone, Debug, Default)]
struct Ended(Arc<Mutex<Vec<SpanData>>>);

impl SpanProcessor for Ended {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Ended {
    fn server(&self) -> Server {
        let provider = SdkTracerProvider::builder().with_span_processor(self.clone()).build();
        let spans = Spans::to(BoxedTracer::new(Box::new(provider.tracer("test"))));
        Server::with(Config { workers: 1, spans, ..Config::default() })
    }

    /// The spans of requests, once there are so many.
    fn requests(&self, count: usize) -> Vec<SpanData> {
        for _ in 0..60_000 {
            let ended = self.0.lock().unwrap();
            let requests: Vec<_> =
                ended.iter().filter(|span| span.span_kind == SpanKind::Server).cloned().collect();
            if requests.len() >= count {
                assert_eq!(requests.len(), count, "{requests:#?}");
                return requests;
            }
            drop(ended);
            thread::sleep(Duration::from_millis(1));
        }
        panic!("there were never {count} spans: {self:#?}");
    }
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name)?;
    Some(found.value.as_str().into_owned())
}

#[test]
fn failures_of_ours_are_errors_and_those_of_callers_are_not() {
    let ended = Ended::default();
    let server = ended.server();
    server.post("/route", &json!({"query": PANIC})).problem(500, None);
    server.post("/namespaces/gone/route", &json!({"query": "hello"})).problem(404, None);
    let spans = ended.requests(2);
    assert_eq!(spans[0].status, Status::error(""));
    assert_eq!(attribute(&spans[0], "error.type").as_deref(), Some("500"));
    assert_eq!(spans[1].status, Status::Unset);
    assert_eq!(attribute(&spans[1], "error.type"), None);
    assert_eq!(spans[1].name, "POST /namespaces/{namespace}/route", "a name of few kinds");
}

#[test]
fn probes_have_spans_only_for_callers_who_trace_them() {
    let ended = Ended::default();
    let server = ended.server();
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for path in ["/health", "/ready", "/metrics"] {
        assert_eq!(server.get(path).status, 200);
        assert_eq!(server.send("GET", path, &[("traceparent", parent)], "").status, 200);
    }
    let names: Vec<_> = ended.requests(3).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["GET /health", "GET /ready", "GET /metrics"]);
}

#[test]
fn a_request_whose_caller_has_gone_has_a_span_that_says_so() {
    let ended = Ended::default();
    let server = ended.server();
    let body = json!({"query": "hello"}).to_string();
    let request = format!(
        "POST /route HTTP/1.1\r\nhost: x\r\nx-request-id: impatient\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    thread::scope(|scope| {
        let held = scope.spawn(|| server.post("/route", &json!({"query": HOLD})));
        server.stage.wait_until_held();
        let caller = server.connect(request.as_bytes());
        while server.get("/health").ok()["queue"]["waiting"] != 1 {
            thread::sleep(Duration::from_millis(1));
        }
        drop(caller);
        let spans = ended.requests(1);
        let told = |name| attribute(&spans[0], name);
        assert_eq!(told("synaptoroute.request_id").as_deref(), Some("impatient"));
        assert_eq!(told("error.type").as_deref(), Some("abandoned"));
        assert_eq!(told("http.response.status_code"), None);
        server.stage.release();
        assert_eq!(held.join().unwrap().status, 200);
    });
}

/// Everybody's stages lie within their own request, also when many are asked at once.
#[test]
fn each_decision_has_its_five_stages_below_its_own_request() {
    let ended = Ended::default();
    let server = ended.server();
    thread::scope(|scope| {
        for caller in 0..8 {
            let server = &server;
            scope.spawn(move || {
                for number in 0..8 {
                    let query = format!("query {number} of {caller}");
                    assert_eq!(server.post("/route", &json!({"query": query})).status, 200);
                }
            });
        }
    });
    let requests = ended.requests(64);
    let all = ended.0.lock().unwrap();
    for request in requests {
        let of_it = |span: &&SpanData| span.parent_span_id == request.span_context.span_id();
        let stages: Vec<_> = all.iter().filter(of_it).collect();
        let names: Vec<_> = stages.iter().map(|stage| &*stage.name).collect();
        assert_eq!(names, ["queue", "tokenise", "encode", "search", "decide"]);
        let mut begun = request.start_time;
        for stage in stages {
            assert_eq!(stage.span_context.trace_id(), request.span_context.trace_id());
            assert!(begun <= stage.start_time && stage.start_time <= stage.end_time);
            begun = stage.end_time;
        }
        assert!(begun <= request.end_time);
    }
}
