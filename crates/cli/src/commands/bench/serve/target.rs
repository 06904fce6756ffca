//! Where requests go, and what they look like.

use std::fmt::Write as _;
use std::io::Write;
use std::net::{SocketAddr, ToSocketAddrs};

use ureq::http::{self, HeaderValue, Uri};

use crate::commands::bench::service::bench;
use crate::failure::Failure;
use crate::remote::{RemoteError, ServerUrl};

#[cfg(test)]
mod tests;

/// Where an address names no port.
const HTTP: u16 = 80;

/// A service's `POST /route`.
pub(super) struct Target {
    /// All that its name stands for, in the system's order: on many machines `localhost` is first
    /// an address at which a service that listens on 127.0.0.1 is not to be found.
    addresses: Vec<SocketAddr>,
    /// All of a request's head that is the same for each.
    head: String,
}

impl Target {
    /// Of a base URL such as `http://127.0.0.1:8080`, and of a key for it.
    pub(super) fn new(url: &ServerUrl, key: Option<&str>) -> Result<Self, Failure> {
        if url.is_tls() {
            return Err(bench(format!(
                "{url}: this load is sent in the clear; name an http:// URL"
            )));
        }
        let no_place = |why: &dyn std::fmt::Display| bench(format!("{url}: {why}"));
        let place: Uri =
            url.to_string().parse().map_err(|why: http::uri::InvalidUri| no_place(&why))?;
        let host = place.host().unwrap_or_default();
        let port = place.port_u16();
        // An IPv6 address is written in brackets, which are no part of it.
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses = (bare, port.unwrap_or(HTTP)).to_socket_addrs();
        let addresses: Vec<SocketAddr> = addresses.map_err(|why| no_place(&why))?.collect();
        if addresses.is_empty() {
            return Err(no_place(&"the name stands for no address"));
        }
        let path = place.path().trim_end_matches('/');
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let mut head = format!(
            "POST {path}/route HTTP/1.1\r\nhost: {host}{port}\r\ncontent-type: application/json\r\n"
        );
        if let Some(key) = key {
            let authorization = format!("Bearer {key}");
            // Else its line breaks would be headers of their own.
            HeaderValue::from_str(&authorization)
                .map_err(|why| RemoteError::Unsendable(why.into()))?;
            write!(head, "authorization: {authorization}\r\n").expect("memory takes all");
        }
        head.push_str("content-length: ");
        Ok(Self { addresses, head })
    }

    /// To be tried one after the other; at least one.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Puts the request for a text in place of what is in `request`.
    pub(super) fn request(&self, text: &str, request: &mut Vec<u8>) {
        let body = serde_json::json!({ "query": text }).to_string();
        request.clear();
        request.extend_from_slice(self.head.as_bytes());
        write!(request, "{}\r\n\r\n{body}", body.len()).expect("memory takes all that is written");
    }
}
