//! A namespace as a routes file.

use std::collections::HashMap;

use synaptoroute_router::{NamespaceName, Owner, Route, RoutesFile, Text};

use crate::error::StoreError;
use crate::load::{Content, owner};
use crate::namespace::Namespace;
use crate::reads::Reads;
use crate::texts::ById;

impl Reads {
    /// The content of a namespace: routes by name, texts in their order.
    ///
    /// # Errors
    ///
    /// The namespace is unknown, or the file cannot be read or is damaged.
    pub fn export(&self, namespace: &NamespaceName) -> Result<RoutesFile, StoreError> {
        let _one_state = self.one_state()?;
        let content = Content::read(&self.db, &Namespace::find(&self.db, namespace)?)?;
        let mut lists: HashMap<Owner, Vec<Text>> = HashMap::new();
        let mut texts = ById::new(&self.db)?;
        for list in content.rows.chunk_by(|(a, _), (b, _)| a == b) {
            let list_texts =
                list.iter().map(|(_, row)| texts.read_text(row.text)).collect::<Result<_, _>>()?;
            lists.insert(owner(list[0].0, &content.names)?, list_texts);
        }
        let mut take = |owner| lists.remove(&owner).unwrap_or_default();
        let mut file = RoutesFile::default();
        file.settings = content.settings;
        file.negatives = take(Owner::Namespace);
        for (name, attributes) in content.routes {
            let route = Route::new(name.clone(), take(Owner::Utterances(name.clone())))
                .map_err(|error| StoreError::damaged(error.to_string()))?
                .with_negatives(take(Owner::Negatives(name)))
                .with_attributes(attributes);
            file.routes.push(route);
        }
        Ok(file)
    }
}
