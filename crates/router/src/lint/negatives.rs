//! Negatives that say what an utterance says.

use std::collections::BTreeMap;

use super::finding::{Finding, FindingKind, MAX_EXAMPLES, Severity};
use super::held_out::Hit;
use super::{Content, NEAR_DUPLICATE};

/// A negative's row, and an utterance that it is like.
type Match = (usize, Hit);

/// Whether they differ but for case and punctuation, whether the negative is the namespace's,
/// and the utterance's route.
type Key = (bool, bool, usize);

pub(super) fn find(content: &Content<'_>) -> Vec<Finding> {
    let rows = content.rows;
    let mut matches: BTreeMap<Key, Vec<Match>> = BTreeMap::new();
    let mut add = |differs: bool, negative: usize, hit: Hit| {
        let common = rows.namespace.contains(&negative);
        if let Some(route) = rows.route_of(hit.row) {
            matches.entry((differs, common, route)).or_default().push((negative, hit));
        }
    };
    for negative in rows.utterances()..rows.len() {
        let own = rows.route_of(negative);
        for &row in content.folds.like(negative) {
            // A route's own says nothing of other routes: what belongs to one of those is a
            // good negative.
            let held_to = own.is_none() || own == rows.route_of(row);
            if row < rows.utterances() && held_to {
                add(false, negative, Hit { row, similarity: content.cosine(negative, row) });
            }
        }
    }
    for held in &content.held_out {
        let Some(hit) = held.negative else { continue };
        if hit.similarity >= NEAR_DUPLICATE && !content.folds.equal(hit.row, held.row) {
            add(true, hit.row, Hit { row: held.row, similarity: hit.similarity });
        }
    }
    matches.into_iter().map(|(key, matches)| finding(content, key, matches)).collect()
}

fn finding(content: &Content<'_>, key: Key, mut matches: Vec<Match>) -> Finding {
    let (differs, common, route) = key;
    let rows = content.rows;
    matches.sort_by(|(_, a), (_, b)| b.similarity.total_cmp(&a.similarity));
    let example = |&(negative, hit): &Match| rows.example(negative, hit.row, hit.similarity);
    let examples = matches.iter().take(MAX_EXAMPLES).map(example).collect();
    // One negative may be like several utterances.
    let mut negatives: Vec<usize> = matches.into_iter().map(|(negative, _)| negative).collect();
    negatives.sort_unstable();
    negatives.dedup();
    let count = negatives.len();
    let of = if common { rows.namespace.len() } else { rows.routes[route].negatives.len() };
    let name = rows.name(route);
    let whose =
        if common { "of the namespace".to_owned() } else { format!("of {:?}", name.as_str()) };
    let (say, are) = if count == 1 { ("negative", "says") } else { ("negatives", "say") };
    let (severity, nearly) =
        if differs { (Severity::Warning, "nearly ") } else { (Severity::Error, "") };
    Finding {
        kind: FindingKind::MatchingNegative,
        severity,
        routes: vec![name.clone()],
        count,
        of,
        unreachable: None,
        examples,
        message: format!(
            "{count} {say} {whose} {are} {nearly}what an utterance of {:?} says",
            name.as_str()
        ),
        advice: "Remove the negative or the utterance: what is nearer to the negative is refused, \
                 however well the route fits."
            .to_owned(),
    }
}
