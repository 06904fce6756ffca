//! Which routes are taken for which, as a table whose cells are the darker the more there are.

use std::collections::{BTreeMap, HashMap};

use maud::{Markup, html};
use synaptoroute::{Report, RouteName};

use crate::commands::eval::tables::named;

/// Most rows and columns: those of the most mistakes.
const MOST: usize = 24;

type Place = Option<RouteName>;

pub(super) fn write(report: &Report) -> Markup {
    let (places, left_out) = places(report);
    let cells: HashMap<(&Place, &Place), usize> =
        report.confusion.iter().map(|pair| ((&pair.expected, &pair.got), pair.count)).collect();
    let cell = |row: &Place, column: &Place| cells.get(&(row, column)).copied().unwrap_or(0);
    let most_wrong = report
        .confusion
        .iter()
        .filter(|pair| pair.expected != pair.got)
        .map(|pair| pair.count)
        .max();
    html! {
        @if let Some(most) = most_wrong {
            section {
                h2 { "Taken for one another" }
                div.scroll { table.matrix {
                    thead { tr {
                        th { "belongs to ↓ went to →" }
                        @for column in &places { th scope="col" { div { (named(column)) } } }
                    } }
                    tbody {
                        @for row in &places {
                            tr {
                                th scope="row" { (named(row)) }
                                @for column in &places { (shaded(cell(row, column), row == column, most)) }
                            }
                        }
                    }
                } }
                @if left_out > 0 { p.hint { "Those of the most mistakes; " (left_out) " with fewer are left out." } }
            }
        }
    }
}

fn shaded(count: usize, right: bool, most: usize) -> Markup {
    let percent = 12 + 58 * count / most.max(1);
    html! {
        @if count == 0 { td {} }
        @else if right { td.right { (count) } }
        @else { td.wrong style={ "--share:" (percent) "%" } { (count) } }
    }
}

/// Routes that mistakes are about, by name, and none of the routes last; how many are left out.
fn places(report: &Report) -> (Vec<Place>, usize) {
    let mut mistakes: BTreeMap<&Place, usize> = BTreeMap::new();
    for pair in report.confusion.iter().filter(|pair| pair.expected != pair.got) {
        *mistakes.entry(&pair.expected).or_default() += pair.count;
        *mistakes.entry(&pair.got).or_default() += pair.count;
    }
    let mut worst: Vec<(&Place, usize)> = mistakes.into_iter().collect();
    // Stable: of equals, by name.
    worst.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let left_out = worst.len().saturating_sub(MOST);
    worst.truncate(MOST);
    let mut places: Vec<Place> = worst.into_iter().map(|(place, _)| place.clone()).collect();
    places.sort_by_key(|place| (place.is_none(), place.clone()));
    (places, left_out)
}
