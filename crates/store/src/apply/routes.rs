//! Upsert, patch, delete.

use synaptoroute_router::{Owner, Route, RouteName, RoutePatch};

use super::work::Work;
use crate::error::StoreError;
use crate::list::ListKey;
use crate::routes::{self, LivingRoute};

impl Work<'_> {
    pub(super) fn upsert(&mut self, route: &Route) -> Result<(), StoreError> {
        let (name, attributes) = (&route.name, route.attributes());
        let id = match routes::find(self.db, self.namespace.id, name)? {
            Some(living) => {
                self.set_attributes(name, &living, &attributes)?;
                living.id
            }
            None => {
                let id = routes::identify(self.db, self.namespace.id, name)?;
                self.put_route(id, name, &attributes)?;
                id
            }
        };
        let utterances = Owner::Utterances(name.clone());
        self.set_list(&utterances, ListKey::utterances(id), &route.utterances)?;
        let negatives = Owner::Negatives(name.clone());
        self.set_list(&negatives, ListKey::negatives(id), &route.negatives)
    }

    pub(super) fn patch(&mut self, name: &RouteName, patch: &RoutePatch) -> Result<(), StoreError> {
        let route = self.living(name)?;
        let attributes = patch.clone().apply(&route.attributes);
        self.set_attributes(name, &route, &attributes)
    }

    pub(super) fn delete_route(&mut self, name: &RouteName) -> Result<(), StoreError> {
        let route = self.living(name)?;
        self.remove_route(name, &route)
    }

    fn living(&self, name: &RouteName) -> Result<LivingRoute, StoreError> {
        routes::find(self.db, self.namespace.id, name)?
            .ok_or_else(|| StoreError::UnknownRoute { name: name.as_str().to_owned() })
    }
}
