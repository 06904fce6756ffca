//! Does an inference run? Can changes be kept? Tried by doing it, once a second at most.

use std::sync::Arc;
use std::time::{Duration, Instant};

use synaptoroute::Router;
use tokio::sync::Mutex;
use tokio::{task, time};

/// How long a result holds: whoever asks more often is told what the last one found, for each
/// costs an inference and a write to the disk, and anybody may ask.
const HOLDS: Duration = Duration::from_secs(1);

/// How long to wait for a disk that does not answer, before that is the answer: longer than a
/// write waits for a foreign program that keeps the file locked.
const PATIENCE: Duration = Duration::from_secs(8);

/// Asks what nobody wants to know and writes what nobody reads, one at a time.
pub(crate) struct Probe {
    router: Router,
    inferred: Mutex<Option<Instant>>,
    last: Arc<Mutex<Option<Outcome>>>,
}

struct Outcome {
    at: Instant,
    trouble: Option<String>,
}

impl Probe {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, inferred: Mutex::default(), last: Arc::default() }
    }

    /// Runs `infer`, unless one has succeeded just now: a failure is told at once, and whoever
    /// asks next tries again.
    pub(crate) async fn inference<E>(
        &self,
        infer: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        let mut inferred = self.inferred.lock().await;
        if inferred.is_none_or(|at| at.elapsed() >= HOLDS) {
            infer.await?;
            *inferred = Some(Instant::now());
        }
        Ok(())
    }

    /// What keeps changes from being kept, if anything does.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let tried = time::timeout(PATIENCE, self.tried()).await;
        let trouble = tried.unwrap_or_else(|_late| {
            Some(format!("the disk did not take a test write within {PATIENCE:?}"))
        });
        // A change may have failed since.
        trouble.or_else(|| self.router.store_trouble()).map_or(Ok(()), Err)
    }

    /// What the last try found; a new one if that is too long ago.
    async fn tried(&self) -> Option<String> {
        // Whoever waits here gets the result of the one who tries.
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some(outcome) = last.as_ref().filter(|outcome| outcome.at.elapsed() < HOLDS) {
            return outcome.trouble.clone();
        }
        let router = self.router.clone();
        // The lock goes along: a caller that goes away does not let another write in.
        let tried = task::spawn_blocking(move || {
            let trouble = router.probe().err().map(|error| error.to_string());
            *last = Some(Outcome { at: Instant::now(), trouble: trouble.clone() });
            trouble
        });
        tried.await.unwrap_or_else(|_| Some("a test write panicked".to_owned()))
    }
}
