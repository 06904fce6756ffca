//! How two revisions differ, in people's terms.

use std::collections::{BTreeSet, HashMap, HashSet};

use rusqlite::Connection;
use synaptoroute_router::{
    Changed, Diff, Revision, RouteAttributes, RouteDiff, RouteDiffKind, TextsDiff,
};

use crate::delta::{Delta, lists_at};
use crate::error::StoreError;
use crate::list::{ListKey, Row};
use crate::namespace::Namespace;
use crate::routes;
use crate::settings;
use crate::texts::ById;

/// From one kept revision to another, in either direction.
pub(crate) fn diff(
    db: &Connection,
    namespace: &Namespace,
    from: Revision,
    to: Revision,
) -> Result<Diff, StoreError> {
    namespace.check_kept(from)?;
    namespace.check_kept(to)?;
    let delta = Delta::between(db, namespace, from.min(to), from.max(to))?;
    let lists = Lists::new(db, namespace, from, to, delta)?;
    let settings = Changed {
        before: settings::at(db, namespace.id, from)?,
        after: settings::at(db, namespace.id, to)?,
    };
    let mut routes = Vec::new();
    for &id in &lists.delta.routes {
        let before = routes::at(db, id, from)?;
        let after = routes::at(db, id, to)?;
        let kind = match (&before, &after) {
            (None, None) => continue,
            (None, Some(_)) => RouteDiffKind::Added,
            (Some(_), None) => RouteDiffKind::Removed,
            (Some(_), Some(_)) => RouteDiffKind::Changed,
        };
        let route = RouteDiff {
            name: routes::name(db, id)?,
            kind,
            attributes: changed(before.unwrap_or_default(), after.unwrap_or_default()),
            utterances: lists.texts(ListKey::utterances(id))?,
            negatives: lists.texts(ListKey::negatives(id))?,
        };
        if kind != RouteDiffKind::Changed || !is_empty(&route) {
            routes.push(route);
        }
    }
    routes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(Diff {
        from,
        to,
        settings: (settings.before != settings.after).then_some(settings),
        negatives: lists.texts(ListKey::NAMESPACE)?,
        routes,
    })
}

fn changed(before: RouteAttributes, after: RouteAttributes) -> Option<Changed<RouteAttributes>> {
    (before != after).then_some(Changed { before, after })
}

fn is_empty(route: &RouteDiff) -> bool {
    route.attributes.is_none() && route.utterances.is_empty() && route.negatives.is_empty()
}

/// What is known of the lists that differ.
struct Lists<'a> {
    db: &'a Connection,
    delta: Delta,
    /// Whether `from` is after `to`, against the delta.
    backwards: bool,
    /// Lists that hold texts at other places than before, whole and at both revisions: to
    /// tell whether the order differs, one must see what stands between.
    before: HashMap<ListKey, Vec<Row>>,
    after: HashMap<ListKey, Vec<Row>>,
}

impl<'a> Lists<'a> {
    fn new(
        db: &'a Connection,
        namespace: &Namespace,
        from: Revision,
        to: Revision,
        delta: Delta,
    ) -> Result<Self, StoreError> {
        let moved = |key: &ListKey| {
            let gone: HashSet<i64> = texts_of(delta.gone.get(key)).collect();
            texts_of(delta.come.get(key)).any(|text| gone.contains(&text))
        };
        let moved: BTreeSet<ListKey> =
            delta.gone.keys().filter(|key| moved(key)).copied().collect();
        let (before, after) = if moved.is_empty() {
            (HashMap::new(), HashMap::new())
        } else {
            (lists_at(db, namespace, from, &moved)?, lists_at(db, namespace, to, &moved)?)
        };
        Ok(Self { db, delta, backwards: from > to, before, after })
    }

    fn texts(&self, key: ListKey) -> Result<TextsDiff, StoreError> {
        let (mut removed, mut added) = (self.delta.gone.get(&key), self.delta.come.get(&key));
        if self.backwards {
            std::mem::swap(&mut removed, &mut added);
        }
        let was: HashSet<i64> = texts_of(removed).collect();
        let is: HashSet<i64> = texts_of(added).collect();
        let mut texts = ById::new(self.db)?;
        let mut read = |rows: Option<&Vec<Row>>, not: &HashSet<i64>| {
            texts_of(rows)
                .filter(|text| !not.contains(text))
                .map(|text| texts.read_text(text))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(TextsDiff {
            added: read(added, &was)?,
            removed: read(removed, &is)?,
            reordered: self.reordered(key),
        })
    }

    fn reordered(&self, key: ListKey) -> bool {
        let (Some(before), Some(after)) = (self.before.get(&key), self.after.get(&key)) else {
            return false;
        };
        let was: HashSet<i64> = texts_of(Some(before)).collect();
        let is: HashSet<i64> = texts_of(Some(after)).collect();
        !texts_of(Some(before))
            .filter(|text| is.contains(text))
            .eq(texts_of(Some(after)).filter(|text| was.contains(text)))
    }
}

fn texts_of(rows: Option<&Vec<Row>>) -> impl Iterator<Item = i64> {
    rows.into_iter().flatten().map(|row| row.text)
}
