//! What becomes of a connection too many.

use std::fmt::Write as _;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body;
use axum::response::IntoResponse;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time;

use crate::failure::Failure;

/// Connections that are told why at a time; those beyond are closed without a word. So a flood
/// of them costs no more than this.
const TOLD: usize = 256;

/// How long one of them is kept for that. A socket that is closed with something unread in it
/// is reset, and the client may never see the answer.
const LINGER: Duration = Duration::from_millis(500);

/// How often the log says so.
const QUIET: Duration = Duration::from_secs(10);

/// Refuses connections.
pub(super) struct Refusals {
    /// The answer; none where a handshake would have to come first, which is what costs.
    answer: Option<Arc<[u8]>>,
    max: usize,
    told: Arc<Semaphore>,
    since: u64,
    logged: Option<Instant>,
}

impl Refusals {
    pub(super) async fn new(max: usize, tls: bool) -> Self {
        let answer = if tls { None } else { Some(answer(max).await.into()) };
        Self { answer, max, told: Arc::new(Semaphore::new(TOLD)), since: 0, logged: None }
    }

    /// Returns at once, whatever the client does.
    pub(super) fn refuse(&mut self, mut stream: TcpStream) {
        self.since += 1;
        if self.logged.is_none_or(|logged| logged.elapsed() >= QUIET) {
            let (refused, max) = (self.since, self.max);
            tracing::warn!(refused, max, "refusing connections: all places are taken");
            (self.since, self.logged) = (0, Some(Instant::now()));
        }
        let Some(answer) = &self.answer else { return };
        let Ok(permit) = Arc::clone(&self.told).try_acquire_owned() else { return };
        let answer = Arc::clone(answer);
        tokio::spawn(async move {
            let tell = async {
                // It fits what the system holds for a connection on which nothing was written.
                stream.writable().await?;
                stream.try_write(&answer)?;
                poll_fn(|cx| Pin::new(&mut stream).poll_shutdown(cx)).await?;
                let mut unread = [0; 1024];
                loop {
                    stream.readable().await?;
                    match stream.try_read(&mut unread) {
                        Ok(0) => return Ok(()),
                        Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                            return Err(error);
                        }
                        _ => {}
                    }
                }
            };
            let _told = time::timeout(LINGER, tell).await;
            drop(permit);
        });
    }
}

/// The problem as it goes over the wire.
async fn answer(max: usize) -> Vec<u8> {
    let (head, body) = Failure::Crowded { max }.into_response().into_parts();
    let body = body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let mut text = format!("HTTP/1.1 {}\r\nconnection: close\r\n", head.status);
    for (name, value) in &head.headers {
        if name != axum::http::header::CONTENT_LENGTH {
            let value = String::from_utf8_lossy(value.as_bytes());
            let _always = write!(text, "{name}: {value}\r\n");
        }
    }
    let _always = write!(text, "content-length: {}\r\n\r\n", body.len());
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(&body);
    bytes
}
