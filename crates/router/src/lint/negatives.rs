//! Negatives that say what an utterance says.

use std::collections::BTreeMap;

use super::finding::{Finding, FindingKind, MAX_EXAMPLES, Severity};
use super::{Content, NEAR_DUPLICATE};

/// A negative, an utterance that it is like, and their cosine.
type Match = (usize, usize, f32);

/// Whether they are only nearly the same, whether the negative is the namespace's, and the
/// utterance's route.
type Key = (bool, bool, usize);

pub(super) fn find(content: &Content<'_>) -> Vec<Finding> {
    let rows = content.rows;
    let mut matches: BTreeMap<Key, Vec<Match>> = BTreeMap::new();
    for (number, route) in rows.routes.iter().enumerate() {
        for row in route.utterances.clone() {
            // A route's own says nothing of other routes: what belongs to one of those is a good
            // negative.
            for (common, range) in [(false, &route.negatives), (true, &rows.namespace)] {
                if let Some(&negative) = content.folds.within(row, range).first() {
                    let found = (negative, row, content.cosine(negative, row));
                    matches.entry((false, common, number)).or_default().push(found);
                }
            }
        }
        for held in content.of_route(number) {
            let near = held.negative.filter(|hit| {
                hit.similarity >= NEAR_DUPLICATE && !content.folds.equal(hit.row, held.row)
            });
            if let Some(hit) = near {
                let common = rows.namespace.contains(&hit.row);
                let found = (hit.row, held.row, hit.similarity);
                matches.entry((true, common, number)).or_default().push(found);
            }
        }
    }
    matches.into_iter().map(|(key, matches)| finding(content, key, matches)).collect()
}

fn finding(content: &Content<'_>, key: Key, mut matches: Vec<Match>) -> Finding {
    let (nearly, common, route) = key;
    let rows = content.rows;
    matches.sort_by(|(.., a), (.., b)| b.total_cmp(a));
    let example = |&(negative, row, cosine): &Match| rows.example(negative, row, cosine);
    let (name, count) = (rows.name(route), matches.len());
    let of = rows.routes[route].utterances.len();
    let whose = if common { "the namespace" } else { "its own" };
    let (severity, what) = match nearly {
        false => (Severity::Error, "what"),
        true => (Severity::Warning, "nearly what"),
    };
    let say = if count == 1 { "says" } else { "say" };
    Finding {
        kind: FindingKind::MatchingNegative,
        severity,
        routes: vec![name.clone()],
        count,
        of,
        unreachable: None,
        examples: matches.iter().take(MAX_EXAMPLES).map(example).collect(),
        message: format!(
            "{count} of {of} utterances of {:?} {say} {what} a negative of {whose} says",
            name.as_str()
        ),
        advice: "Remove the negative or the utterance: what is nearer to a negative than to every \
                 utterance is refused, however well the route fits."
            .to_owned(),
    }
}
