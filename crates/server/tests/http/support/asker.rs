//! What sends requests.

use std::net::SocketAddr;
use std::time::Duration;

use ureq::http::{Request, Response};
use ureq::{Agent, Body};

/// Sends requests to one server, which may be gone.
#[derive(Clone)]
pub(crate) struct Asker {
    address: SocketAddr,
    agent: Agent,
}

impl Asker {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(300)));
        Self { address, agent: config.build().into() }
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Result<Response<Body>, ureq::Error> {
        let url = format!("http://{}{path}", self.address);
        let body = body.into();
        if method == "DELETE" && !body.is_empty() {
            // The library wants to be sure that this is meant.
            let request = self.agent.delete(url).force_send_body();
            let named = headers.iter().fold(request, |request, (k, v)| request.header(*k, *v));
            return named.send(&body);
        }
        let request = Request::builder().method(method).uri(url);
        let request = headers.iter().fold(request, |request, (k, v)| request.header(*k, *v));
        if body.is_empty() {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        }
    }
}
