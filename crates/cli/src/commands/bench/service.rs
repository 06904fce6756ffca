//! A service of this very program, as a user would start it.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::process::Process;
use crate::args::EngineArgs;
use crate::failure::Failure;

/// Runs on a free port, and is stopped when it goes out of scope.
pub(super) struct Service {
    child: Child,
    url: String,
}

impl Service {
    /// Starts it with these arguments and waits until it listens.
    pub(super) fn start<A: AsRef<OsStr>>(
        engine_args: &EngineArgs,
        args: impl IntoIterator<Item = A>,
    ) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe().map_err(bench)?);
        command.arg("serve").args(args).args(["--listen", "127.0.0.1:0"]);
        // How other services of this environment serve is not what is measured.
        let settings = std::env::vars_os().map(|(name, _)| name).filter(|name| {
            let name = name.to_string_lossy();
            name.starts_with("SYNAPTOROUTE_") && name != synaptoroute::ISA_VARIABLE
        });
        for name in settings {
            command.env_remove(name);
        }
        if let Some(model) = &engine_args.model {
            command.arg("--model").arg(model);
        }
        if let Some(isa) = engine_args.isa {
            command.args(["--isa", isa.name()]);
        }
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(bench)?;
        let mut service = Self { child, url: String::new() };
        let stdout = service.child.stdout.take().ok_or_else(|| bench("no output"))?;
        BufReader::new(stdout).read_line(&mut service.url).map_err(bench)?;
        service.url.truncate(service.url.trim_end().len());
        if service.url.is_empty() {
            return Err(bench("it ended before it listened"));
        }
        Ok(service)
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Its process, for as long as this value lives.
    pub(super) fn process(&self) -> Process {
        Process::new(self.child.id())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A failure of the measured service.
pub(super) fn bench(error: impl Display) -> Failure {
    Failure::Bench(error.to_string())
}
