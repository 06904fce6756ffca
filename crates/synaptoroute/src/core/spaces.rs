//! The namespaces that are published, and how they come from the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use synaptoroute_encoder::Kernels;
use synaptoroute_router::{
    Edit, Fit, FitFileError, NamespaceName, Revision, Snapshot, SnapshotBuilder,
};
use synaptoroute_store::{Reads, StoreError};

use crate::sync::Published;
use crate::view::{ModelInUse, View};

/// A namespace's latest content.
pub(crate) struct Space {
    pub(crate) name: NamespaceName,
    pub(crate) view: Published<View>,
}

pub(crate) type Spaces = BTreeMap<NamespaceName, Arc<Space>>;

/// Whether it exists, and is not a deleted one that has a namesake.
pub(crate) fn is_current(spaces: &Spaces, space: &Arc<Space>) -> bool {
    spaces.get(&space.name).is_some_and(|current| Arc::ptr_eq(current, space))
}

/// All namespaces as the store has them; `model` is that of its vectors.
pub(crate) fn load(
    store: &Reads,
    kernels: Kernels,
    model: &Arc<ModelInUse>,
) -> Result<Spaces, StoreError> {
    let dimensions = store.model().dimensions;
    let snapshots = load_snapshots(store, kernels, dimensions, |edit| edit)?;
    // A fit of a moment later, where another process writes, is one that is a little ahead.
    let mut fits: BTreeMap<NamespaceName, Arc<Fit>> = BTreeMap::new();
    for (name, json) in store.fits_in_force()? {
        match Fit::from_json(&json, dimensions) {
            Ok(fit) => {
                fits.insert(name, Arc::new(fit));
            }
            // What has another layout is fitted anew.
            Err(FitFileError::Version { .. }) => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    let space = |(name, snapshot): (NamespaceName, Snapshot)| {
        let snapshot = match fits.remove(&name) {
            Some(fit) => snapshot.with_fit(Some(fit)),
            None => snapshot,
        };
        let view = Published::new(View::new(snapshot, model));
        (name.clone(), Arc::new(Space { name, view }))
    };
    Ok(snapshots.into_iter().map(space).collect())
}

/// The content of all namespaces as the store has it, without fits, but for what `change` changes.
pub(crate) fn load_snapshots(
    store: &Reads,
    kernels: Kernels,
    dimensions: usize,
    mut change: impl FnMut(Edit) -> Edit,
) -> Result<BTreeMap<NamespaceName, Snapshot>, StoreError> {
    let empty = || SnapshotBuilder::from(Snapshot::empty(kernels, dimensions));
    let mut builders: BTreeMap<NamespaceName, SnapshotBuilder> = BTreeMap::new();
    // Names, revisions and content are those of one moment: another process may be writing.
    let namespaces = store.load(&mut |name, _, edit| {
        let edit = change(edit);
        match builders.get_mut(name) {
            Some(builder) => builder.edit(edit),
            None => builders.entry(name.clone()).or_insert_with(empty).edit(edit),
        }
    })?;
    let snapshot = |(name, revision): (NamespaceName, Revision)| {
        let builder = builders.remove(&name).unwrap_or_else(empty);
        (name, builder.finish(revision))
    };
    Ok(namespaces.into_iter().map(snapshot).collect())
}

/// A fit of the store that cannot be read.
pub(super) fn unreadable(error: FitFileError) -> StoreError {
    StoreError::unreadable_fit(error.to_string())
}
