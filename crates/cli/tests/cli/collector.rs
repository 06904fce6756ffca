//! A collector of traces that keeps what it is sent.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// What it does with what it is sent.
#[derive(Clone, Copy)]
pub(crate) enum Manner {
    /// Answers with this status.
    Answers(u16),
    /// Takes all spans but so many.
    Refuses(i64),
    /// Takes it, and never answers.
    Hangs,
}

/// One request to it.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// Listens for as long as the test runs.
pub(crate) struct Collector {
    pub(crate) url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Collector {
    pub(crate) fn new(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let sent = Arc::default();
        let keep = Arc::clone(&sent);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (connection, keep) = (connection.unwrap(), Arc::clone(&keep));
                thread::spawn(move || while answer(&connection, manner, &keep).is_some() {});
            }
        });
        Self { url, sent }
    }

    /// One that is somewhere else.
    pub(crate) fn at(url: String) -> Self {
        Self { url, sent: Arc::default() }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// All spans that it was sent, each with the resource it is of.
    pub(crate) fn spans(&self) -> Vec<(Span, Attributes)> {
        let mut spans = Vec::new();
        for sent in self.sent() {
            for of in ExportTraceServiceRequest::decode(&*sent.body).unwrap().resource_spans {
                let resource = attributes(&of.resource.unwrap().attributes);
                let of_scopes = of.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.extend(of_scopes.map(|span| (span, resource.clone())));
            }
        }
        spans
    }
}

pub(crate) type Attributes = HashMap<String, String>;

/// Attributes as text.
pub(crate) fn attributes(given: &[KeyValue]) -> Attributes {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let value = |pair: &KeyValue| text(pair.value.as_ref().unwrap().value.as_ref().unwrap());
    given.iter().map(|pair| (pair.key.clone(), value(pair))).collect()
}

/// Takes one request; none if the connection is at its end.
fn answer(connection: &TcpStream, manner: Manner, keep: &Mutex<Vec<Sent>>) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let lower = head.to_lowercase();
    let (_, length) = lower.split_once("content-length: ")?;
    let mut body = vec![0; length.lines().next()?.parse().ok()?];
    reader.read_exact(&mut body).ok()?;
    keep.lock().unwrap().push(Sent { head, body });
    match manner {
        Manner::Answers(status) => say(connection, status, &[]),
        Manner::Refuses(rejected_spans) => {
            let error_message = "too many of them".to_owned();
            let partly = ExportTracePartialSuccess { rejected_spans, error_message };
            let answer = ExportTraceServiceResponse { partial_success: Some(partly) };
            say(connection, 200, &answer.encode_to_vec())
        }
        Manner::Hangs => {
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).ok()?;
            None
        }
    }
}

fn say(mut connection: &TcpStream, status: u16, body: &[u8]) -> Option<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {length}\r\n\r\n");
    connection.write_all(&[head.as_bytes(), body].concat()).ok()
}
