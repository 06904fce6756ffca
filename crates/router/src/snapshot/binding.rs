//! Which routes a fit knows, and how much is left of what it learned from them.

use std::collections::HashMap;

use super::Snapshot;
use crate::fit::Fit;
use crate::index::Group;
use crate::name::RouteName;
use crate::routes::{LearnedAs, RouteEntry};
use crate::text::Text;
use crate::text_order;

impl Snapshot {
    /// Looks up each route in the fit, and each text that it was learned from.
    pub(super) fn bind(&mut self) {
        let Some(fit) = self.fit.clone() else {
            self.routes.for_each_mut(|entry| entry.learned = None);
            return;
        };
        let mut left: HashMap<Group, u32> = HashMap::new();
        let rows: HashMap<Group, u32> = self
            .routes()
            .filter_map(|entry| Some((Group::utterances(entry.slot), row_of(&fit, &entry.name)?)))
            .collect();
        for row in self.index.all() {
            if rows.get(&row.group).is_some_and(|&known| knows(&fit, known, &row.text)) {
                *left.entry(row.group).or_default() += 1;
            }
        }
        self.routes.for_each_mut(|entry| {
            let group = Group::utterances(entry.slot);
            entry.learned = rows.get(&group).map(|&row| {
                let all = fit.routes[row as usize].texts.len() as u32;
                LearnedAs { row, missing: all - left.get(&group).copied().unwrap_or(0).min(all) }
            });
        });
    }
}

/// What a fit knows of a route that has no texts yet.
pub(super) fn learned_as(fit: &Fit, name: &RouteName) -> Option<LearnedAs> {
    let row = row_of(fit, name)?;
    Some(LearnedAs { row, missing: fit.routes[row as usize].texts.len() as u32 })
}

/// Follows texts of a route that come or go.
pub(super) fn follow(fit: &Fit, entry: &mut RouteEntry, texts: &[&Text], come: bool) {
    let Some(learned) = &mut entry.learned else { return };
    let known = texts.iter().filter(|text| knows(fit, learned.row, text)).count() as u32;
    learned.missing =
        if come { learned.missing.saturating_sub(known) } else { learned.missing + known };
}

/// The row of a route by which it is judged: none once more than half of what was learned from
/// is gone, for then it is another route of the same name.
pub(crate) fn row_in_force(fit: &Fit, entry: &RouteEntry) -> Option<u32> {
    let LearnedAs { row, missing } = entry.learned?;
    (2 * missing as usize <= fit.routes[row as usize].texts.len()).then_some(row)
}

fn row_of(fit: &Fit, name: &RouteName) -> Option<u32> {
    let row = fit.routes.binary_search_by(|route| route.name.cmp(name)).ok()?;
    Some(row as u32)
}

fn knows(fit: &Fit, row: u32, text: &Text) -> bool {
    fit.routes[row as usize].texts.binary_search(&text_order::hash(text.as_str())).is_ok()
}
