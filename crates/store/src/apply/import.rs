//! A whole file.

use std::collections::HashSet;

use synaptoroute_router::{ImportMode, Owner, RouteName, RoutesFile, Settings};

use super::work::Work;
use crate::error::StoreError;
use crate::list::ListKey;
use crate::routes;

impl Work<'_> {
    pub(super) fn import(&mut self, file: &RoutesFile, mode: ImportMode) -> Result<(), StoreError> {
        match mode {
            ImportMode::Replace => {
                let named: HashSet<&RouteName> =
                    file.routes.iter().map(|route| &route.name).collect();
                for (name, route) in routes::all(self.db, self.namespace.id)? {
                    if !named.contains(&name) {
                        self.remove_route(&name, &route)?;
                    }
                }
                self.set_list(&Owner::Namespace, ListKey::NAMESPACE, &file.negatives)?;
                self.set_settings(&file.settings)?;
            }
            ImportMode::Merge => {
                self.add_texts(&Owner::Namespace, &file.negatives)?;
                let merged = merged(&self.settings()?, &file.settings);
                self.set_settings(&merged)?;
            }
        }
        for route in &file.routes {
            self.upsert(route)?;
        }
        Ok(())
    }
}

/// The file's where they are not the defaults.
fn merged(old: &Settings, file: &Settings) -> Settings {
    let default = Settings::default();
    let mut merged = *old;
    if file.margin != default.margin {
        merged.margin = file.margin;
    }
    if file.top_k != default.top_k {
        merged.top_k = file.top_k;
    }
    if file.auto_fit != default.auto_fit {
        merged.auto_fit = file.auto_fit;
    }
    if file.objective != default.objective {
        merged.objective = file.objective;
    }
    if file.evidence != default.evidence {
        merged.evidence = file.evidence;
    }
    merged
}

/// `import 12 routes, replacing all`.
pub(super) fn words(file: &RoutesFile, mode: ImportMode) -> String {
    let count = file.routes.len();
    let many = if count == 1 { "" } else { "s" };
    let how = match mode {
        ImportMode::Replace => "replacing all",
        ImportMode::Merge => "merging",
    };
    format!("import {count} route{many}, {how}")
}
