//! What all handles of a router share: the encoder, the published snapshots, the store.
//!
//! A change is first durable, then visible, then acknowledged: [`Core::commit`] has the one
//! place where that order is kept.
//!
//! - `spaces`: the namespaces that are published, and how they come from the store.
//! - `transaction`: what is asked of the store at a time.

mod spaces;
mod transaction;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use synaptoroute_encoder::{Encoder, Kernels};
use synaptoroute_router::{Compaction, Edit, Snapshot};
use synaptoroute_store::{Store, StoreError};

pub(crate) use self::spaces::{Space, Spaces, is_current, load, load_snapshots};
pub(crate) use self::transaction::{Committed, Reply, Request, Wish, unix_ms};
use self::transaction::{Edits, Now, Pending, write};
use crate::commits::Commits;
use crate::committer::Committer;
use crate::error::RouterError;
use crate::sync::{Mutex, Published, lock};
use crate::view::{ModelInUse, View};

pub(crate) struct Core {
    /// That of the store's vectors, and of every namespace's; changed by who has the committer's
    /// worker.
    pub(crate) model: Published<ModelInUse>,
    pub(crate) kernels: Kernels,
    pub(crate) spaces: Published<Spaces>,
    pub(crate) committer: Committer<Store, Request, Reply>,
    /// Nanoseconds the last transaction took.
    last_transaction: AtomicU64,
    /// How long all of them took.
    pub(crate) commits: Commits,
    /// Why the store failed last, until it works again.
    trouble: Mutex<Option<String>>,
    /// Wakes the compactor; nobody listens where there is none. Gone when it is to stop.
    compactor: Mutex<Option<SyncSender<()>>>,
    /// Wakes the refitter, where there is one.
    refitter: Mutex<Option<SyncSender<()>>>,
    /// Why the last fit in the background failed.
    fit_trouble: Mutex<Option<String>>,
    /// Whether the last handle is gone: what takes long gives up.
    pub(crate) closing: AtomicBool,
    /// Whether the content was read from elsewhere, and is not to be changed here.
    read_only: bool,
}

/// The compactor is woken each time that so many segments have come: to wake a thread for
/// every add would cost as much as the rest of it.
const TIDY: usize = 16;

impl Core {
    pub(crate) fn new(
        encoder: Arc<dyn Encoder>,
        store: Store,
        compactor: SyncSender<()>,
        read_only: bool,
    ) -> Result<Self, RouterError> {
        let isa = encoder.model().isa;
        let kernels = Kernels::new(isa).expect("the encoder runs this instruction set");
        let model = Published::new(ModelInUse::new(encoder));
        let spaces = load(&store, kernels, &model.get())?;
        Ok(Self {
            model,
            kernels,
            spaces: Published::new(spaces),
            committer: Committer::new(store),
            last_transaction: AtomicU64::new(0),
            commits: Commits::default(),
            trouble: Mutex::new(None),
            compactor: Mutex::new(Some(compactor)),
            refitter: Mutex::new(None),
            fit_trouble: Mutex::new(None),
            closing: AtomicBool::new(false),
            read_only,
        })
    }

    /// Has a request made durable, together with others that come at the same time.
    pub(crate) fn submit(&self, request: Request) -> Reply {
        if self.read_only {
            return Err(StoreError::ReadOnly.into());
        }
        let commit = |store: &mut Store, requests| self.commit(store, requests);
        self.committer.submit(request, commit).unwrap_or(Err(RouterError::Panicked))
    }

    /// Why the store failed last, if it did not work since.
    pub(crate) fn trouble(&self) -> Option<String> {
        lock(&self.trouble).clone()
    }

    /// How long the last transaction took, from its beginning to the disk's word.
    pub(crate) fn last_transaction(&self) -> Duration {
        Duration::from_nanos(self.last_transaction.load(Ordering::Relaxed))
    }

    /// First durable, then visible; acknowledged by the replies' being returned.
    fn commit(&self, store: &mut Store, requests: Vec<Request>) -> Vec<Reply> {
        let count = requests.len();
        let mut pending = Pending::default();
        let begun = Instant::now();
        let now = Now { spaces: &self.spaces.get(), model: &self.model.get() };
        let written = write(store, now, requests, &mut pending);
        let took = begun.elapsed();
        self.commits.add(took);
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.last_transaction.store(took, Ordering::Relaxed);
        match written {
            Ok((replies, wrote)) => {
                // A transaction that wrote nothing says nothing about the disk.
                if wrote {
                    *lock(&self.trouble) = None;
                }
                self.show(store, pending);
                replies
            }
            Err(failure) => {
                *lock(&self.trouble) = Some(failure.to_string());
                let failure = Arc::new(failure);
                (0..count).map(|_| Err(RouterError::Store(Arc::clone(&failure)))).collect()
            }
        }
    }

    /// Makes visible what has become durable. Should that panic, memory is behind the disk,
    /// and the next edits would be made to what is no longer there: so all is read anew.
    fn show(&self, store: &Store, pending: Pending) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.publish(pending)))
            && self.reload(store).is_err()
        {
            resume_unwind(panic);
        }
    }

    fn reload(&self, store: &Store) -> Result<(), StoreError> {
        self.replace(load(store, self.kernels, &self.model.get())?);
        Ok(())
    }

    /// Publishes all namespaces anew. To be called by who has the committer's worker.
    pub(crate) fn replace(&self, mut spaces: Spaces) {
        let known = self.spaces.get();
        for (name, space) in &mut spaces {
            // Handles stay good.
            if let Some(known) = known.get(name) {
                known.view.publish(space.view.get());
                *space = Arc::clone(known);
            }
        }
        self.spaces.publish(Arc::new(spaces));
    }

    /// Makes visible what has become durable.
    fn publish(&self, pending: Pending) {
        let Pending { edits, created, deleted, fits } = pending;
        let changed = !edits.is_empty() || !fits.is_empty();
        if !created.is_empty() || !deleted.is_empty() {
            let mut spaces = Spaces::clone(&self.spaces.get());
            for name in created {
                let model = self.model.get();
                let empty = Snapshot::empty(self.kernels, model.info().dimensions);
                let view = Published::new(View::new(empty, &model));
                let space = Space { name: name.clone(), view };
                spaces.insert(name, Arc::new(space));
            }
            for name in &deleted {
                spaces.remove(name);
            }
            self.spaces.publish(Arc::new(spaces));
        }
        let mut tidy = false;
        for Edits { space, revision, edits } in edits.into_values() {
            let view = space.view.get();
            let before = &view.snapshot;
            tidy |= edits.iter().any(Edit::removes);
            let next = before.with(revision, edits);
            tidy |= next.segments() / TIDY > before.segments() / TIDY;
            space.view.publish(Arc::new(view.with(next)));
        }
        for (space, fit) in fits {
            let view = space.view.get();
            let next = view.snapshot.with_fit(fit);
            space.view.publish(Arc::new(view.with(next)));
        }
        if changed {
            self.wake_refitter();
        }
        if tidy && let Some(compactor) = &*lock(&self.compactor) {
            // A full mailbox means that it will look anyway.
            let _busy = compactor.try_send(());
        }
    }

    /// Says that there may be something to fit.
    pub(crate) fn wake_refitter(&self) {
        if let Some(refitter) = &*lock(&self.refitter) {
            // A full mailbox means that it will look anyway.
            let _busy = refitter.try_send(());
        }
    }

    /// Ends the compactor's thread after the round that it is at, and the refitter's soon.
    pub(crate) fn stop(&self) {
        self.closing.store(true, Ordering::Relaxed);
        *lock(&self.compactor) = None;
        *lock(&self.refitter) = None;
    }

    /// Whether this is the first call; if so, the refitter is woken from now on, and at once.
    pub(crate) fn set_refitter(&self, wake: SyncSender<()>) -> bool {
        let mut refitter = lock(&self.refitter);
        if refitter.is_some() {
            return false;
        }
        let _full = wake.try_send(());
        *refitter = Some(wake);
        true
    }

    pub(crate) fn fit_trouble(&self) -> Option<String> {
        lock(&self.fit_trouble).clone()
    }

    pub(crate) fn set_fit_trouble(&self, trouble: Option<String>) {
        *lock(&self.fit_trouble) = trouble;
    }

    /// Whether nothing can be changed here.
    pub(crate) const fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// One round of compaction; what was replaced comes back, so that nobody who waits for an
    /// answer has to free it.
    pub(crate) fn compact(&self) -> Vec<Compaction> {
        let mut retired = Vec::new();
        for space in self.spaces.get().values() {
            let Some(plan) = space.view.get().snapshot.compaction() else { continue };
            // The long part, while others write.
            let built = plan.build();
            let writing = self.committer.worker();
            // Another model's segments are others.
            let view = space.view.get();
            if let Some(next) = view.snapshot.compacted(&built) {
                space.view.publish(Arc::new(view.with(next)));
            }
            drop(writing);
            retired.push(built);
        }
        retired
    }
}
