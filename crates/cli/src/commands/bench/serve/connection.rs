//! One kept connection, with one request on it at a time.

use std::io::{self, ErrorKind, Read, Write};

use tokio::net::TcpStream;

use super::answers::{Answer, Answers};
use super::target::Target;

/// For many connections on one thread.
pub(super) struct Connection {
    stream: TcpStream,
    answers: Answers,
}

impl Connection {
    pub(super) async fn open(target: &Target) -> io::Result<Self> {
        let stream = TcpStream::connect(target.addresses()).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answers: Answers::new() })
    }

    /// Sends a whole request and waits for the whole answer.
    pub(super) async fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        let mut rest = request;
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(sent) => rest = &rest[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.stream.writable().await?;
                }
                Err(error) => return Err(error),
            }
        }
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(self.answers.space()) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    if let Some(answer) = self.answers.took(read).map_err(io::Error::other)? {
                        return Ok(answer);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// For one connection and nothing else: it waits in the read itself, which is the least that
/// a client can add to what it measures.
pub(super) struct Blocking {
    stream: std::net::TcpStream,
    answers: Answers,
}

impl Blocking {
    pub(super) fn open(target: &Target) -> io::Result<Self> {
        let stream = std::net::TcpStream::connect(target.addresses())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(super::PATIENCE))?;
        Ok(Self { stream, answers: Answers::new() })
    }

    /// Sends a whole request and waits for the whole answer.
    pub(super) fn ask(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request)?;
        loop {
            let read = self.stream.read(self.answers.space())?;
            if read == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = self.answers.took(read).map_err(io::Error::other)? {
                return Ok(answer);
            }
        }
    }
}
