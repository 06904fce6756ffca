//! A server on a free port, and the requests it is sent.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use synaptoroute::{
    FileFormat, OpenOptions, Router, RouterError, RoutesFile, StoreError, StoreOptions,
};
use synaptoroute_server::{Config, ServeError, serve};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use ureq::http::HeaderMap;

use super::{Asker, EXAMPLE, FIXTURE, Stage, models};

/// A server that lives as long as the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) stage: Arc<Stage>,
    asker: Asker,
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
    /// The body as it came.
    pub(crate) bytes: Vec<u8>,
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
        Self::of(router, stage, config)
    }

    /// With the routes of an example, and able to change its model; no stage, though.
    pub(crate) fn tunable(config: Config) -> Self {
        let router = Router::with_models(models()).unwrap();
        let file = RoutesFile::parse(EXAMPLE, FileFormat::Yaml).unwrap();
        router.load(file, &|_, _| ()).unwrap();
        Self::of(router, Stage::new(), config)
    }

    /// With what a file holds; nothing at first.
    pub(crate) fn on_file(path: &Path, options: StoreOptions, config: Config) -> Self {
        let stage = Stage::new();
        let router = reopen(path, stage.clone(), options);
        Self::of(router, stage, config)
    }

    fn of(router: Router, stage: Arc<Stage>, config: Config) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (stop, stopped) = oneshot::channel();
        let address = listener.local_addr().unwrap();
        Self {
            address,
            stage,
            asker: Asker::new(address),
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

    pub(crate) fn put(&self, path: &str) -> Reply {
        self.send("PUT", path, &[], "")
    }

    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send("PATCH", path, &[("content-type", "application/json")], body.to_string())
    }

    /// Deletes; with a body unless that is null.
    pub(crate) fn delete(&self, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send("DELETE", path, &[("content-type", "application/json")], body)
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let mut response = self.asker.send(method, path, headers, body).unwrap();
        let bytes = response.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap();
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: serde_json::from_slice(&bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned())),
            bytes,
        }
    }

    /// For those that ask while the server is stopped.
    pub(crate) fn asker(&self) -> Asker {
        self.asker.clone()
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

/// A router on a file whose last server is on its way out: its threads may hold the file a
/// moment longer than it answers.
pub(crate) fn reopen(path: &Path, encoder: Arc<Stage>, options: StoreOptions) -> Router {
    let options = OpenOptions { store: options, ..OpenOptions::default() };
    loop {
        match Router::open(encoder.clone(), path, options, &|_, _| ()) {
            Ok(router) => return router,
            Err(RouterError::Store(error)) if matches!(*error, StoreError::InUse { .. }) => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(other) => panic!("{other}"),
        }
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
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.headers["content-type"], "application/json");
        self.body
    }

    /// The revision of a success.
    #[track_caller]
    pub(crate) fn revision(self) -> u64 {
        let body = self.ok();
        assert_eq!(body["status"], "success", "{body}");
        body["revision"].as_u64().unwrap()
    }

    /// The `detail` of a problem with this status and field.
    #[track_caller]
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
            bytes: body.as_bytes().to_vec(),
        }
    }
}
