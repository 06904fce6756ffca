//! Utterances of one route that say the same.

use std::collections::HashSet;

use super::finding::{Finding, FindingKind, MAX_EXAMPLES, Severity};
use super::held_out::Hit;
use super::{Content, NEAR_DUPLICATE};

/// A few among many do no harm: they are told where they are this share of a route's
/// utterances or more. Those that are equal but for case and punctuation always are.
const SHARE: f64 = 0.2;

pub(super) fn find(content: &Content<'_>) -> Vec<Finding> {
    (0..content.rows.routes.len()).filter_map(|route| of_route(content, route)).collect()
}

fn of_route(content: &Content<'_>, route: usize) -> Option<Finding> {
    let rows = content.rows;
    let own = &rows.routes[route].utterances;
    let held_out = content.of_route(route);
    let mut repeats = 0;
    let mut told = HashSet::new();
    let mut pairs: Vec<(bool, usize, Hit)> = Vec::new();
    let mut held = held_out.iter().peekable();
    for row in own.clone() {
        // Equal ones are known of all; similar ones only of those that were held out.
        let held = held.next_if(|held| held.row == row);
        let twin = content.folds.within(row, own).iter().copied().find(|&other| other != row);
        let twin = twin.map(|twin| Hit { row: twin, similarity: content.cosine(row, twin) });
        let near = held.and_then(|held| held.own.first());
        let near = near.filter(|hit| hit.similarity >= NEAR_DUPLICATE);
        let Some(hit) = twin.or(near) else { continue };
        repeats += 1;
        // Each pair once; what is nearest to one may have another that is nearer to it.
        if told.insert([row.min(hit.row), row.max(hit.row)]) {
            pairs.push((twin.is_some(), row, hit));
        }
    }
    let equal = pairs.iter().any(|&(equal, ..)| equal);
    if repeats == 0 || !equal && (repeats as f64) < SHARE * own.len() as f64 {
        return None;
    }
    pairs.sort_by(|(a, _, x), (b, _, y)| {
        b.cmp(a).then_with(|| y.similarity.total_cmp(&x.similarity))
    });
    let example = |&(_, row, hit): &(bool, usize, Hit)| rows.example(row, hit.row, hit.similarity);
    let (name, of) = (rows.name(route), own.len());
    Some(Finding {
        kind: FindingKind::NearDuplicates,
        severity: Severity::Advice,
        routes: vec![name.clone()],
        count: repeats,
        of,
        unreachable: None,
        examples: pairs.iter().take(MAX_EXAMPLES).map(example).collect(),
        message: format!(
            "{repeats} of {of} utterances of {:?} say what another says",
            name.as_str()
        ),
        advice: "Keep one of each, and add texts that differ: three that say the same fill all \
                 three places of the score."
            .to_owned(),
    })
}
