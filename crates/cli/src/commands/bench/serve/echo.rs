//! What waking up costs by itself: an echo over loopback that computes as long as a query takes,
//! and does nothing else.
//!
//! A client sleeps until it is answered, and a service sleeps until it is asked. Each is woken
//! by the other, on a core that has fallen asleep meanwhile, and the longer it slept, the longer
//! that takes: an echo that answers at once is no measure for a service that computes for a
//! millisecond. This one computes as long; it reads and writes as many bytes, in a process of
//! its own as a service is, and knows neither HTTP nor JSON nor a queue. So what its round trip
//! takes beyond the computing is the least that any service behind a socket can add, unless it
//! or its client keeps a core busy with waiting.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::commands::bench::service::bench;
use crate::failure::Failure;

/// Bytes of what an echo is told: how many nanoseconds to compute, how many bytes its request
/// has, these among them, and how many its answer.
const ORDER: usize = 24;

/// More than any request or answer has here, and longer than any query takes.
const MOST_BYTES: u64 = 1 << 20;
const LONGEST: Duration = Duration::from_secs(10);

/// A process that echoes. It ends when this value does, or whoever held it.
pub(super) struct Echo {
    stream: TcpStream,
    process: Child,
    bytes: Vec<u8>,
}

impl Echo {
    /// Starts this program anew, with one end of a connection as its standard input.
    pub(super) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let stream = TcpStream::connect(listener.local_addr()?)?;
        let (theirs, from) = listener.accept()?;
        if from != stream.local_addr()? {
            return Err(io::Error::other("somebody else connected to the echo"));
        }
        for end in [&stream, &theirs] {
            end.set_nodelay(true)?;
        }
        stream.set_read_timeout(Some(super::PATIENCE))?;
        let mut command = Command::new(std::env::current_exe()?);
        // Of this run's settings none is for it, and one that is meant for `serve` may be wrong
        // for it.
        command.env_clear().args(["bench", "echo"]).stdin(OwnedFd::from(theirs));
        let process = command.stdout(Stdio::null()).spawn()?;
        Ok(Self { stream, process, bytes: Vec::new() })
    }

    /// How long a round trip takes beyond the time it computes.
    pub(super) fn ask(
        &mut self,
        request_bytes: usize,
        answer_bytes: usize,
        computes: Duration,
    ) -> io::Result<Duration> {
        let request_bytes = request_bytes.max(ORDER);
        self.bytes.clear();
        let computes_ns = u64::try_from(computes.as_nanos()).unwrap_or(u64::MAX);
        for number in [computes_ns, request_bytes as u64, answer_bytes as u64] {
            self.bytes.extend(number.to_le_bytes());
        }
        self.bytes.resize(request_bytes.max(answer_bytes), 0);
        let begun = Instant::now();
        self.stream.write_all(&self.bytes[..request_bytes])?;
        self.stream.read_exact(&mut self.bytes[..answer_bytes])?;
        Ok(begun.elapsed().saturating_sub(computes))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `bench echo`, the other end: answers until nobody is there any more.
pub(in crate::commands::bench) fn run() -> Result<(), Failure> {
    let input = io::stdin().as_fd().try_clone_to_owned().map_err(bench)?;
    answer(TcpStream::from(input)).map_err(|error| {
        bench(format!("an echo of `bench serve --only single`, which starts it itself: {error}"))
    })
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    let (mut bytes, mut filled) = (vec![0; MOST_BYTES as usize], 0);
    loop {
        // As a service reads: what there is, which is the whole request as a rule.
        let read = stream.read(&mut bytes[filled..])?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        if filled < ORDER {
            continue;
        }
        let number = |at: usize| {
            let number = bytes[8 * at..][..8].try_into().expect("there are eight");
            u64::from_le_bytes(number)
        };
        let (computes, request, length) = (Duration::from_nanos(number(0)), number(1), number(2));
        if computes > LONGEST || request.max(length) > MOST_BYTES {
            return Err(ErrorKind::InvalidData.into());
        }
        if (filled as u64) < request {
            continue;
        }
        filled = 0;
        let begun = Instant::now();
        while begun.elapsed() < computes {
            std::hint::spin_loop();
        }
        stream.write_all(&bytes[..length as usize])?;
    }
}

#[cfg(test)]
mod tests;
