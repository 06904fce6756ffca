//! A report as a page for a browser: one file, without scripts, that fetches nothing.
//!
//! - `plots`: the curves, as drawings within the page.
//! - `matrix`: which routes are taken for which.
//!
//! Texts and names get into it through the template alone, which escapes them.

mod matrix;
mod plots;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use synaptoroute::{Comparison, Judged, Neighbour, Report, RouteName, Share};

use super::changes;
use super::tables::{headline, named, numbers, percent, worst_routes};
use crate::words::count;

/// Most errors, and most changed samples, of a page; a browser takes its time with more.
const ROWS: usize = 1000;

/// The page, whole.
pub(super) fn write(report: &Report, comparison: Option<&Comparison>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                // Should anything ever get in that is not escaped, it may load and run nothing.
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="color-scheme" content="light dark";
                title { "Evaluation of " (report.model) ", revision " (report.revision) }
                style { (PreEscaped(include_str!("style.css"))) }
            }
            body {
                header {
                    h1 { "How good the decisions are" }
                    p { (headline(report)) }
                }
                main {
                    (key_numbers(report))
                    @if let Some(comparison) = comparison { (compared(comparison)) }
                    (curves(report))
                    (routes(report))
                    (matrix::write(report))
                    (errors(report))
                }
            }
        }
    };
    page.into_string()
}

fn key_numbers(report: &Report) -> Markup {
    html! {
        section.cards {
            @for [name, value, interval, means] in numbers(report) {
                div.card {
                    div.name { (name) }
                    div.value { (value) }
                    div.interval { @if !interval.is_empty() { (interval) } @else { "\u{a0}" } }
                    div.means { (means) }
                }
            }
        }
        p.hint { "Below a number is its 95 % interval: where it might lie with other samples of the same kind." }
    }
}

fn compared(changes: &Comparison) -> Markup {
    let shown = changes.changed.len().min(ROWS);
    html! {
        section {
            h2 { "What changed" }
            p { (changes::headline(changes)) }
            @if changes.common > 0 {
                div.scroll { table {
                    thead { tr {
                        th {} th.number { "before" } th.number { "now" } th.number { "difference" }
                        th.number { "95 % interval" } th.number { "p" }
                    } }
                    tbody {
                        @for [name, numbers @ ..] in changes::rows(changes) {
                            tr { th scope="row" { (name) } @for number in numbers { td.number { (number) } } }
                        }
                    }
                } }
                p { (changes::kinds(changes)) }
            }
            @if shown > 0 {
                details {
                    summary { "The samples that went elsewhere" (part(shown, changes.changed.len())) }
                    div.scroll { table {
                        thead { tr { th { "text" } th { "belongs to" } th { "before" } th { "now" } th {} } }
                        tbody {
                            @for sample in changes.changed.iter().take(ROWS) {
                                tr {
                                    td.text { (sample.text) }
                                    td { (named(&sample.expected)) }
                                    td { (named(&sample.before)) }
                                    td { (named(&sample.after)) }
                                    td { (changes::kind(sample.kind)) }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }
}

fn curves(report: &Report) -> Markup {
    let scope = report.out_of_scope.is_some();
    html! {
        section.plots {
            figure {
                (PreEscaped(plots::sweep(report)))
                figcaption {
                    h2 { "One cut for all routes" }
                    p.legend {
                        span.a { "taken by the right route" }
                        span.b { "taken by some route" }
                        @if scope { span.c { "out of scope and taken" } }
                    }
                    p { "Look for a cut where the first two are high still, and the third is low." }
                }
            }
            figure {
                (PreEscaped(plots::reliability(report)))
                figcaption {
                    h2 { "Can confidence be believed?" }
                    p { "A point is a fifteenth of the samples, its bar the 95 % interval. On the line "
                        "confidence is what it says; below it, it promises too much." }
                }
            }
            figure {
                (PreEscaped(plots::risk_coverage(report)))
                figcaption {
                    h2 { "What answering more costs" }
                    p { "Of all samples, those of the highest confidence are answered; so many of them "
                        "are wrong. The lower the curve, and the longer it stays low, the better." }
                }
            }
        }
    }
}

fn routes(report: &Report) -> Markup {
    let share = |share: Option<Share>| share.map_or("–".into(), |share| percent(share.value));
    let parts = |share: Option<Share>| {
        share.map_or(String::new(), |share| format!("{} of {}", share.count, share.of))
    };
    let silent = &report.routes_without_samples;
    html! {
        section {
            h2 { "Routes, the worst first" }
            div.scroll.tall { table {
                thead { tr {
                    th { "route" } th.number { "samples" } th.number { "recall" } th {} th.number { "precision" } th {}
                    th.number { "F1" }
                } }
                tbody {
                    @for route in worst_routes(report) {
                        tr {
                            th scope="row" { (route.route) }
                            td.number { (route.support) }
                            td.number { (share(route.recall)) }
                            td.part { (parts(route.recall)) }
                            td.number { (share(route.precision)) }
                            td.part { (parts(route.precision)) }
                            td.number { @if let Some(f1) = route.f1 { (format!("{f1:.3}")) } }
                        }
                    }
                }
            } }
            @if !silent.is_empty() {
                p.hint {
                    "Not judged, "
                    @if report.folds.is_some() { "for a single utterance cannot be held out: " }
                    @else { "for no sample belongs to them: " }
                    (silent.iter().map(RouteName::as_str).collect::<Vec<_>>().join(", "))
                }
            }
        }
    }
}

fn errors(report: &Report) -> Markup {
    let errors = report.errors();
    let shown = errors.len().min(ROWS);
    html! {
        section {
            h2 { (count(errors.len(), "error")) @if shown > 0 { ", the most confident first" } (part(shown, errors.len())) }
            @if shown > 0 {
                div.scroll { table.errors {
                    thead { tr {
                        th { "text" } th { "belongs to" } th { "went to" } th.number { "confidence" } th { "nearest utterances" }
                    } }
                    tbody { @for sample in &errors[..shown] { (error(sample)) } }
                } }
            }
        }
    }
}

fn error(sample: &Judged) -> Markup {
    let differ = sample.first != sample.expected;
    html! {
        tr {
            td.text { (sample.text) }
            td { (named(&sample.expected)) }
            td {
                (named(&sample.got))
                div.hint { (sample.reason.as_str().replace('_', " ")) }
            }
            td.number {
                (format!("{:.2}", sample.confidence))
                div.hint { "cut " (format!("{:.2}", sample.threshold)) }
            }
            td.text {
                (near(&sample.first, sample.nearest_of_first.as_ref()))
                @if differ { (near(&sample.expected, sample.nearest_of_expected.as_ref())) }
            }
        }
    }
}

fn near(route: &Option<RouteName>, nearest: Option<&Neighbour>) -> Markup {
    html! {
        @if let (Some(route), Some(nearest)) = (route, nearest) {
            div { span.hint { (route) ", " (format!("{:.2}", nearest.similarity)) ": " } (nearest.utterance) }
        }
    }
}

/// Says that a list was cut.
fn part(shown: usize, all: usize) -> String {
    if shown < all { format!(" (the first {shown}; all are in the JSON)") } else { String::new() }
}
