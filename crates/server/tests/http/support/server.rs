//! A server on a free port, and the requests it is sent.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use synaptoroute::{FileFormat, Router, RoutesFile};
use synaptoroute_server::{Config, ServeError, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use ureq::http::{HeaderMap, Request};

use super::{FIXTURE, Stage};

/// A server that lives as long as the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) stage: Arc<Stage>,
    agent: ureq::Agent,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<Result<(), ServeError>>>,
    runtime: Runtime,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Server {
    /// With the fixture's routes, on two threads.
    pub(crate) fn start() -> Self {
        Self::with(Config { workers: 2, ..Config::default() })
    }

    /// With the fixture's routes.
    pub(crate) fn with(config: Config) -> Self {
        let stage = Stage::new();
        let router = Router::new(stage.clone());
        let file = RoutesFile::parse(FIXTURE, FileFormat::Json).unwrap();
        router.load(file, &|_, _| ()).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (stop, stopped) = oneshot::channel();
        Self {
            address: listener.local_addr().unwrap(),
            stage,
            agent: ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(Duration::from_secs(60)))
                .build()
                .into(),
            stop: Some(stop),
            serving: Some(runtime.spawn(serve(router, listener, config, async {
                drop(stopped.await);
            }))),
            runtime,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        let json = [("content-type", "application/json")];
        self.send("POST", path, &json, body.to_string())
    }

    /// Posts with `If-Match`.
    pub(crate) fn post_if(&self, tag: &str, path: &str, body: &Value) -> Reply {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        self.send("POST", path, &headers, body.to_string())
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let mut request =
            Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.into();
        let sent = if body.is_empty() {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        };
        let mut response = sent.unwrap();
        let text = response.body_mut().read_to_string().unwrap();
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    /// A connection of which nothing is known but its bytes.
    pub(crate) fn connect(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.write_all(bytes).unwrap();
        stream
    }

    /// Tells the server to stop; returns once it takes no new connections.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
        while TcpStream::connect(self.address).is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// What `serve` returned, once it did.
    pub(crate) fn outcome(&mut self) -> Result<(), ServeError> {
        drop(self.stop.take());
        let serving = self.serving.take().unwrap();
        self.runtime.block_on(serving).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stage.release();
        if self.serving.is_some() {
            drop(self.outcome());
        }
    }
}

impl Reply {
    /// The body of a success.
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/json");
        self.body
    }

    /// The `detail` of a problem with this status and field.
    pub(crate) fn problem(self, status: u16, field: Option<&str>) -> String {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.body["type"], "about:blank");
        assert_eq!(self.body["status"], status);
        assert!(self.body["title"].is_string(), "{self:?}");
        assert_eq!(self.body.get("field"), field.map(|f| json!(f)).as_ref(), "{self:?}");
        self.body["detail"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Reads an answer to its end, after which the server must close the connection: asked to,
/// or because it stops.
impl From<TcpStream> for Reply {
    fn from(mut stream: TcpStream) -> Self {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| {
            let name: ureq::http::HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        });
        Self {
            status: status.unwrap().parse().unwrap(),
            headers: headers.collect(),
            body: serde_json::from_str(body).unwrap_or(Value::String(body.to_owned())),
        }
    }
}
