//! The content of another revision.

use synaptoroute_router::{Owner, Revision};

use super::work::Work;
use crate::delta::Delta;
use crate::diff;
use crate::error::StoreError;
use crate::list::{Kind, ListKey};
use crate::routes;
use crate::settings;

impl Work<'_> {
    pub(super) fn rollback(&mut self, to: Revision) -> Result<(), StoreError> {
        let namespace = self.namespace;
        namespace.check_kept(to)?;
        // Rows can differ where the content does not: a text removed and added again as the
        // last of its list has another place, and that is no difference.
        if diff::diff(self.db, &namespace, to, namespace.revision)?.is_empty() {
            return Ok(());
        }
        let mut delta = Delta::between(self.db, &namespace, to, namespace.revision)?;
        let mut gone_routes = Vec::new();
        for &id in &delta.routes {
            let name = routes::name(self.db, id)?;
            let living = routes::find(self.db, namespace.id, &name)?;
            match (living, routes::at(self.db, id, to)?) {
                (Some(living), Some(then)) => self.set_attributes(&name, &living, &then)?,
                (None, Some(then)) => self.put_route(id, &name, &then)?,
                (Some(living), None) => {
                    // Its texts go with it.
                    self.remove_route(&name, &living)?;
                    gone_routes.push(id);
                }
                (None, None) => {}
            }
        }
        delta.come.retain(|key, _| key.route == 0 || !gone_routes.contains(&key.route));
        for (key, rows) in delta.come {
            let owner = self.owner(key)?;
            self.remove_rows(&owner, key, &rows)?;
        }
        for (key, rows) in delta.gone {
            let owner = self.owner(key)?;
            let revived =
                rows.iter().map(|row| self.revive(key, row)).collect::<Result<Vec<_>, _>>()?;
            self.push_added(&owner, revived);
        }
        self.set_settings(&settings::at(self.db, namespace.id, to)?)
    }

    fn owner(&self, key: ListKey) -> Result<Owner, StoreError> {
        if key == ListKey::NAMESPACE {
            return Ok(Owner::Namespace);
        }
        let name = routes::name(self.db, key.route)?;
        Ok(match key.kind {
            Kind::Utterances => Owner::Utterances(name),
            Kind::Negatives => Owner::Negatives(name),
        })
    }
}
