//! A memory that knows nothing but edits, and panics at one that does not fit.

use std::collections::BTreeMap;
use std::sync::Arc;

use synaptoroute_router::{
    Edit, NamespaceName, Owner, Place, Revision, RouteAttributes, RouteName, Settings, Text,
};
use synaptoroute_store::Reads;

use crate::naive::Content;

type Placed = BTreeMap<Place, (Text, Arc<[f32]>)>;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Mirror {
    settings: Settings,
    negatives: Placed,
    routes: BTreeMap<RouteName, (RouteAttributes, Placed, Placed)>,
}

impl Mirror {
    pub(crate) fn replay(&mut self, edit: Edit) {
        match edit {
            Edit::PutRoute(name, attributes) => {
                self.routes.entry(name).or_default().0 = attributes;
            }
            Edit::RemoveRoute(name) => {
                self.routes.remove(&name).expect("the route is there");
            }
            Edit::Add(owner, texts) => {
                assert!(!texts.is_empty());
                let list = self.list(&owner);
                for placed in texts {
                    assert!(list.values().all(|(text, _)| *text != placed.text));
                    let old = list.insert(placed.place, (placed.text, placed.vector));
                    assert_eq!(old, None, "the place is free");
                }
            }
            Edit::Remove(owner, places) => {
                assert!(!places.is_empty());
                for place in places {
                    self.list(&owner).remove(&place).expect("the place is taken");
                }
            }
            Edit::Settings(settings) => self.settings = settings,
        }
    }

    fn list(&mut self, owner: &Owner) -> &mut Placed {
        match owner {
            Owner::Utterances(name) => &mut self.routes.get_mut(name).expect("there").1,
            Owner::Negatives(name) => &mut self.routes.get_mut(name).expect("there").2,
            Owner::Namespace => &mut self.negatives,
        }
    }

    pub(crate) fn content(&self) -> Content {
        let list = |placed: &Placed| placed.values().map(|(text, _)| text.clone()).collect();
        let route = |(attributes, utterances, negatives): &(RouteAttributes, Placed, Placed)| {
            (attributes.clone(), list(utterances), list(negatives))
        };
        Content {
            settings: self.settings,
            negatives: list(&self.negatives),
            routes: self.routes.iter().map(|(name, r)| (name.clone(), route(r))).collect(),
        }
    }
}

/// All that a file holds.
pub(crate) fn load(reads: &Reads) -> BTreeMap<NamespaceName, (Revision, Mirror)> {
    let mut told: BTreeMap<NamespaceName, (Revision, Mirror)> = BTreeMap::new();
    let all = reads
        .load(&mut |name, revision, edit| {
            let entry = told.entry(name.clone()).or_default();
            entry.0 = revision;
            entry.1.replay(edit);
        })
        .unwrap();
    assert_eq!(all, told.iter().map(|(name, (r, _))| (name.clone(), *r)).collect::<Vec<_>>());
    assert_eq!(all, reads.namespaces().unwrap());
    told
}
