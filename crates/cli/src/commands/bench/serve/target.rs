//! Where requests go, and what they look like.

use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};

use crate::commands::bench::service::bench;
use crate::failure::Failure;

/// A service's `POST /route`.
pub(super) struct Target {
    address: SocketAddr,
    /// All of a request's head that is the same for each.
    head: String,
}

impl Target {
    /// Of a base URL such as `http://127.0.0.1:8080`.
    pub(super) fn new(url: &str) -> Result<Self, Failure> {
        if url.starts_with("https://") {
            return Err(bench(format!(
                "{url}: this load is sent in the clear; name an http:// URL"
            )));
        }
        let place = url.strip_prefix("http://").unwrap_or(url);
        let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        let with_port =
            if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        let mut addresses =
            with_port.to_socket_addrs().map_err(|error| bench(format!("{url}: {error}")))?;
        let address = addresses.next().ok_or_else(|| bench(format!("{url} has no address")))?;
        let head = format!(
            "POST {path}/route HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json\r\n\
             content-length: "
        );
        Ok(Self { address, head })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Puts the request for a text in place of what is in `request`.
    pub(super) fn request(&self, text: &str, request: &mut Vec<u8>) {
        let body = serde_json::json!({ "query": text }).to_string();
        request.clear();
        request.extend_from_slice(self.head.as_bytes());
        write!(request, "{}\r\n\r\n{body}", body.len()).expect("memory takes all that is written");
    }
}
