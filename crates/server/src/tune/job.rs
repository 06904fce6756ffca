//! The thread that tunes, and what is known of it.
//!
//! A service tunes one thing at a time: a tuning keeps a core busy for minutes, and whoever wants
//! another waits for its end or calls it off. What is known of the last one is kept until the next.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use synaptoroute::{
    InstallProgress, InstallStage, NamespaceName, RouterError, TuneProgress, TuneReport, TuneStage,
};
use tokio::sync::{oneshot, watch};
use tokio::time;

use super::status::{Stage, State, Status};
use crate::engine::{Engine, EngineError};
use crate::failure::Failure;

/// Why a tuning is not begun, called off, or in the way of something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TuneRefusal {
    #[error(
        "one tuning is at work at a time, and another is; wait for its end, which GET /tune tells, \
         or call it off by DELETE /tune"
    )]
    Running,
    #[error(
        "no tuning is at work, so there is none to call off; GET /tune tells what came of the last"
    )]
    Idle,
    #[error(
        "the tuned model goes to the store at this moment, which nobody calls off; once it is in \
         use, POST /models/NUMBER/use goes back to another"
    )]
    Storing,
    #[error("a tuned model is being installed; try again once GET /tune tells of its end")]
    Installing,
    #[error("the tuning at work is another namespace's, which the key is not good for")]
    Foreign,
}

/// The tuning of a service: the one at work, or else the last. Once it is dropped none goes on.
pub(crate) struct Tuning(Arc<Shared>);

/// What the thread has too.
pub(super) struct Shared {
    now: Mutex<Now>,
    /// Held while a model is installed.
    installing: Mutex<()>,
    running: watch::Sender<bool>,
}

#[derive(Default)]
struct Now {
    /// Whether none is begun any more.
    closed: bool,
    job: Option<Job>,
    /// The one before, until it is known that there is something to tune.
    before: Option<Job>,
}

struct Job {
    status: Status,
    begun: Instant,
    called_off: bool,
}

/// What came of a tuning that came to its end.
pub(super) enum Outcome {
    /// The tuned model is in use.
    Installed,
    /// It is not, for this reason.
    Left(String),
}

impl Tuning {
    pub(crate) fn new() -> Self {
        let (running, _) = watch::channel(false);
        Self(Arc::new(Shared { now: Mutex::default(), installing: Mutex::default(), running }))
    }

    /// Begins to tune. What comes back is told once it is known that there is something to tune, or
    /// why not; then it is as if nobody had asked. So it is if nobody waits for that.
    pub(super) fn start(
        &self,
        namespace: NamespaceName,
        engine: &Engine,
        work: impl FnOnce(&mut Work) -> Result<Outcome, RouterError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<Status, RouterError>>, Failure> {
        let mut now = lock(&self.0.now);
        if now.closed {
            return Err(EngineError::Stopping.into());
        }
        if now.running().is_some() {
            return Err(TuneRefusal::Running.into());
        }
        now.before = now.job.replace(Job::new(namespace));
        let (told, begun) = oneshot::channel();
        let (shared, engine) = (Arc::clone(&self.0), engine.clone());
        let run = move || {
            let mut at = Work { shared, told: Some(told), begun: false };
            let done = catch_unwind(AssertUnwindSafe(|| work(&mut at)));
            at.end(done.map_err(|_panic| engine.count_panic()));
        };
        if let Err(error) = thread::Builder::new().name("tune".to_owned()).spawn(run) {
            now.job = now.before.take();
            return Err(RouterError::Thread(error).into());
        }
        self.0.running.send_replace(true);
        Ok(begun)
    }

    /// How far it is, or what came of it.
    pub(crate) fn status(&self) -> Status {
        lock(&self.0.now).job.as_ref().map(Job::status).unwrap_or_default()
    }

    /// Whether one is at work.
    pub(crate) fn is_running(&self) -> bool {
        *self.0.running.borrow()
    }

    /// Calls off the one at work, if that is allowed for its namespace.
    pub(super) fn call_off(
        &self,
        is_allowed: impl Fn(&NamespaceName) -> bool,
    ) -> Result<(), TuneRefusal> {
        let mut now = lock(&self.0.now);
        let job = now.running().ok_or(TuneRefusal::Idle)?;
        if !job.status.namespace.as_ref().is_none_or(is_allowed) {
            return Err(TuneRefusal::Foreign);
        }
        if job.status.stage == Some(Stage::Store) {
            return Err(TuneRefusal::Storing);
        }
        job.called_off = true;
        Ok(())
    }

    /// Calls off the one at work, and lets none begin.
    pub(crate) fn close(&self) {
        let mut now = lock(&self.0.now);
        now.closed = true;
        if let Some(job) = now.running() {
            job.called_off = true;
        }
    }

    /// Returns once none is at work, or after so long.
    pub(crate) async fn ended(&self, limit: Duration) {
        let mut running = self.0.running.subscribe();
        let _late = time::timeout(limit, running.wait_for(|running| !running)).await;
    }

    /// Keeps a tuned model from being installed for as long as what comes back is kept.
    pub(crate) fn try_installing(&self) -> Result<MutexGuard<'_, ()>, TuneRefusal> {
        match self.0.installing.try_lock() {
            Ok(alone) => Ok(alone),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(TuneRefusal::Installing),
        }
    }
}

impl Drop for Tuning {
    fn drop(&mut self) {
        self.close();
    }
}

impl Shared {
    /// Waits until no other model is being installed, and keeps it so.
    pub(super) fn installing(&self) -> MutexGuard<'_, ()> {
        lock(&self.installing)
    }
}

impl Now {
    fn running(&mut self) -> Option<&mut Job> {
        self.job.as_mut().filter(|job| job.status.state == State::Running)
    }
}

impl Job {
    fn new(namespace: NamespaceName) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let status = Status {
            state: State::Running,
            namespace: Some(namespace),
            started_at_unix_ms: u64::try_from(since.as_millis()).ok(),
            ..Status::default()
        };
        Self { status, begun: Instant::now(), called_off: false }
    }

    fn status(&self) -> Status {
        let mut status = self.status.clone();
        if status.state == State::Running {
            status.seconds = self.begun.elapsed().as_secs_f64();
        }
        status
    }

    fn end(&mut self, state: State, installed: bool, reason: Option<String>) {
        let seconds = self.begun.elapsed().as_secs_f64();
        let status = &mut self.status;
        (status.state, status.seconds) = (state, seconds);
        (status.stage, status.fold) = (None, None);
        (status.installed, status.reason) = (installed, reason);
        let verdict = status.report.as_ref().map(|report| report.verdict);
        let reason = status.reason.as_deref();
        tracing::info!(?state, ?verdict, installed, reason, seconds, "tuning ended");
    }
}

/// A tuning, to who does it.
pub(super) struct Work {
    shared: Arc<Shared>,
    /// Who waits to hear that it has begun.
    told: Option<oneshot::Sender<Result<Status, RouterError>>>,
    begun: bool,
}

impl Work {
    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// False if it was called off.
    pub(super) fn tuning(&mut self, progress: TuneProgress) -> bool {
        let (stage, fold) = match progress.stage {
            TuneStage::Fold(fold) | TuneStage::FoldWithNegatives(fold) => (Stage::Fold, Some(fold)),
            TuneStage::Quantise => (Stage::Quantise, None),
            _ => (Stage::All, None),
        };
        self.at(|status| {
            (status.stage, status.fold) = (Some(stage), fold);
            (status.done, status.of) = (progress.done, progress.of);
            status.loss = progress.loss.or(status.loss);
        })
    }

    /// There is a tuned model.
    pub(super) fn tuned(&mut self, report: TuneReport) {
        self.at(|status| status.report = Some(report));
    }

    /// False if it was called off.
    pub(super) fn installing(&mut self, progress: InstallProgress) -> bool {
        let stage = match progress.stage {
            InstallStage::Embed => Stage::Embed,
            InstallStage::Fit => Stage::Fit,
            _ => Stage::Store,
        };
        self.at(|status| {
            (status.stage, status.fold) = (Some(stage), None);
            (status.done, status.of) = (progress.done, progress.of);
        })
    }

    /// Under one lock with [`Tuning::call_off`]: what is called off never gets to the store.
    fn at(&mut self, note: impl FnOnce(&mut Status)) -> bool {
        let mut now = lock(&self.shared.now);
        let Some(job) = now.running().filter(|job| !job.called_off) else { return false };
        note(&mut job.status);
        let status = job.status();
        drop(now);
        if let Some(told) = self.told.take() {
            let namespace = status.namespace.as_ref().map_or("", NamespaceName::as_str);
            tracing::info!(namespace, "tuning begun");
            self.begun = told.send(Ok(status)).is_ok();
        }
        self.begun
    }

    fn end(self, done: Result<Result<Outcome, RouterError>, EngineError>) {
        let mut now = lock(&self.shared.now);
        let before = now.before.take();
        if !self.begun {
            now.job = before;
            // Who waits hears of a panic by the end of this.
            if let (Some(told), Ok(Err(error))) = (self.told, done) {
                let _gone = told.send(Err(error));
            }
        } else if let Some(job) = &mut now.job {
            match done {
                Ok(Ok(Outcome::Installed)) => job.end(State::Done, true, None),
                Ok(Ok(Outcome::Left(reason))) => job.end(State::Done, false, Some(reason)),
                Ok(Err(RouterError::TuneCancelled | RouterError::InstallCancelled)) => {
                    job.end(State::Cancelled, false, None);
                }
                Ok(Err(error)) => job.end(State::Failed, false, Some(error.to_string())),
                Err(_panicked) => {
                    let reason = "it failed inside the server, whose log says more".to_owned();
                    job.end(State::Failed, false, Some(reason));
                }
            }
        }
        // Before another can begin.
        self.shared.running.send_replace(false);
    }
}

/// Who panicked left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
