//! The same text in several routes.

use std::collections::{BTreeMap, HashMap};

use super::Content;
use super::finding::{Finding, FindingKind, MAX_EXAMPLES, Severity};

/// The first of equal rows, and one of another route.
type Pair = (usize, usize);

pub(super) fn find(content: &Content<'_>) -> Vec<Finding> {
    let rows = content.rows;
    // By whether the texts are equal to the letter, then by the routes that have them.
    let mut shared: BTreeMap<(bool, Vec<usize>), Vec<Pair>> = BTreeMap::new();
    for like in content.folds.shared() {
        let utterances = like.iter().copied().take_while(|&row| row < rows.utterances());
        let utterances: Vec<usize> = utterances.collect();
        let mut routes: Vec<usize> = utterances.iter().filter_map(|&r| rows.route_of(r)).collect();
        // Rows ascend, and routes with them.
        routes.dedup();
        if routes.len() < 2 {
            continue;
        }
        let mut seen = HashMap::with_capacity(utterances.len());
        // A route has no text twice.
        let equal =
            utterances.iter().find_map(|&b| seen.insert(&rows.row(b).text, b).map(|a| (a, b)));
        let first = utterances[0];
        let elsewhere = |&&row: &&usize| rows.route_of(row) != rows.route_of(first);
        let folded = utterances.iter().find(elsewhere).map(|&row| (first, row));
        if let Some(pair) = equal.or(folded) {
            shared.entry((equal.is_none(), routes)).or_default().push(pair);
        }
    }
    shared
        .into_iter()
        .map(|((folded, routes), pairs)| finding(content, folded, &routes, &pairs))
        .collect()
}

fn finding(content: &Content<'_>, folded: bool, routes: &[usize], pairs: &[Pair]) -> Finding {
    let rows = content.rows;
    let names: Vec<String> =
        routes.iter().map(|&route| format!("{:?}", rows.name(route).as_str())).collect();
    let are = if pairs.len() == 1 { "1 text is" } else { &format!("{} texts are", pairs.len()) };
    let but = if folded { ", but for case and punctuation" } else { "" };
    let example = |&(a, b): &Pair| rows.example(a, b, content.cosine(a, b));
    Finding {
        kind: FindingKind::SameText,
        severity: if folded { Severity::Warning } else { Severity::Error },
        routes: routes.iter().map(|&route| rows.name(route).clone()).collect(),
        count: pairs.len(),
        of: routes.iter().map(|&route| rows.routes[route].utterances.len()).sum(),
        unreachable: None,
        examples: pairs.iter().take(MAX_EXAMPLES).map(example).collect(),
        message: format!("{are} in each of {}{but}", names.join(", ")),
        advice: "Keep each in the one route that is meant, and remove it from the others; if both \
                 are, they may be one route."
            .to_owned(),
    }
}
