//! What the system tells of a process: processor time and memory. Linux tells; elsewhere
//! there is nothing.

use std::fs;
use std::time::Duration;

/// The unit of processor times in `/proc`, on every architecture Linux runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// A process that is watched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process(u32);

impl Process {
    pub(super) fn new(id: u32) -> Self {
        Self(id)
    }

    /// This program.
    pub(super) fn own() -> Self {
        Self(std::process::id())
    }

    /// Processor time so far, of all its threads, its own and the system's for it.
    pub(super) fn cpu(self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The name is in parentheses and may have some of its own.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<f64>().ok();
        let (user, system) = (ticks()?, ticks()?);
        Some(Duration::from_secs_f64((user + system) / TICKS_A_SECOND))
    }

    /// Megabytes in memory now.
    pub(super) fn resident_mb(self) -> Option<f64> {
        self.megabytes("VmRSS:")
    }

    /// The most megabytes it ever had in memory.
    pub(super) fn peak_mb(self) -> Option<f64> {
        self.megabytes("VmHWM:")
    }

    fn megabytes(self, field: &str) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kib * 1024.0 / 1e6)
    }
}

/// Microseconds of processor time for each of so many, between two moments.
pub(super) fn cpu_us_each(
    before: Option<Duration>,
    after: Option<Duration>,
    number: u64,
) -> Option<f64> {
    let spent = after?.checked_sub(before?)?;
    (number > 0).then(|| spent.as_secs_f64() * 1e6 / number as f64)
}
