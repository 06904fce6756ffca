//! What all handles of a router share: the encoder, the published snapshots, the store.
//!
//! A change is first durable, then visible, then acknowledged: [`Core::commit`] has the one
//! place where that order is kept.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use synaptoroute_encoder::{Encoder, Kernels};
use synaptoroute_router::{
    Change, Compaction, Edit, Fit, FitFileError, NamespaceName, Revision, Snapshot, SnapshotBuilder,
};
use synaptoroute_store::{NewFit, Reads, Store, StoreError, Vectors};

use crate::background::BackgroundVectors;
use crate::commits::Commits;
use crate::committer::Committer;
use crate::error::RouterError;
use crate::sync::{Mutex, Published, lock};

/// A namespace's latest content.
pub(crate) struct Space {
    pub(crate) name: NamespaceName,
    pub(crate) snapshot: Published<Snapshot>,
}

pub(crate) type Spaces = BTreeMap<NamespaceName, Arc<Space>>;

/// Something for the store, and for the snapshots once it is durable.
pub(crate) enum Request {
    /// A change of a namespace's content.
    Change {
        /// Of the handle; a namesake that was made since is not meant.
        space: Arc<Space>,
        expected: Option<Revision>,
        change: Box<Change>,
        vectors: Vectors,
    },
    /// Puts what was learned in force.
    PutFit { space: Arc<Space>, fit: Arc<Fit>, report: String, automatic: bool },
    /// Goes back to a fit that is kept.
    ChooseFit { space: Arc<Space>, number: u64 },
    /// Decides without a fit from now on.
    DropFit(Arc<Space>),
    /// Adds a namespace, if it is not there.
    Create(NamespaceName),
    /// Removes a namespace, if it is at the revision that is expected.
    Delete(NamespaceName, Option<Revision>),
    /// Writes what nobody reads, to see that the store can be written.
    Probe,
    /// Panics in the midst of a transaction.
    #[cfg(feature = "shuttle")]
    Panic,
}

/// What a request came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committed {
    pub(crate) revision: Revision,
    pub(crate) changed: bool,
}

pub(crate) type Reply = Result<Committed, RouterError>;

pub(crate) struct Core {
    pub(crate) encoder: Arc<dyn Encoder>,
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
    pub(crate) background: BackgroundVectors,
    /// Whether the content was read from elsewhere, and is not to be changed here.
    read_only: bool,
}

/// The compactor is woken each time that so many segments have come: to wake a thread for
/// every add would cost as much as the rest of it.
const TIDY: usize = 16;

/// What a transaction did to memory, kept until it is durable.
#[derive(Default)]
struct Pending {
    /// Also of a namespace that is deleted further on: its handles see its last content.
    edits: BTreeMap<NamespaceName, Edits>,
    created: Vec<NamespaceName>,
    deleted: Vec<NamespaceName>,
    /// What is in force after the edits.
    fits: Vec<(Arc<Space>, Option<Arc<Fit>>)>,
}

struct Edits {
    space: Arc<Space>,
    revision: Revision,
    edits: Vec<Edit>,
}

impl Pending {
    /// Whether this is the namespace that changes of the transaction still find.
    fn finds(&self, spaces: &Spaces, space: &Arc<Space>) -> bool {
        let gone = self.deleted.contains(&space.name) || self.created.contains(&space.name);
        !gone && is_current(spaces, space)
    }

    fn add(&mut self, space: Arc<Space>, revision: Revision, edits: Vec<Edit>) {
        let name = space.name.clone();
        let none = || Edits { space, revision, edits: Vec::new() };
        let known = self.edits.entry(name).or_insert_with(none);
        known.revision = revision;
        known.edits.extend(edits);
    }
}

/// Whether it exists, and is not a deleted one that has a namesake.
pub(crate) fn is_current(spaces: &Spaces, space: &Arc<Space>) -> bool {
    spaces.get(&space.name).is_some_and(|current| Arc::ptr_eq(current, space))
}

impl Core {
    pub(crate) fn new(
        encoder: Arc<dyn Encoder>,
        store: Store,
        compactor: SyncSender<()>,
        read_only: bool,
    ) -> Result<Self, RouterError> {
        let model = encoder.model();
        let kernels = Kernels::new(model.isa).expect("the encoder runs this instruction set");
        let spaces = load(&store, kernels, model.dimensions)?;
        Ok(Self {
            encoder,
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
            background: BackgroundVectors::default(),
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
        let written = write(store, &self.spaces.get(), requests, &mut pending);
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
        let known = self.spaces.get();
        let mut spaces = load(store, self.kernels, store.model().dimensions)?;
        for (name, space) in &mut spaces {
            // Handles stay good.
            if let Some(known) = known.get(name) {
                known.snapshot.publish(space.snapshot.get());
                *space = Arc::clone(known);
            }
        }
        self.spaces.publish(Arc::new(spaces));
        Ok(())
    }

    /// Makes visible what has become durable.
    fn publish(&self, pending: Pending) {
        let Pending { edits, created, deleted, fits } = pending;
        let changed = !edits.is_empty() || !fits.is_empty();
        if !created.is_empty() || !deleted.is_empty() {
            let mut spaces = Spaces::clone(&self.spaces.get());
            for name in created {
                let empty = Snapshot::empty(self.kernels, self.encoder.model().dimensions);
                let space = Space { name: name.clone(), snapshot: Published::new(empty) };
                spaces.insert(name, Arc::new(space));
            }
            for name in &deleted {
                spaces.remove(name);
            }
            self.spaces.publish(Arc::new(spaces));
        }
        let mut tidy = false;
        for Edits { space, revision, edits } in edits.into_values() {
            let before = space.snapshot.get();
            tidy |= edits.iter().any(Edit::removes);
            let next = before.with(revision, edits);
            tidy |= next.segments() / TIDY > before.segments() / TIDY;
            space.snapshot.publish(Arc::new(next));
        }
        for (space, fit) in fits {
            let next = space.snapshot.get().with_fit(fit);
            space.snapshot.publish(Arc::new(next));
        }
        if changed && let Some(refitter) = &*lock(&self.refitter) {
            // A full mailbox means that it will look anyway.
            let _busy = refitter.try_send(());
        }
        if tidy && let Some(compactor) = &*lock(&self.compactor) {
            // A full mailbox means that it will look anyway.
            let _busy = compactor.try_send(());
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
            let Some(plan) = space.snapshot.get().compaction() else { continue };
            // The long part, while others write.
            let built = plan.build();
            let writing = self.committer.worker();
            if let Some(next) = space.snapshot.get().compacted(&built) {
                space.snapshot.publish(Arc::new(next));
            }
            drop(writing);
            retired.push(built);
        }
        retired
    }
}

/// One transaction. A request that is refused leaves nothing of itself, and the others go on;
/// a store that fails leaves nothing of any.
///
/// Says also whether anything was written.
fn write(
    store: &mut Store,
    spaces: &Spaces,
    requests: Vec<Request>,
    pending: &mut Pending,
) -> Result<(Vec<Reply>, bool), StoreError> {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let at = u64::try_from(at).unwrap_or(u64::MAX);
    let mut transaction = store.begin()?;
    let mut replies = Vec::with_capacity(requests.len());
    let mut wrote = false;
    for request in requests {
        wrote |= matches!(request, Request::Probe);
        let reply = match request {
            Request::Change { space, .. } if !pending.finds(spaces, &space) => {
                Err(StoreError::UnknownNamespace { name: space.name.to_string() })
            }
            Request::Change { space, expected, change, vectors } => {
                transaction.apply(&space.name, expected, &change, &vectors, at).map(|applied| {
                    if applied.changed {
                        pending.add(space, applied.revision, applied.edits);
                    }
                    Committed { revision: applied.revision, changed: applied.changed }
                })
            }
            Request::Create(name) => transaction.create_namespace(&name).map(|changed| {
                if changed {
                    pending.deleted.retain(|deleted| *deleted != name);
                    pending.created.push(name);
                }
                Committed { revision: Revision::default(), changed }
            }),
            Request::Delete(name, expected) => {
                transaction.delete_namespace(&name, expected).map(|()| {
                    pending.created.retain(|created| *created != name);
                    pending.deleted.push(name);
                    Committed { revision: Revision::default(), changed: true }
                })
            }
            Request::PutFit { space, .. }
            | Request::ChooseFit { space, .. }
            | Request::DropFit(space)
                if !pending.finds(spaces, &space) =>
            {
                Err(StoreError::UnknownNamespace { name: space.name.to_string() })
            }
            Request::PutFit { space, fit, report, automatic } => {
                let new =
                    NewFit { revision: fit.revision(), automatic, report, fit: fit.to_json() };
                transaction.put_fit(&space.name, &new, at).map(|_number| {
                    pending.fits.push((space, Some(fit)));
                    Committed { revision: new.revision, changed: true }
                })
            }
            Request::ChooseFit { space, number } => {
                let dimensions = space.snapshot.peek().dimensions();
                transaction.choose_fit(&space.name, number).and_then(|json| {
                    let fit = Fit::from_json(&json, dimensions).map_err(unreadable)?;
                    let revision = fit.revision();
                    pending.fits.push((space, Some(Arc::new(fit))));
                    Ok(Committed { revision, changed: true })
                })
            }
            Request::DropFit(space) => transaction.drop_fit(&space.name).map(|()| {
                pending.fits.push((space, None));
                Committed { revision: Revision::default(), changed: true }
            }),
            #[cfg(feature = "shuttle")]
            Request::Panic => panic!("as it was asked to"),
            Request::Probe => transaction
                .probe()
                .map(|()| Committed { revision: Revision::default(), changed: false }),
        };
        match reply {
            Err(failure) if failure.is_store_failure() => return Err(failure),
            reply => {
                wrote |= reply.as_ref().is_ok_and(|committed| committed.changed);
                replies.push(reply.map_err(RouterError::from));
            }
        }
    }
    transaction.commit()?;
    Ok((replies, wrote))
}

fn unreadable(error: FitFileError) -> StoreError {
    StoreError::unreadable_fit(error.to_string())
}

/// All namespaces as the store has them.
pub(crate) fn load(
    store: &Reads,
    kernels: Kernels,
    dimensions: usize,
) -> Result<Spaces, StoreError> {
    let empty = || SnapshotBuilder::from(Snapshot::empty(kernels, dimensions));
    let mut builders: BTreeMap<NamespaceName, SnapshotBuilder> = BTreeMap::new();
    // Names, revisions and content are those of one moment: another process may be writing.
    let namespaces = store.load(&mut |name, _, edit| match builders.get_mut(name) {
        Some(builder) => builder.edit(edit),
        None => builders.entry(name.clone()).or_insert_with(empty).edit(edit),
    })?;
    // A fit of a moment later, where another process writes, is one that is a little ahead.
    let mut fits: BTreeMap<NamespaceName, Arc<Fit>> = BTreeMap::new();
    for (name, json) in store.fits_in_force()? {
        match Fit::from_json(&json, dimensions) {
            Ok(fit) => drop(fits.insert(name, Arc::new(fit))),
            // An older layout is fitted anew.
            Err(FitFileError::Version { .. }) => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    let space = |(name, revision): (NamespaceName, Revision)| {
        let builder = builders.remove(&name).unwrap_or_else(empty);
        let snapshot = builder.finish(revision);
        let snapshot = match fits.remove(&name) {
            Some(fit) => snapshot.with_fit(Some(fit)),
            None => snapshot,
        };
        let snapshot = Published::new(snapshot);
        (name.clone(), Arc::new(Space { name, snapshot }))
    };
    Ok(namespaces.into_iter().map(space).collect())
}
