//! The steps every change is made of. Each keeps three things in step: the rows, the
//! namespace's checksum and the edits.

use std::collections::{HashMap, HashSet};

use rusqlite::Connection;
use synaptoroute_router::{
    Edit, Owner, Place, PlacedText, Revision, RouteAttributes, RouteName, Settings, Text,
};

use crate::checksum;
use crate::error::StoreError;
use crate::list::{self, ListKey, Row};
use crate::namespace::Namespace;
use crate::routes::{self, LivingRoute};
use crate::settings;
use crate::texts::{self, ById};
use crate::transaction::Vectors;

/// A change in the making.
pub(super) struct Work<'a> {
    pub(super) db: &'a Connection,
    /// As it will be; only the revision is still the old one.
    pub(super) namespace: Namespace,
    /// The one that this change makes, if it changes anything.
    pub(super) revision: Revision,
    vectors: &'a Vectors,
    dimensions: usize,
    pub(super) edits: Vec<Edit>,
    /// How many rows were written.
    pub(super) rows: usize,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        db: &'a Connection,
        namespace: &Namespace,
        vectors: &'a Vectors,
        dimensions: usize,
    ) -> Self {
        let revision = namespace.revision.next();
        let (edits, rows) = (Vec::new(), 0);
        Self { db, namespace: *namespace, revision, vectors, dimensions, edits, rows }
    }

    /// The list of an owner, whose route is alive.
    pub(super) fn key(&self, owner: &Owner) -> Result<ListKey, StoreError> {
        let route = |name| routes::find_id(self.db, self.namespace.id, name);
        Ok(match owner {
            Owner::Utterances(name) => ListKey::utterances(route(name)?),
            Owner::Negatives(name) => ListKey::negatives(route(name)?),
            Owner::Namespace => ListKey::NAMESPACE,
        })
    }

    /// Adds a route without texts.
    pub(super) fn put_route(
        &mut self,
        id: i64,
        name: &RouteName,
        attributes: &RouteAttributes,
    ) -> Result<(), StoreError> {
        routes::insert_version(self.db, self.namespace.id, id, attributes, self.revision)?;
        self.namespace.checksum.add(checksum::route(id, name.as_str(), attributes));
        self.rows += 1;
        self.edits.push(Edit::PutRoute(name.clone(), attributes.clone()));
        Ok(())
    }

    /// Changes a route's attributes, if they differ.
    pub(super) fn set_attributes(
        &mut self,
        name: &RouteName,
        route: &LivingRoute,
        attributes: &RouteAttributes,
    ) -> Result<(), StoreError> {
        if route.attributes == *attributes {
            return Ok(());
        }
        self.end_version(name, route)?;
        self.put_route(route.id, name, attributes)
    }

    /// Removes a route and its texts.
    pub(super) fn remove_route(
        &mut self,
        name: &RouteName,
        route: &LivingRoute,
    ) -> Result<(), StoreError> {
        for key in [ListKey::utterances(route.id), ListKey::negatives(route.id)] {
            for row in list::alive(self.db, self.namespace.id, key)? {
                self.end(key, &row)?;
            }
        }
        self.end_version(name, route)?;
        self.edits.push(Edit::RemoveRoute(name.clone()));
        Ok(())
    }

    fn end_version(&mut self, name: &RouteName, route: &LivingRoute) -> Result<(), StoreError> {
        routes::kill_version(self.db, route.version, self.revision)?;
        let crc = checksum::route(route.id, name.as_str(), &route.attributes);
        self.namespace.checksum.take(crc);
        self.rows += 1;
        Ok(())
    }

    /// Makes a list hold exactly these texts, none twice, in this order.
    ///
    /// Rows stay as long as the new list goes through them in their order; what comes after
    /// the first text that is not among them gets places behind all others.
    pub(super) fn set_list(
        &mut self,
        owner: &Owner,
        key: ListKey,
        list: &[Text],
    ) -> Result<(), StoreError> {
        let old = list::alive(self.db, self.namespace.id, key)?;
        let index: HashMap<i64, usize> =
            old.iter().enumerate().map(|(index, row)| (row.text, index)).collect();
        let mut kept = HashSet::new();
        let mut beyond = 0;
        let mut fresh = list;
        while let Some((text, rest)) = fresh.split_first() {
            let id = if old.is_empty() { None } else { texts::find(self.db, text)? };
            match id.and_then(|id| index.get(&id)) {
                Some(&index) if index >= beyond => {
                    kept.insert(index);
                    beyond = index + 1;
                    fresh = rest;
                }
                _ => break,
            }
        }
        let gone: Vec<Row> =
            (0..old.len()).filter(|index| !kept.contains(index)).map(|index| old[index]).collect();
        self.remove_rows(owner, key, &gone)?;
        let mut added = Vec::with_capacity(fresh.len());
        for text in fresh {
            let known = texts::find(self.db, text)?;
            added.push(self.add(key, text, known)?);
        }
        self.push_added(owner, added);
        Ok(())
    }

    /// Adds a text that is not in the list, at its end. `known` is its id, where the file
    /// holds it already; then the file's vector counts, not the caller's.
    pub(super) fn add(
        &mut self,
        key: ListKey,
        text: &Text,
        known: Option<i64>,
    ) -> Result<PlacedText, StoreError> {
        let (id, vector) = match known {
            Some(id) => (id, ById::new(self.db)?.read(id)?.1),
            None => {
                let vector = self
                    .vectors
                    .get(text)
                    .ok_or_else(|| StoreError::MissingVector { text: text.as_str().to_owned() })?;
                if vector.len() != self.dimensions {
                    let (expected, found) = (self.dimensions, vector.len());
                    return Err(StoreError::VectorWidth { expected, found });
                }
                (texts::insert(self.db, text, vector)?, vector.clone())
            }
        };
        let place = self.namespace.next_id;
        self.begin(key, place, id)?;
        Ok(PlacedText { place: Place::from(place), text: text.clone(), vector })
    }

    /// Brings a text back to the place it had.
    pub(super) fn revive(&mut self, key: ListKey, row: &Row) -> Result<PlacedText, StoreError> {
        let (text, vector) = ById::new(self.db)?.read(row.text)?;
        self.begin(key, row.place, row.text)?;
        Ok(PlacedText { place: Place::from(row.place), text, vector })
    }

    fn begin(&mut self, key: ListKey, place: u64, text: i64) -> Result<(), StoreError> {
        let row = Row { id: self.namespace.next_id, place, text };
        list::insert(self.db, self.namespace.id, key, &row, self.revision)?;
        self.namespace.next_id += 1;
        self.namespace.checksum.add(checksum::row(key, &row));
        self.rows += 1;
        Ok(())
    }

    pub(super) fn push_added(&mut self, owner: &Owner, added: Vec<PlacedText>) {
        if !added.is_empty() {
            self.edits.push(Edit::Add(owner.clone(), added));
        }
    }

    /// Ends rows of a list.
    pub(super) fn remove_rows(
        &mut self,
        owner: &Owner,
        key: ListKey,
        rows: &[Row],
    ) -> Result<(), StoreError> {
        for row in rows {
            self.end(key, row)?;
        }
        if !rows.is_empty() {
            let places = rows.iter().map(|row| Place::from(row.place)).collect();
            self.edits.push(Edit::Remove(owner.clone(), places));
        }
        Ok(())
    }

    fn end(&mut self, key: ListKey, row: &Row) -> Result<(), StoreError> {
        list::kill(self.db, self.namespace.id, row.id, self.revision)?;
        self.namespace.checksum.take(checksum::row(key, row));
        self.rows += 1;
        Ok(())
    }

    pub(super) fn settings(&self) -> Result<Settings, StoreError> {
        Ok(settings::current(self.db, self.namespace.id)?.unwrap_or_default())
    }

    /// Puts these settings in place of the old, if they differ.
    pub(super) fn set_settings(&mut self, new: &Settings) -> Result<(), StoreError> {
        let old = settings::current(self.db, self.namespace.id)?;
        if old.unwrap_or_default() == *new {
            return Ok(());
        }
        settings::replace(self.db, self.namespace.id, new, self.revision)?;
        if let Some(old) = old {
            self.namespace.checksum.take(checksum::settings(&old));
        }
        self.namespace.checksum.add(checksum::settings(new));
        self.rows += 1;
        self.edits.push(Edit::Settings(*new));
        Ok(())
    }
}
