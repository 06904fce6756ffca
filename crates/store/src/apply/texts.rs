//! Adding and removing texts.

use std::collections::HashSet;

use synaptoroute_router::{Owner, Text};

use super::work::Work;
use crate::error::StoreError;
use crate::list::{self, Kind, Row};
use crate::texts;

impl Work<'_> {
    /// Adds those that are not there; how many.
    pub(super) fn add_texts(&mut self, owner: &Owner, list: &[Text]) -> Result<usize, StoreError> {
        let key = self.key(owner)?;
        let mut added = Vec::with_capacity(list.len());
        for text in list {
            let known = texts::find(self.db, text)?;
            let there = match known {
                Some(id) => list::find(self.db, self.namespace.id, key, id)?.is_some(),
                None => false,
            };
            if !there {
                added.push(self.add(key, text, known)?);
            }
        }
        let count = added.len();
        self.push_added(owner, added);
        Ok(count)
    }

    /// Removes all, each once however often it is named; how many.
    pub(super) fn remove_texts(
        &mut self,
        owner: &Owner,
        list: &[Text],
    ) -> Result<usize, StoreError> {
        let key = self.key(owner)?;
        let mut gone: Vec<Row> = Vec::with_capacity(list.len());
        let mut seen = HashSet::with_capacity(list.len());
        for (position, text) in list.iter().enumerate() {
            let row = match texts::find(self.db, text)? {
                Some(id) => list::find(self.db, self.namespace.id, key, id)?,
                None => None,
            };
            let row =
                row.ok_or_else(|| StoreError::unknown_text(owner, text.as_str(), position))?;
            if seen.insert(row.id) {
                gone.push(row);
            }
        }
        self.remove_rows(owner, key, &gone)?;
        if let (Kind::Utterances, Some(route)) = (key.kind, owner.route())
            && list::is_empty(self.db, self.namespace.id, key)?
        {
            return Err(StoreError::LastUtterance { route: route.as_str().to_owned() });
        }
        Ok(gone.len())
    }
}

/// `3 utterances of billing`.
pub(super) fn words(owner: &Owner, count: usize) -> String {
    let (one, of) = match owner {
        Owner::Utterances(route) => ("utterance", Some(route)),
        Owner::Negatives(route) => ("negative", Some(route)),
        Owner::Namespace => ("negative", None),
    };
    let many = if count == 1 { "" } else { "s" };
    let of = of.map_or_else(String::new, |route| format!(" of {route}"));
    format!("{count} {one}{many}{of}")
}
