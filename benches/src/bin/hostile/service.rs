//! The service under attack.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::traces;

/// What slow clients are given, and a connection that nothing is asked on. Less than by default,
/// so that many of them come to the end of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The flags that set it.
const PATIENT: [&str; 3] = ["--header-timeout", "--body-timeout", "--write-timeout"];

/// How long its page of metrics may take.
const PAGE_WITHIN: Duration = Duration::from_secs(30);

/// Its own grace, and a little.
const STOPS_WITHIN: Duration = Duration::from_secs(15);

/// Stopped when it goes out of scope, by force if need be.
pub(crate) struct Service {
    child: Child,
    address: SocketAddr,
    log: fs::File,
}

impl Service {
    /// Starts it and waits until it listens.
    pub(crate) fn start(program: &Path, routes: &Path) -> io::Result<Self> {
        let log = tempfile::tempfile()?;
        let child = Command::new(program)
            .arg("serve")
            .arg(routes)
            .args(["--listen", "127.0.0.1:0"])
            .args(
                PATIENT
                    .iter()
                    .flat_map(|flag| [(*flag).to_owned(), PATIENCE.as_secs().to_string()]),
            )
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?)
            .spawn()
            .map_err(|error| {
                let program = program.display();
                let hint = "build it with `cargo build --release`, or name it with --program";
                io::Error::new(error.kind(), format!("{program}: {error}; {hint}"))
            })?;
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut service = Self { child, address: unknown, log };
        let mut url = String::new();
        if let Some(stdout) = service.child.stdout.take() {
            BufReader::new(stdout).read_line(&mut url)?;
        }
        let address = url.trim().strip_prefix("http://").and_then(|address| address.parse().ok());
        service.address = address.ok_or_else(|| io::Error::other("it did not say its address"))?;
        Ok(service)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Megabytes in memory; zero once it has ended, or where the system does not tell.
    pub(crate) fn resident_mb(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        kib.unwrap_or_default() * 1024.0 / 1e6
    }

    /// How many panics it has counted.
    pub(crate) fn panics(&self) -> io::Result<u64> {
        let mut connection = TcpStream::connect(self.address)?;
        connection.set_read_timeout(Some(PAGE_WITHIN))?;
        connection
            .write_all(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut page = String::new();
        connection.read_to_string(&mut page)?;
        traces::counted(&page).ok_or_else(|| io::Error::other("it does not count its panics"))
    }

    /// Asks it to stop, and says what was wrong with how it did, or with what it logged.
    pub(crate) fn stop(mut self) -> io::Result<Vec<String>> {
        let mut faults = Vec::new();
        if let Some(status) = self.child.try_wait()? {
            faults.push(format!("it ended by itself: {status}"));
        } else {
            Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
            let asked = Instant::now();
            let status = loop {
                match self.child.try_wait()? {
                    None if asked.elapsed() < STOPS_WITHIN => {
                        thread::sleep(Duration::from_millis(20));
                    }
                    status => break status,
                }
            };
            match status {
                None => faults.push(format!("it did not stop within {STOPS_WITHIN:?}")),
                Some(status) if !status.success() => faults.push(format!("it stopped: {status}")),
                Some(_) => {}
            }
        }
        let mut log = Vec::new();
        self.log.rewind()?;
        self.log.read_to_end(&mut log)?;
        let log = String::from_utf8_lossy(&log);
        faults.extend(traces::told(&log));
        Ok(faults)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
