//! What an operator may choose.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use crate::access::Access;
use crate::cors::Origin;
use crate::hosts::HostName;
use crate::limits::Limits;
use crate::observe::Spans;
use crate::tls::Tls;

/// How a server serves.
///
/// ```
/// use synaptoroute_server::Config;
///
/// let config = Config { workers: 4, ..Config::default() };
/// assert_eq!(config.max_queue, 10_000);
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// Threads that encode; all cores unless set, and never fewer than one. More than there
    /// are cores gains nothing.
    pub workers: usize,
    /// Whether a short query that finds a thread free is decided on the thread that read it, of
    /// which it then keeps one at most: two changes of threads less, which is some 100 us where
    /// a query takes a thousand. For encoders that take about so long and never block, since such a
    /// query is not cut short when the grace is over. Not unless set.
    pub at_once: bool,
    /// Requests that may wait for a thread; one more is refused at once with 429. A longer
    /// queue refuses fewer in a burst, and lets each wait longer.
    pub max_queue: usize,
    /// Bytes of bodies that may be inside at a time, those that are still coming included, and
    /// of decisions and vectors beyond the first 64 KiB of an answer until they are sent; a
    /// request that brings or asks for more is refused with 429. 256 MiB unless set.
    pub max_queue_bytes: usize,
    /// How long a request may take unless it says `X-Timeout-Ms` itself; past it it is answered
    /// 503 and costs no inference. Unset, as long as it takes.
    pub deadline: Option<Duration>,
    /// How long requests that were admitted may take to finish once the server stops; those
    /// left are then answered 503. 10 seconds unless set.
    pub grace: Duration,
    /// Of connections, and of slow clients.
    pub limits: Limits,
    /// Who may ask; unset, everybody who can reach the listener.
    pub access: Option<Access>,
    /// What to encrypt with; unset, nothing is.
    pub tls: Option<Tls>,
    /// The web pages that may ask, by where they come from; none unless set.
    pub cors: Vec<Origin>,
    /// The names that it may be asked by, beside addresses and `localhost`; a request by another
    /// is refused with 421. Any unless set. To be set where no keys are asked for and browsers
    /// reach the listener: else a web page whose name is made to lead there may ask all.
    pub hosts: Option<Vec<HostName>>,
    /// Whether the texts of queries are logged, which people may have written in confidence. Not
    /// unless set.
    pub log_queries: bool,
    /// Where spans of requests go; nowhere unless set.
    pub spans: Spans,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: thread::available_parallelism().map_or(1, NonZero::get),
            at_once: false,
            max_queue: 10_000,
            max_queue_bytes: 256 << 20,
            deadline: None,
            grace: Duration::from_secs(10),
            limits: Limits::default(),
            access: None,
            tls: None,
            cors: Vec::new(),
            hosts: None,
            log_queries: false,
            spans: Spans::default(),
        }
    }
}
