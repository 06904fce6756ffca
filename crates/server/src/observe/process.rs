//! The process as its system sees it. Where there is no `/proc` nothing is said.

use std::fs;

use super::page::{Kind, Page};

/// Clock ticks a second in what `/proc` tells: 100 on every system that has one, whatever the
/// kernel's own clock does.
const TICKS: f64 = 100.0;

/// What a process takes.
#[derive(Debug)]
struct Usage {
    cpu_seconds: f64,
    /// Since 1970.
    started_seconds: f64,
    resident_bytes: u64,
    virtual_bytes: u64,
    open_files: usize,
    threads: u64,
}

impl Usage {
    fn now() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        // The second field is the program's name in parentheses, whatever is in it.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        // By their numbers in proc(5), of which the first here is 3.
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        let system = fs::read_to_string("/proc/stat").ok()?;
        let booted = value(&system, "btime")? as f64;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        Some(Self {
            cpu_seconds: (field(14)? + field(15)?) / TICKS,
            started_seconds: booted + field(22)? / TICKS,
            resident_bytes: value(&status, "VmRSS:")? * 1024,
            virtual_bytes: value(&status, "VmSize:")? * 1024,
            // Less the one that this looks through.
            open_files: fs::read_dir("/proc/self/fd").ok()?.count().saturating_sub(1),
            threads: value(&status, "Threads:")?,
        })
    }
}

/// The number behind a word at the beginning of a line.
fn value(text: &str, word: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(word))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

pub(super) fn write(page: &mut Page) {
    let Some(usage) = Usage::now() else { return };
    let (counter, gauge) = (Kind::Counter, Kind::Gauge);
    let mut tell = |name, kind, help, value: f64| page.single(name, kind, help, value);
    let help = "Processor time, of all threads";
    tell("process_cpu_seconds_total", counter, help, usage.cpu_seconds);
    let help = "Memory that is in use, shared pages included";
    tell("process_resident_memory_bytes", gauge, help, usage.resident_bytes as f64);
    let help = "Addresses that are taken, whether or not there is memory behind them";
    tell("process_virtual_memory_bytes", gauge, help, usage.virtual_bytes as f64);
    let help = "Open files, connections among them";
    tell("process_open_fds", gauge, help, usage.open_files as f64);
    tell("process_threads", gauge, "Threads", usage.threads as f64);
    let help = "When it began, in seconds since 1970";
    tell("process_start_time_seconds", gauge, help, usage.started_seconds);
}
