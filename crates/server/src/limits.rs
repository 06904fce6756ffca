//! What one client may cost the others.

use std::time::Duration;

/// Limits of connections, and of how slow a client may be.
///
/// ```
/// use synaptoroute_server::{Config, Limits};
///
/// let limits = Limits { max_connections: 100, ..Limits::default() };
/// let config = Config { limits, ..Config::default() };
/// assert!(config.limits.max_header_bytes >= 8 << 10);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; one more is answered 503 and closed. Each takes a file of the
    /// process, and some 10 KiB of memory while it is idle. 16,384 unless set.
    pub max_connections: usize,
    /// How long the head of a request may take to arrive, from when the connection is ready for
    /// it: so also how long a connection may be idle. A TLS handshake has as long. 30 seconds
    /// unless set.
    pub header_timeout: Duration,
    /// How long a request's body may take to arrive, all of it; then it is answered 408. Long
    /// enough for the largest routes file at 5 Mbit/s: 120 seconds unless set.
    pub body_timeout: Duration,
    /// How long a client may leave its answer unread before the connection is cut; also how long
    /// one waits where eight exports, backups and diffs are being read, before it is refused with
    /// 429. 30 seconds unless set.
    pub write_timeout: Duration,
    /// Most bytes of a request's head; a longer one is answered 431. 32 KiB unless set.
    pub max_header_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 16_384,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(120),
            write_timeout: Duration::from_secs(30),
            max_header_bytes: 32 << 10,
        }
    }
}
