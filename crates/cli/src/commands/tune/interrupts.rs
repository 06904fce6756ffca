//! Being told to stop while somebody else works.

use std::process;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;

/// Ends when it is dropped, and then SIGINT and SIGTERM do nothing more.
pub(super) struct Interrupts {
    told: Receiver<()>,
    _runtime: Runtime,
}

impl Interrupts {
    /// From now on the first SIGINT or SIGTERM is told by [`Self::wait`]; the second ends the process.
    pub(super) fn hear() -> Result<Self, Failure> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(Failure::Runtime)?;
        let inside = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::Runtime)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Failure::Runtime)?;
        drop(inside);
        let (tell, told) = mpsc::channel();
        runtime.spawn(async move {
            tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
            let _unheard = tell.send(());
            tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
            process::exit(130);
        });
        Ok(Self { told, _runtime: runtime })
    }

    /// Waits so long, or until the first signal: then true.
    pub(super) fn wait(&self, time: Duration) -> bool {
        self.told.recv_timeout(time).is_ok()
    }
}
