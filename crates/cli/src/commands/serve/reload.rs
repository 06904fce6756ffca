//! Reading the routes file again, when it changes or a SIGHUP says so.
//!
//! It is taken whole, in one transaction, or not at all: what is served stays as it is until
//! then, and after a bad file.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use synaptoroute::{ImportMode, Router};
use tokio::signal::unix::Signal;
use tokio::time::{self, MissedTickBehavior};

use crate::commands::import::{Taken, take};
use crate::failure::Failure;
use crate::file;
use crate::output;
use crate::words::count;

/// How often the file is looked at. Asking the system to tell of changes would save nothing
/// that is felt, and would have to follow the file through editors that put a new one in its
/// place and through links that are turned to another folder.
const LOOK: Duration = Duration::from_millis(500);

/// A routes file and what it fills.
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// As it was when it was last read.
    pub(super) stamp: Option<Stamp>,
    /// What stood in it then.
    pub(super) content: Option<Content>,
    /// Whether a change of the file is reason enough.
    pub(super) watch: bool,
    /// The namespace it fills.
    pub(super) router: Router,
    pub(super) mode: ImportMode,
}

impl Source {
    /// Whether the same stands in it as when it was last read.
    fn is_as_it_was(&self) -> bool {
        let content = Content::of(&self.path);
        content.is_some() && content == self.content
    }
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: (i64, i64),
    bytes: u64,
    file: (u64, u64),
}

impl Stamp {
    /// None if there is no file, as for a moment while an editor puts a new one there.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            bytes: metadata.len(),
            file: (metadata.dev(), metadata.ino()),
        })
    }
}

/// A number that tells one content of a file from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content(u64);

impl Content {
    /// None if it cannot be read.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let mut hasher = DefaultHasher::new();
        fs::read(path).ok()?.hash(&mut hasher);
        Some(Self(hasher.finish()))
    }
}

/// Follows the file for as long as it is polled.
///
/// Where a SIGHUP has `keys` read again too, it is most likely about those: a file that is as it was
/// is then left alone, for taking it would undo what was changed over HTTP meanwhile.
pub(super) async fn keep_up(mut source: Source, mut hangup: Signal, keys: bool) {
    let mut look = time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = source.stamp;
    loop {
        tokio::select! {
            signal = hangup.recv() => {
                if signal.is_none() {
                    return;
                }
                if keys && source.is_as_it_was() {
                    let path = source.path.display();
                    output::note(format_args!("{path} is as it was, and not taken again"));
                    continue;
                }
            }
            _ = look.tick(), if source.watch => {
                let now = Stamp::of(&source.path);
                // Twice the same: what is being written is not half of it yet.
                let settled = now == seen;
                seen = now;
                if !settled || now == source.stamp {
                    continue;
                }
                // Touched, or written again as it was: what was changed over HTTP stays.
                if source.is_as_it_was() {
                    source.stamp = now;
                    continue;
                }
            }
        }
        source.content = Content::of(&source.path);
        source.stamp = Stamp::of(&source.path);
        let (path, router, mode) = (source.path.clone(), source.router.clone(), source.mode);
        // Encoding takes its time, and the disk too.
        let reload = tokio::task::spawn_blocking(move || reload(&path, &router, mode));
        if let Err(error) = reload.await {
            tracing::error!(%error, "reading the routes file again failed");
        }
    }
}

fn reload(path: &Path, router: &Router, mode: ImportMode) {
    let done: Result<Taken, Failure> =
        file::read_routes(path).and_then(|file| take(router, file, Some(mode)));
    let snapshot = router.snapshot();
    let revision = snapshot.revision();
    match done {
        Ok(Taken { changed: true, .. }) => output::note(format_args!(
            "{} was read again: {}, revision {revision}",
            path.display(),
            count(snapshot.route_count(), "route"),
        )),
        Ok(_) => output::note(format_args!(
            "{} was read again and says what is served: revision {revision} stays",
            path.display()
        )),
        Err(failure) => output::note(format_args!(
            "synaptoroute: {failure}; nothing is changed, and revision {revision} is served on"
        )),
    }
}
