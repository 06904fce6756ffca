//! `serve --otlp-endpoint`: what a collector is sent, and what becomes of a service whose
//! collector is no good.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::{Value, json};

use crate::collector::{Collector, Manner, attributes};
use crate::support::{Folder, Service, example, program, stderr};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const STAGES: [&str; 5] = ["queue", "tokenise", "encode", "search", "decide"];

fn serve(collector: &Collector, args: &[&str]) -> Service {
    let routes = example();
    let to = ["--otlp-endpoint", &collector.url, routes.to_str().unwrap()];
    Service::start(&[args, &to].concat())
}

/// The status of a query that is asked with these headers.
fn ask(service: &Service, query: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request =
        ureq::post(format!("{}/route", service.url)).config().http_status_as_error(false).build();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send_json(json!({ "query": query })).unwrap().status().as_u16()
}

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn children<'a>(spans: &'a [Span], of: &Span) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.parent_span_id == of.span_id).collect()
}

#[test]
fn a_request_is_a_span_of_its_callers_trace_and_its_stages_lie_within() {
    let secret = "kestrel-4711-umbrella";
    let collector = Collector::new(Manner::Answers(200));
    let service = serve(&collector, &["--log", "info", "--log-format", "json"]);
    let headers = [
        ("traceparent", &*traceparent("01")),
        ("tracestate", "vendor=1"),
        ("x-request-id", "order-42"),
    ];
    assert_eq!(ask(&service, secret, &headers), 200);
    let said = service.stop();

    let sent = collector.sent();
    assert!(!sent.is_empty(), "the last spans are sent when it stops");
    assert!(sent[0].head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{}", sent[0].head);
    assert!(sent[0].head.contains("content-type: application/x-protobuf\r\n"), "{}", sent[0].head);
    let all: Vec<u8> = sent.into_iter().flat_map(|sent| sent.body).collect();
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("order-42") && !all.contains("kestrel"), "{all}");

    let (spans, resources): (Vec<_>, Vec<_>) = collector.spans().into_iter().unzip();
    assert_eq!(resources[0]["service.name"], "synaptoroute");
    assert_eq!(resources[0]["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(resources[0]["service.instance.id"].len(), 32);

    assert_eq!(spans.len(), 1 + STAGES.len(), "{spans:#?}");
    assert!(spans.iter().all(|span| hex(&span.trace_id) == TRACE), "{spans:#?}");
    let request = spans.iter().find(|span| hex(&span.parent_span_id) == PARENT).unwrap();
    assert_eq!(request.name, "POST /route");
    assert_eq!(request.kind(), SpanKind::Server);
    assert_eq!(request.trace_state, "vendor=1");
    assert_eq!(request.status.clone().unwrap_or_default().code(), StatusCode::Unset);
    let told = attributes(&request.attributes);
    let expected = [
        ("http.request.method", "POST"),
        ("http.route", "/route"),
        ("http.response.status_code", "200"),
        ("synaptoroute.namespace", "default"),
        ("synaptoroute.outcome", "none"),
        ("synaptoroute.request_id", "order-42"),
    ];
    for (name, value) in expected {
        assert_eq!(told.get(name).map(String::as_str), Some(value), "{name}: {told:?}");
    }

    let mut stages = children(&spans, request);
    stages.sort_by_key(|stage| (stage.start_time_unix_nano, stage.end_time_unix_nano));
    let mut begun = request.start_time_unix_nano;
    for stage in &stages {
        assert!(begun <= stage.start_time_unix_nano, "{spans:#?}");
        assert!(stage.start_time_unix_nano <= stage.end_time_unix_nano, "{spans:#?}");
        assert_eq!(stage.kind(), SpanKind::Internal);
        begun = stage.end_time_unix_nano;
    }
    assert!(begun <= request.end_time_unix_nano, "{spans:#?}");
    let mut names: Vec<&str> = stages.iter().map(|stage| &*stage.name).collect();
    let mut all = STAGES;
    names.sort_unstable();
    all.sort_unstable();
    assert_eq!(names, all);

    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let traces: Vec<Value> = lines.map(|line| line["trace_id"].clone()).collect();
    assert!(traces.contains(&TRACE.into()), "{said}");
}

#[test]
fn what_is_answered_is_the_status_of_its_span() {
    let collector = Collector::new(Manner::Answers(200));
    let service = serve(&collector, &[]);
    // More than can be decided in a millisecond.
    let many: Vec<String> = (0..5000).map(|number| format!("query {number}")).collect();
    let late = ureq::post(format!("{}/route/batch", service.url))
        .header("x-timeout-ms", "1")
        .send_json(json!({ "queries": many }));
    assert!(matches!(late, Err(ureq::Error::StatusCode(503))), "{late:?}");
    assert_eq!(ask(&service, "", &[]), 422);
    let missing = ureq::get(format!("{}/nowhere/to-be-found", service.url)).call();
    assert!(missing.is_err(), "{missing:?}");
    service.post("/route/batch", &json!({"queries": ["hello", "goodbye"]}));
    service.get("/health");
    service.get("/ready");
    service.stop();

    let spans: Vec<Span> = collector.spans().into_iter().map(|(span, _)| span).collect();
    let told: Vec<_> = spans.iter().map(|span| attributes(&span.attributes)).collect();
    let statuses: Vec<&str> = told.iter().map(|told| &*told["http.response.status_code"]).collect();
    assert_eq!(statuses, ["503", "422", "404", "200"], "no probes, no stages of many: {spans:#?}");
    let codes: Vec<StatusCode> =
        spans.iter().map(|span| span.status.clone().unwrap_or_default().code()).collect();
    let (error, unset) = (StatusCode::Error, StatusCode::Unset);
    assert_eq!(codes, [error, unset, unset, unset]);
    assert_eq!(told[0]["error.type"], "503");
    assert_eq!(told[0]["synaptoroute.rejection"], "deadline");
    // A path that is none of ours could be anything, and is not told.
    assert_eq!((&*spans[2].name, told[2].get("http.route")), ("GET", None));
    assert!(!collector.sent().iter().any(|sent| sent.body.windows(5).any(|w| w == b"found")));
    assert!(spans.iter().all(|span| span.parent_span_id.is_empty()), "{spans:#?}");
}

/// Whether it is recorded, the caller says; else the share does.
#[test]
fn callers_choose_for_their_traces_and_the_share_for_those_that_begin_here() {
    for (share, here) in [("1", true), ("0", false)] {
        let collector = Collector::new(Manner::Answers(200));
        let service =
            serve(&collector, &["--otlp-ratio", share, "--log", "info", "--log-format", "json"]);
        for _ in 0..3 {
            ask(&service, "hello", &[("traceparent", &traceparent("00"))]);
            ask(&service, "hello", &[("traceparent", "00-nothing-of-the-sort-01")]);
            ask(&service, "hello", &[]);
        }
        ask(&service, "hello", &[("traceparent", &traceparent("01"))]);
        let said = service.stop();
        let mut traces: Vec<String> = collector
            .spans()
            .iter()
            .filter(|(span, _)| span.kind() == SpanKind::Server)
            .map(|(span, _)| hex(&span.trace_id))
            .collect();
        assert_eq!(traces.pop().as_deref(), Some(TRACE));
        assert_eq!(traces.len(), if here { 6 } else { 0 }, "share {share}: {traces:?}");
        // By which the log lines are found.
        for trace in traces {
            assert!(said.contains(&trace) && trace != TRACE, "{trace}: {said}");
        }
    }
}

/// What is set for other programs of the same environment.
#[test]
fn the_standards_variables_change_nothing() {
    let collector = Collector::new(Manner::Answers(200));
    let mut command = program();
    command.envs([
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_SAMPLER", "always_off"),
        ("OTEL_SERVICE_NAME", "another"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=another"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-other=yes"),
    ]);
    let routes = example();
    let to = ["--otlp-endpoint", &collector.url, routes.to_str().unwrap()];
    let service = Service::by(command, &to);
    assert_eq!(ask(&service, "hello", &[]), 200);
    service.stop();
    let spans = collector.spans();
    assert_eq!(spans.len(), 6);
    let is_request = |(span, _): &&(Span, _)| span.kind() == SpanKind::Server;
    let (request, resource) = spans.iter().find(is_request).unwrap();
    assert_eq!(attributes(&request.attributes)["http.route"], "/route");
    assert_eq!(resource["service.name"], "synaptoroute");
    assert!(!collector.sent()[0].head.contains("x-other"));
}

#[test]
fn the_collectors_token_reaches_it_and_nobody_else() {
    let token = "hush-0815-token";
    let given = format!("authorization=Bearer {token}, x-tenant = ours");
    for status in [200, 401] {
        let collector = Collector::new(Manner::Answers(status));
        let mut command = program();
        command.env("SYNAPTOROUTE_OTLP_HEADER", &given);
        command.env("SYNAPTOROUTE_OTLP_ENDPOINT", format!("{}/v1/traces", collector.url));
        let routes = example();
        let service = Service::by(command, &["--log", "trace", routes.to_str().unwrap()]);
        assert_eq!(ask(&service, "hello", &[]), 200);
        let said = service.stop();
        assert!(!said.contains("hush"), "{said}");
        assert_eq!(said.contains("it answered 401 Unauthorized"), status == 401, "{said}");
        let head = &collector.sent()[0].head;
        assert!(head.starts_with("POST /v1/traces HTTP"), "{head}");
        assert!(head.contains(&format!("authorization: Bearer {token}\r\n")), "{head}");
        assert!(head.contains("x-tenant: ours\r\n"), "{head}");
    }
    let help = program().args(["serve", "--help"]).env("SYNAPTOROUTE_OTLP_HEADER", &given).output();
    assert!(!String::from_utf8_lossy(&help.unwrap().stdout).contains("hush"));
    // Without its name it is refused, and still not shown.
    let refused = program()
        .args(["serve", "--otlp-endpoint", "http://127.0.0.1:4318", "--otlp-header", token])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(!stderr(&refused).contains("hush"), "{}", stderr(&refused));
}

/// It is told by the headers alone.
#[test]
fn without_a_collector_log_lines_name_the_callers_trace() {
    let routes = example();
    let service = Service::start(&["--log", "info", routes.to_str().unwrap()]);
    assert_eq!(ask(&service, "hello", &[("traceparent", &traceparent("01"))]), 200);
    let line = service.says("answered");
    assert!(line.contains(&format!("trace_id={TRACE}")), "{line}");
}

/// Neither there nor well, and told of once however many batches are lost.
#[test]
fn a_collector_that_takes_nothing_is_told_of_once_and_the_service_goes_on() {
    // A port that is given to nobody who asks for any.
    let gone = Collector::at("http://127.0.0.1:1".to_owned());
    let ill = Collector::new(Manner::Answers(500));
    for (collector, why) in [(&gone, "refused"), (&ill, "500")] {
        let service = serve(collector, &[]);
        // More than one batch.
        for _ in 0..200 {
            assert_eq!(ask(&service, "hello", &[]), 200);
        }
        let first = service.says("does not take spans");
        assert!(first.contains(why) && first.contains(&collector.url), "{first}");
        assert_eq!(ask(&service, "hello", &[]), 200);
        let rest = service.stop();
        assert!(!rest.contains("does not take spans"), "{rest}");
        assert!(rest.contains("1206 of 1206 spans did not reach the collector"), "{rest}");
    }
    assert!(ill.sent().len() > 1);
}

#[test]
fn spans_that_the_collector_refuses_are_told_of() {
    let collector = Collector::new(Manner::Refuses(2));
    let service = serve(&collector, &[]);
    assert_eq!(ask(&service, "hello", &[]), 200);
    let said = service.stop();
    assert!(said.contains("refused spans") && said.contains("too many of them"), "{said}");
    assert!(said.contains("2 of 6 spans did not reach the collector"), "{said}");
}

/// It ends all the same, with as many spans lost as found no room or no time.
#[test]
fn a_collector_that_hangs_holds_up_neither_answers_nor_the_stop() {
    let collector = Collector::new(Manner::Hangs);
    let service = serve(&collector, &[]);
    for _ in 0..1500 {
        assert_eq!(ask(&service, "hello", &[]), 200);
    }
    let rest = service.stop();
    assert!(rest.contains("9000 of 9000 spans did not reach the collector"), "{rest}");
    assert!(rest.contains("want of time"), "{rest}");
    assert!(!collector.sent().is_empty());
}

/// One of our own services plays it: what it answers is read only if it is trusted.
#[test]
fn an_https_collector_must_be_trusted() {
    let folder = Folder::new();
    let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = folder.write("cert.pem", certified.cert.pem());
    let key = folder.write("key.pem", certified.signing_key.serialize_pem());
    let routes = example();
    let routes = routes.to_str().unwrap();
    let other = Service::start(&["--tls-cert", &certificate, "--tls-key", &key, routes]);
    let ca_cert = ["--otlp-ca-cert", &*certificate];
    for (trust, why) in [(&ca_cert[..], "it answered 404"), (&[], "ertificate")] {
        let collector = Collector::at(other.url.clone());
        let service = serve(&collector, trust);
        assert_eq!(ask(&service, "hello", &[]), 200);
        let said = service.stop();
        assert!(said.contains("does not take spans") && said.contains(why), "{said}");
    }
}
