//! The thread that fits anew when texts have changed.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::core::Core;
use crate::error::RouterError;
use crate::executor::UntilClosed;
use crate::router::Router;

/// A fit begins once nothing has changed for so long, so that of many changes in a row the last
/// is what is fitted,
const QUIET: Duration = Duration::from_millis(50);
/// or once so long has passed since the first.
const PATIENCE: Duration = Duration::from_secs(1);
/// After a fit the thread rests for as long as it took, and at most so long: a service that changes
/// all the time loses no more than half a core to it.
const REST: Duration = Duration::from_secs(30);

impl Router {
    /// Has every namespace fitted in the background from now on, on one thread, a moment after its
    /// texts have changed; those whose settings say otherwise are left alone. Decisions go on
    /// meanwhile with the fit before, and count new utterances at once.
    ///
    /// Asked again it changes nothing. The thread ends with the router's last handle.
    ///
    /// # Errors
    ///
    /// The thread cannot be started.
    pub fn start_auto_fit(&self) -> Result<(), RouterError> {
        self.open.start_refitter()
    }

    /// Why the last fit in the background failed; nothing if it did not.
    #[must_use]
    pub fn auto_fit_trouble(&self) -> Option<String> {
        self.core().fit_trouble()
    }
}

/// Fits whatever has changed, each time that a letter comes, until no more can.
pub(crate) fn run(core: &Weak<Core>, letters: &Receiver<()>) {
    let mut waiting = false;
    while waiting || letters.recv().is_ok() {
        if !settle(letters) {
            return;
        }
        let begun = Instant::now();
        {
            let Some(core) = core.upgrade() else { return };
            let mut trouble = None;
            for space in core.spaces.get().values() {
                let done = core.refit(space, &UntilClosed(&core.closing));
                if core.closing.load(Ordering::Relaxed) {
                    return;
                }
                let failed = done.err().map(|error| format!("{}: {error}", space.name));
                trouble = trouble.or(failed);
            }
            core.set_fit_trouble(trouble);
        }
        match rest(letters, begun.elapsed().min(REST)) {
            Some(came) => waiting = came,
            None => return,
        }
    }
}

/// Rests; says whether letters came meanwhile, nothing if the router is gone.
fn rest(letters: &Receiver<()>, time: Duration) -> Option<bool> {
    let begun = Instant::now();
    let mut came = false;
    while let Some(left) = time.checked_sub(begun.elapsed()) {
        match letters.recv_timeout(left) {
            Ok(()) => came = true,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
    Some(came)
}

/// Waits until changes pause; false if the router is gone.
fn settle(letters: &Receiver<()>) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match letters.recv_timeout(QUIET) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}
