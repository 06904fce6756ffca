//! A client that sends whatever bytes it is given, and reads what comes back.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use crate::generate::{After, Attack};
use crate::outcome::Outcome;

/// Who has no answer by then has been forgotten. Several times what the
/// service gives a slow client.
const PATIENCE: Duration = Duration::from_secs(45);

/// More than any head it answers with.
const MAX_HEAD: usize = 64 << 10;

/// Connections a client holds open with half a request; the oldest makes room.
const HELD: usize = 64;

/// Keeps its connection as long as the service does.
pub(crate) struct Client {
    service: SocketAddr,
    connection: Option<TcpStream>,
    held: VecDeque<TcpStream>,
}

impl Client {
    pub(crate) fn new(service: SocketAddr) -> Self {
        Self { service, connection: None, held: VecDeque::new() }
    }

    /// What became of it.
    pub(crate) fn send(&mut self, attack: &Attack) -> Outcome {
        // An answer to half a request would be taken for the next one's.
        if !attack.fresh
            && let Some(kept) = self.connection.take()
        {
            // One that the service has closed meanwhile, idle for too long, is no answer.
            match self.send_on(kept, attack) {
                Outcome::Closed => {}
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
                    self.connection = Some(connection);
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
