//! Namespaces: isolated routes, settings and revisions in one router.

use std::sync::Arc;

use serde::Serialize;
use synaptoroute_router::{NamespaceName, Revision};

use crate::core::Request;
use crate::error::RouterError;
use crate::router::Router;

/// A namespace at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct NamespaceSummary {
    /// Its name.
    pub name: NamespaceName,
    /// How many routes it has.
    pub route_count: usize,
    /// How many texts of all kinds.
    pub text_count: usize,
    /// Its content's revision.
    pub revision: Revision,
}

impl Router {
    /// A handle on another namespace of the same router.
    ///
    /// # Errors
    ///
    /// There is no such namespace.
    pub fn namespace(&self, name: &NamespaceName) -> Result<Self, RouterError> {
        let spaces = self.core().spaces.peek();
        let space = spaces
            .get(name)
            .ok_or_else(|| RouterError::UnknownNamespace { name: name.to_string() })?;
        Ok(Self { open: Arc::clone(&self.open), space: Arc::clone(space) })
    }

    /// All namespaces, by name.
    #[must_use]
    pub fn namespaces(&self) -> Vec<NamespaceSummary> {
        let spaces = self.core().spaces.get();
        let summary = |space: &Arc<crate::core::Space>| {
            let snapshot = space.view.get().snapshot.clone();
            NamespaceSummary {
                name: space.name.clone(),
                route_count: snapshot.route_count(),
                text_count: snapshot.text_count(),
                revision: snapshot.revision(),
            }
        };
        spaces.values().map(summary).collect()
    }

    /// Adds an empty namespace; says whether it is new.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub fn create_namespace(&self, name: &NamespaceName) -> Result<bool, RouterError> {
        self.core().submit(Request::Create(name.clone())).map(|committed| committed.changed)
    }

    /// Removes a namespace with its routes and its history. Handles on it see its last
    /// content, and can change it no more.
    ///
    /// # Errors
    ///
    /// There is no such namespace, it is `default`, or the store failed.
    pub fn delete_namespace(&self, name: &NamespaceName) -> Result<(), RouterError> {
        self.delete_namespace_at(name, None)
    }

    /// As [`Self::delete_namespace`], at the revision that is expected, if one is.
    ///
    /// # Errors
    ///
    /// The revision is another, or as of [`Self::delete_namespace`].
    pub fn delete_namespace_at(
        &self,
        name: &NamespaceName,
        expected: Option<Revision>,
    ) -> Result<(), RouterError> {
        self.core().submit(Request::Delete(name.clone(), expected)).map(drop)
    }
}
