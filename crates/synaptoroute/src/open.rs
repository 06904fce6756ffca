//! From an encoder and a file to a router, and what lives as long as it.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use synaptoroute_encoder::Encoder;
use synaptoroute_router::{NamespaceName, Text};
use synaptoroute_store::{
    ModelIdentity, NewModel, Options, Reader, Reads, Reembedding, Store, StoreError,
};

use crate::commits::CommitStats;
use crate::core::{Core, Request, unix_ms};
use crate::embed::{Progress, embed_all};
use crate::error::RouterError;
use crate::executor::Threads;
use crate::models::{Models, identity_of};
use crate::router::Router;
use crate::sync::{Mutex, lock};

/// How to open a database.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// How changes are kept.
    pub store: Options,
    /// Whether texts of a file that was made with another model may be embedded anew. If not,
    /// such a file is refused.
    pub reembed: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { store: Options::default(), reembed: true }
    }
}

/// What all handles keep alive: while one of them exists, the store is open.
pub(crate) struct Open {
    pub(crate) core: Arc<Core>,
    /// Where the store lies; nowhere if it is in memory.
    path: Option<PathBuf>,
    /// What encoders are made of.
    pub(crate) models: Option<Arc<Models>>,
    compactor: Option<JoinHandle<()>>,
    refitter: Mutex<Option<JoinHandle<()>>>,
}

/// When the last handle is gone the file is closed: whoever waits for it need not try twice.
impl Drop for Open {
    fn drop(&mut self) {
        self.core.stop();
        let refitter = lock(&self.refitter).take();
        for thread in [self.compactor.take(), refitter].into_iter().flatten() {
            // A panic there was reported by its thread. The last handle may be the thread's own.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// How long what a compaction replaced is kept for readers that are still at it, so that it
/// is freed by the compactor and not by the last of them.
const RETIRED: Duration = Duration::from_millis(200);

impl Router {
    /// A router in memory, without routes: what is added is gone with it.
    ///
    /// # Panics
    ///
    /// If the process has no memory for an empty database, or cannot start a thread.
    #[must_use]
    pub fn new(encoder: Arc<dyn Encoder>) -> Self {
        let store = Store::in_memory(&identity(&*encoder), Options::default())
            .expect("an empty database in memory");
        let opened = Opened { encoder, path: None, models: None, read_only: false };
        Self::start(store, opened).expect("a database in memory and a thread")
    }

    /// As [`Router::new`], with the first of these models, and able to change it.
    ///
    /// # Errors
    ///
    /// The model cannot be used, or a thread not be started.
    pub fn with_models(models: Arc<Models>) -> Result<Self, RouterError> {
        let encoder = models.encoder(models.first())?;
        let store = Store::in_memory(&identity(&*encoder), Options::default())?;
        Self::start(store, Opened { encoder, path: None, models: Some(models), read_only: false })
    }

    /// A router whose content is that of a database, made if there is none. Vectors are read,
    /// not computed, unless the file is another model's; then `progress` is told how many
    /// texts are embedded.
    ///
    /// # Errors
    ///
    /// The file is another program's, damaged, in use, not to be read or written, or another
    /// model's where [`OpenOptions::reembed`] forbids that.
    pub fn open(
        encoder: Arc<dyn Encoder>,
        path: &Path,
        options: OpenOptions,
        progress: Progress<'_>,
    ) -> Result<Self, RouterError> {
        let store = Store::open(path, &identity(&*encoder), options.store)?;
        Self::finish_opening(store, encoder, None, path, options, progress)
    }

    /// As [`Router::open`], with the model that the database was made with, if that lies in it or is
    /// one of these; else with the first of them. The router is able to change it.
    ///
    /// # Errors
    ///
    /// As of [`Router::open`], or a model cannot be used.
    pub fn open_with(
        models: Arc<Models>,
        path: &Path,
        options: OpenOptions,
        progress: Progress<'_>,
    ) -> Result<Self, RouterError> {
        let store = Store::open(path, &identity_of(models.first()), options.store)?;
        let encoder = models.encoder_for(&store)?;
        Self::finish_opening(store, encoder, Some(models), path, options, progress)
    }

    fn finish_opening(
        mut store: Store,
        encoder: Arc<dyn Encoder>,
        models: Option<Arc<Models>>,
        path: &Path,
        options: OpenOptions,
        progress: Progress<'_>,
    ) -> Result<Self, RouterError> {
        let model = identity(&*encoder);
        if store.model().fingerprint != model.fingerprint {
            if !options.reembed {
                return Err(foreign(store.model(), &model));
            }
            let embed = |texts: &[Text]| {
                let texts: Vec<&str> = texts.iter().map(Text::as_str).collect();
                embed_all(&*encoder, &texts, Threads::all(), &|_, _| ())
                    .map_err(|(_, error)| error.into())
            };
            let model = NewModel::elsewhere(model);
            let at_unix_ms = unix_ms();
            let new = Reembedding { model: &model, before: None, fits: &[], at_unix_ms };
            store.reembed(new, embed, |_| Ok(()), progress).map_err(RouterError::of_reembedding)?;
        }
        Self::start(
            store,
            Opened { encoder, path: Some(path.to_owned()), models, read_only: false },
        )
    }

    /// A router in memory with the content of all namespaces of a database, which is only
    /// read: another process may be writing to it. It takes no changes.
    ///
    /// # Errors
    ///
    /// There is no such file, it cannot be read, or it is another model's.
    pub fn read_only(encoder: Arc<dyn Encoder>, path: &Path) -> Result<Self, RouterError> {
        Self::reading(&Reader::open(path)?, encoder, path)
    }

    /// As [`Router::read_only`], with the model that the database was made with, if that lies in it
    /// or is one of these.
    ///
    /// # Errors
    ///
    /// As of [`Router::read_only`], or a model cannot be used.
    pub fn read_only_with(models: &Models, path: &Path) -> Result<Self, RouterError> {
        let reader = Reader::open(path)?;
        let encoder = models.encoder_for(&reader)?;
        Self::reading(&reader, encoder, path)
    }

    fn reading(
        reader: &Reader,
        encoder: Arc<dyn Encoder>,
        path: &Path,
    ) -> Result<Self, RouterError> {
        let model = identity(&*encoder);
        if reader.model().fingerprint != model.fingerprint {
            return Err(foreign(reader.model(), &model));
        }
        let store = Store::in_memory(&model, Options::default())?;
        let path = Some(path.to_owned());
        let router = Self::start(store, Opened { encoder, path, models: None, read_only: true })?;
        let core = router.core();
        let spaces = crate::core::load(reader, core.kernels, &core.model.get())?;
        core.spaces.publish(Arc::new(spaces));
        router.namespace(&NamespaceName::default())
    }

    fn start(store: Store, opened: Opened) -> Result<Self, RouterError> {
        let Opened { encoder, path, models, read_only } = opened;
        // One letter is enough: it says that there may be something to do.
        let (wake, letters) = mpsc::sync_channel(1);
        let core = Arc::new(Core::new(encoder, store, wake, read_only)?);
        let compactor = start_compactor(Arc::downgrade(&core), letters)?;
        let default = NamespaceName::default();
        let space = core.spaces.get().get(&default).cloned();
        let space = space.ok_or(RouterError::UnknownNamespace { name: default.to_string() })?;
        let refitter = Mutex::new(None);
        Ok(Self { open: Arc::new(Open { core, path, models, compactor, refitter }), space })
    }

    /// Makes sure that the store can be written, by writing.
    ///
    /// # Errors
    ///
    /// It cannot.
    pub fn probe(&self) -> Result<(), RouterError> {
        self.core().submit(Request::Probe).map(drop)
    }

    /// Why the store refused the last change that it should have taken, if it took none since.
    #[must_use]
    pub fn store_trouble(&self) -> Option<String> {
        self.core().trouble()
    }

    /// How long the last transaction of the store took, until it was on disk; zero before the
    /// first.
    #[must_use]
    pub fn last_transaction(&self) -> Duration {
        self.core().last_transaction()
    }

    /// How long the store's transactions took, since it was opened.
    #[must_use]
    pub fn commit_stats(&self) -> CommitStats {
        self.core().commits.stats()
    }

    /// Where the content is kept; nowhere if it is in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.open.path.as_deref()
    }

    /// Copies the database as it is now to a new file, while others read and write.
    ///
    /// # Errors
    ///
    /// There is a file already and `overwrite` does not allow to replace it, or it cannot be
    /// written.
    pub fn backup(
        &self,
        to: &Path,
        overwrite: bool,
        progress: Progress<'_>,
    ) -> Result<(), RouterError> {
        self.open.read(|reads| reads.backup_to(to, overwrite, &mut |done, of| progress(done, of)))
    }
}

/// What a router is started with, besides its store.
struct Opened {
    encoder: Arc<dyn Encoder>,
    path: Option<PathBuf>,
    models: Option<Arc<Models>>,
    read_only: bool,
}

impl Open {
    /// What encoders are made of.
    pub(crate) fn models(&self) -> Result<&Models, RouterError> {
        self.models.as_deref().ok_or(RouterError::NoModelFiles)
    }

    /// Starts the thread that fits in the background, unless it runs.
    #[cfg(not(feature = "shuttle"))]
    pub(crate) fn start_refitter(&self) -> Result<(), RouterError> {
        let (wake, letters) = mpsc::sync_channel(1);
        if self.core.is_read_only() || !self.core.set_refitter(wake) {
            return Ok(());
        }
        let core = Arc::downgrade(&self.core);
        let thread = thread::Builder::new().name("refit".to_owned());
        let started = thread.spawn(move || crate::refitter::run(&core, &letters));
        *lock(&self.refitter) = Some(started.map_err(RouterError::Thread)?);
        Ok(())
    }

    /// Under the checker the test fits, on a thread that the checker knows.
    #[cfg(feature = "shuttle")]
    pub(crate) fn start_refitter(&self) -> Result<(), RouterError> {
        let (wake, _letters) = mpsc::sync_channel(1);
        let _ = (self.core.set_refitter(wake), crate::refitter::run);
        Ok(())
    }

    /// Reads the store: beside the writer where it is a file, in its turn where it is memory.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Reads) -> Result<T, StoreError>,
    ) -> Result<T, RouterError> {
        let done = match &self.path {
            Some(path) => read(&*Reader::open(path)?),
            None => read(&self.core.committer.worker()),
        };
        Ok(done?)
    }
}

/// A thread that tidies up behind changes; it ends with the last handle.
#[cfg(not(feature = "shuttle"))]
fn start_compactor(
    core: Weak<Core>,
    letters: Receiver<()>,
) -> Result<Option<JoinHandle<()>>, RouterError> {
    let compact = move || {
        let mut retired = Vec::new();
        loop {
            match letters.recv_timeout(RETIRED) {
                Ok(()) => {}
                Err(RecvTimeoutError::Timeout) => {
                    retired.clear();
                    if letters.recv().is_err() {
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let Some(core) = core.upgrade() else { return };
            retired.extend(core.compact());
        }
    };
    let thread = thread::Builder::new().name("compact".to_owned());
    thread.spawn(compact).map(Some).map_err(RouterError::Thread)
}

/// Under the checker the test compacts, on a thread that the checker knows.
#[cfg(feature = "shuttle")]
fn start_compactor(
    _core: Weak<Core>,
    _letters: Receiver<()>,
) -> Result<Option<JoinHandle<()>>, RouterError> {
    let _ = (RETIRED, thread::current, RecvTimeoutError::Timeout);
    Ok(None)
}

/// What the checker's tests do by themselves.
#[cfg(feature = "shuttle")]
impl Router {
    /// One round of compaction; how many namespaces had something to compact.
    #[doc(hidden)]
    pub fn compact_now(&self) -> usize {
        self.core().compact().len()
    }

    /// Panics in the midst of a transaction, on this thread or another that commits for it.
    #[doc(hidden)]
    pub fn panic_in_commit(&self) -> Result<(), RouterError> {
        self.core().submit(Request::Panic).map(drop)
    }
}

fn identity(encoder: &dyn Encoder) -> ModelIdentity {
    let model = encoder.model();
    ModelIdentity {
        fingerprint: model.fingerprint.to_string(),
        name: model.name.clone(),
        dimensions: model.dimensions,
    }
}

fn foreign(found: &ModelIdentity, expected: &ModelIdentity) -> RouterError {
    RouterError::ForeignModel {
        found: found.name.clone(),
        found_fingerprint: found.fingerprint.clone(),
        expected: expected.name.clone(),
        expected_fingerprint: expected.fingerprint.clone(),
    }
}
