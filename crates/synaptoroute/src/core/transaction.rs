//! One transaction of the store: what is asked of it, and what it does to memory once it is
//! durable.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use synaptoroute_router::{Change, Edit, Fit, NamespaceName, Revision};
use synaptoroute_store::{NewFit, Store, StoreError, Transaction, Vectors};

use super::spaces::{Space, Spaces, is_current, unreadable};
use crate::error::RouterError;
use crate::view::ModelInUse;

/// Something for the store, and for the snapshots once it is durable.
pub(crate) enum Request {
    /// A change of a namespace's content.
    Change {
        /// Of the handle; a namesake that was made since is not meant.
        space: Arc<Space>,
        expected: Option<Revision>,
        change: Arc<Change>,
        vectors: Vectors,
        /// Whose vectors they are.
        model: Arc<ModelInUse>,
    },
    /// Puts what was learned of a model's vectors in force.
    PutFit { space: Arc<Space>, model: Arc<ModelInUse>, fit: Arc<Fit>, kept: NewFit, wish: Wish },
    /// Goes back to a fit that is kept.
    ChooseFit { space: Arc<Space>, number: u64 },
    /// Decides without a fit from now on.
    DropFit { space: Arc<Space>, wish: Wish },
    /// Adds a namespace, if it is not there.
    Create(NamespaceName),
    /// Removes a namespace, if it is at the revision that is expected.
    Delete(NamespaceName, Option<Revision>),
    /// Forgets a model that is not in use.
    RemoveModel(u64),
    /// Writes what nobody reads, to see that the store can be written.
    Probe,
    /// Panics in the midst of a transaction.
    #[cfg(feature = "shuttle")]
    Panic,
}

/// Whose wish another fit is.
pub(crate) enum Wish {
    /// Somebody asked for it.
    Asked,
    /// The background's, which began with this fit in force. Where there is another by now, somebody
    /// asked for that meanwhile, with samples perhaps that the background did not know: it stays.
    Background(Option<Arc<Fit>>),
}

/// What a request came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committed {
    pub(crate) revision: Revision,
    pub(crate) changed: bool,
}

pub(crate) type Reply = Result<Committed, RouterError>;

/// What a transaction did to memory, kept until it is durable.
#[derive(Default)]
pub(super) struct Pending {
    /// Also of a namespace that is deleted further on: its handles see its last content.
    pub(super) edits: BTreeMap<NamespaceName, Edits>,
    pub(super) created: Vec<NamespaceName>,
    pub(super) deleted: Vec<NamespaceName>,
    /// What is in force after the edits.
    pub(super) fits: Vec<(Arc<Space>, Option<Arc<Fit>>)>,
}

pub(super) struct Edits {
    pub(super) space: Arc<Space>,
    pub(super) revision: Revision,
    pub(super) edits: Vec<Edit>,
}

impl Pending {
    /// Whether this is the namespace that changes of the transaction still find.
    fn finds(&self, spaces: &Spaces, space: &Arc<Space>) -> bool {
        let gone = self.deleted.contains(&space.name) || self.created.contains(&space.name);
        !gone && is_current(spaces, space)
    }

    /// Whether a fit may still be replaced, or dropped.
    fn allows(&self, wish: &Wish, space: &Arc<Space>) -> bool {
        let Wish::Background(begun_with) = wish else { return true };
        let address = |fit: &Option<Arc<Fit>>| fit.as_ref().map(Arc::as_ptr);
        let last = self.fits.iter().rfind(|(other, _)| Arc::ptr_eq(other, space));
        let in_force = match last {
            Some((_, fit)) => address(fit),
            None => space.view.peek().snapshot.fitted().map(Arc::as_ptr),
        };
        in_force == address(begun_with)
    }

    fn add(&mut self, space: Arc<Space>, revision: Revision, edits: Vec<Edit>) {
        let name = space.name.clone();
        let none = || Edits { space, revision, edits: Vec::new() };
        let known = self.edits.entry(name).or_insert_with(none);
        known.revision = revision;
        known.edits.extend(edits);
    }
}

/// What there is when a transaction begins, and until it is committed.
#[derive(Clone, Copy)]
pub(super) struct Now<'a> {
    pub(super) spaces: &'a Spaces,
    pub(super) model: &'a Arc<ModelInUse>,
}

/// Milliseconds since 1970.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    u64::try_from(since).unwrap_or(u64::MAX)
}

/// One transaction. A request that is refused leaves nothing of itself, and the others go on;
/// a store that fails leaves nothing of any.
///
/// Says also whether anything was written.
pub(super) fn write(
    store: &mut Store,
    now: Now<'_>,
    requests: Vec<Request>,
    pending: &mut Pending,
) -> Result<(Vec<Reply>, bool), StoreError> {
    let at_unix_ms = unix_ms();
    let mut transaction = store.begin()?;
    let mut replies = Vec::with_capacity(requests.len());
    let mut wrote = false;
    for request in requests {
        wrote |= matches!(request, Request::Probe);
        let reply = make(&mut transaction, now, request, pending, at_unix_ms);
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

/// One request of a transaction.
fn make(
    transaction: &mut Transaction<'_>,
    now: Now<'_>,
    request: Request,
    pending: &mut Pending,
    at_unix_ms: u64,
) -> Result<Committed, StoreError> {
    let nothing = Committed { revision: Revision::default(), changed: false };
    match request {
        Request::Change { space, .. }
        | Request::PutFit { space, .. }
        | Request::ChooseFit { space, .. }
        | Request::DropFit { space, .. }
            if !pending.finds(now.spaces, &space) =>
        {
            Err(StoreError::UnknownNamespace { name: space.name.to_string() })
        }
        // In the background it is fitted anew, since something was published.
        Request::PutFit { model, wish: Wish::Background(_), .. }
            if !Arc::ptr_eq(&model, now.model) =>
        {
            Ok(nothing)
        }
        Request::Change { model, .. } | Request::PutFit { model, .. }
            if !Arc::ptr_eq(&model, now.model) =>
        {
            Err(StoreError::ModelReplaced)
        }
        Request::Change { space, expected, change, vectors, .. } => {
            let applied =
                transaction.apply(&space.name, expected, &change, &vectors, at_unix_ms)?;
            let committed = Committed { revision: applied.revision, changed: applied.changed };
            if applied.changed {
                pending.add(space, applied.revision, applied.edits);
            }
            Ok(committed)
        }
        Request::Create(name) => {
            let changed = transaction.create_namespace(&name)?;
            if changed {
                pending.deleted.retain(|deleted| *deleted != name);
                pending.created.push(name);
            }
            Ok(Committed { changed, ..nothing })
        }
        Request::Delete(name, expected) => {
            transaction.delete_namespace(&name, expected)?;
            pending.created.retain(|created| *created != name);
            pending.deleted.push(name);
            Ok(Committed { changed: true, ..nothing })
        }
        Request::PutFit { space, wish, .. } | Request::DropFit { space, wish }
            if !pending.allows(&wish, &space) =>
        {
            Ok(nothing)
        }
        Request::PutFit { space, fit, kept, .. } => {
            transaction.put_fit(&space.name, &kept, at_unix_ms)?;
            pending.fits.push((space, Some(fit)));
            Ok(Committed { revision: kept.revision, changed: true })
        }
        Request::ChooseFit { space, number } => {
            let json = transaction.choose_fit(&space.name, number)?;
            let dimensions = space.view.peek().snapshot.dimensions();
            let fit = Fit::from_json(&json, dimensions).map_err(unreadable)?;
            let revision = fit.revision();
            pending.fits.push((space, Some(Arc::new(fit))));
            Ok(Committed { revision, changed: true })
        }
        Request::DropFit { space, .. } => {
            transaction.drop_fit(&space.name)?;
            pending.fits.push((space, None));
            Ok(Committed { changed: true, ..nothing })
        }
        Request::RemoveModel(number) => {
            transaction.remove_model(number)?;
            Ok(Committed { changed: true, ..nothing })
        }
        #[cfg(feature = "shuttle")]
        Request::Panic => panic!("as it was asked to"),
        Request::Probe => transaction.probe().map(|()| nothing),
    }
}
