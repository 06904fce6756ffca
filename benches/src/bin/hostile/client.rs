//! A client that sends whatever bytes it is given, and reads what comes back.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::generate::{After, Attack};
use crate::outcome::Outcome;

/// Who has no answer by then has been forgotten. Several times what the
/// service gives a slow client.
const PATIENCE: Duration = Duration::from_secs(45);

/// More than any head it answers with.
const MAX_HEAD: usize = 64 << 10;

/// Connections a client holds open with half a request; the oldest makes room.
const HELD: usize = 64;

/// A service counts from when it has written an answer, this client from when it has read it:
/// by so much more a connection may have been idle than is known here.
const SLACK: Duration = Duration::from_millis(500);

/// Keeps its connection as long as the service does.
pub(crate) struct Client {
    service: SocketAddr,
    /// How long the service keeps a connection on which nothing is asked.
    keeps: Duration,
    connection: Option<Kept>,
    held: VecDeque<TcpStream>,
    resent: u64,
}

/// A connection that serves another request.
struct Kept {
    stream: TcpStream,
    since: Instant,
}

impl Client {
    pub(crate) fn new(service: SocketAddr, keeps: Duration) -> Self {
        Self { service, keeps, connection: None, held: VecDeque::new(), resent: 0 }
    }

    /// Requests that were sent again, since their connection was closed for being idle.
    pub(crate) fn resent(&self) -> u64 {
        self.resent
    }

    /// What became of it.
    pub(crate) fn send(&mut self, attack: &Attack) -> Outcome {
        // An answer to half a request would be taken for the next one's.
        if !attack.fresh
            && let Some(kept) = self.connection.take()
        {
            let idle = kept.since.elapsed();
            match self.send_on(kept.stream, attack) {
                // Closed while the request was under way: the race that every client of a kept
                // connection may lose. Any other that is closed has lost its answer.
                Outcome::Closed if idle + SLACK >= self.keeps => self.resent += 1,
                outcome => return outcome,
            }
        }
        match self.connect() {
            Ok(connection) => self.send_on(connection, attack),
            Err(error) => Outcome::from_error(&error),
        }
    }

    fn send_on(&mut self, mut connection: TcpStream, attack: &Attack) -> Outcome {
        // It may have answered and closed before it read all; that answer is there to read.
        let written = attack.parts.iter().try_for_each(|part| connection.write_all(part));
        match attack.after {
            After::Vanish => return Outcome::Left,
            After::Hold => {
                self.held.truncate(HELD - 1);
                self.held.push_front(connection);
                return Outcome::Left;
            }
            After::HalfClose => drop(connection.shutdown(Shutdown::Write)),
            After::Listen => {}
        }
        match answer(&mut connection) {
            Ok((status, keeps)) => {
                if keeps && written.is_ok() && !attack.fresh {
                    self.connection = Some(Kept { stream: connection, since: Instant::now() });
                }
                Outcome::Status(status)
            }
            Err(error) => Outcome::from_error(&error),
        }
    }

    fn connect(&self) -> io::Result<TcpStream> {
        let connection = TcpStream::connect(self.service)?;
        connection.set_nodelay(true)?;
        connection.set_read_timeout(Some(PATIENCE))?;
        connection.set_write_timeout(Some(PATIENCE))?;
        Ok(connection)
    }
}

/// Status of the next answer, and whether the connection serves another.
fn answer(connection: &mut TcpStream) -> io::Result<(u16, bool)> {
    let mut read = Vec::new();
    let mut part = [0; 4096];
    let end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if read.len() > MAX_HEAD {
            return Err(ErrorKind::InvalidData.into());
        }
        match connection.read(&mut part)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => read.extend_from_slice(&part[..length]),
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or(ErrorKind::InvalidData)?;
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let Some(length) = field("content-length:").and_then(|length| length.parse::<usize>().ok())
    else {
        return Ok((status, false));
    };
    let mut left = (end + length).saturating_sub(read.len());
    while left > 0 {
        let wanted = left.min(part.len());
        match connection.read(&mut part[..wanted])? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => left -= length,
        }
    }
    let closes = field("connection:").is_some_and(|value| value.contains("close"));
    Ok((status, !closes))
}

#[cfg(test)]
mod tests;
