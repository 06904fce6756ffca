//! The numbers, on samples whose outcome is made up.

use proptest::prelude::*;
use synaptoroute_kernels::Kernels;

use super::auroc;
use super::*;
use crate::decision::{Outcome, Reason};
use crate::name::RouteName;
use crate::revision::Revision;
use crate::snapshot::Snapshot;

fn name(name: &str) -> RouteName {
    name.try_into().unwrap()
}

/// A sample of `expected`, whose first candidate is `first`, accepted or not.
fn judged(
    text: &str,
    expected: Option<&str>,
    first: &str,
    accepted: bool,
    confidence: f64,
) -> Judged {
    let (expected, first) = (expected.map(name), Some(name(first)));
    let got = first.clone().filter(|_| accepted);
    Judged {
        text: text.try_into().unwrap(),
        right: got == expected,
        expected,
        got,
        outcome: if accepted { Outcome::Matched } else { Outcome::None },
        reason: if accepted { Reason::Accepted } else { Reason::BelowThreshold },
        first,
        confidence,
        threshold: 0.5,
        calibrated: false,
        nearest_of_first: None,
        nearest_of_expected: None,
    }
}

fn report(samples: impl IntoIterator<Item = Judged>) -> Report {
    let mut evaluation = Evaluation::new(&Snapshot::empty(Kernels::detect(), 16), "some model");
    evaluation.add(samples);
    evaluation.report().unwrap()
}

/// What a few letters say: the route, the first candidate, whether it is accepted.
fn sample(number: usize, (expected, first, accepted, tenths): (u8, u8, bool, u8)) -> Judged {
    const ROUTES: [&str; 3] = ["a", "b", "c"];
    let expected = ROUTES.get(usize::from(expected)).copied();
    let confidence = f64::from(tenths) / 10.0;
    judged(&format!("text {number}"), expected, ROUTES[usize::from(first)], accepted, confidence)
}

fn samples() -> impl Strategy<Value = Vec<Judged>> {
    let one = (0..5_u8, 0..3_u8, any::<bool>(), 0..=10_u8);
    prop::collection::vec(one, 1..60)
        .prop_map(|drawn| drawn.into_iter().enumerate().map(|(i, one)| sample(i, one)).collect())
}

proptest! {
    #[test]
    fn the_order_of_samples_changes_no_bit(
        samples in samples(),
        keys in prop::collection::vec(any::<u32>(), 60),
    ) {
        let mut shuffled: Vec<_> = samples.iter().cloned().zip(keys).collect();
        shuffled.sort_by_key(|(_, key)| *key);
        let json = |report: &Report| serde_json::to_string(report).unwrap();
        let one = report(samples);
        let other = report(shuffled.into_iter().map(|(sample, _)| sample));
        prop_assert_eq!(json(&one), json(&other));
        let read: Report = serde_json::from_str(&json(&one)).unwrap();
        prop_assert_eq!(read, one);
    }

    #[test]
    fn the_auroc_is_the_share_of_pairs(samples in samples()) {
        let of = |inside: bool| -> Vec<f64> {
            let of = samples.iter().filter(|sample| sample.is_in_scope() == inside);
            of.map(|sample| sample.confidence).collect()
        };
        let (inside, outside) = (of(true), of(false));
        let mut wins = 0.0;
        for a in &inside {
            for b in &outside {
                wins += if a > b { 1.0 } else if a == b { 0.5 } else { 0.0 };
            }
        }
        let pairs = inside.len() * outside.len();
        let scope = report(samples).out_of_scope;
        let found = scope.and_then(|scope| scope.auroc);
        prop_assert_eq!(found.is_some(), pairs > 0);
        if let Some(found) = found {
            prop_assert!((found.value - wins / pairs as f64).abs() < 1e-12);
            prop_assert!(found.low <= found.value && found.value <= found.high);
        }
    }

    #[test]
    fn the_numbers_hold_together(samples in samples()) {
        let report = report(samples.clone());
        let (all, errors) = (samples.len(), report.errors().len());
        prop_assert_eq!(report.counts.in_scope + report.counts.out_of_scope, all);
        prop_assert_eq!(errors, samples.iter().filter(|sample| !sample.right).count());
        prop_assert_eq!(report.confusion.iter().map(|pair| pair.count).sum::<usize>(), all);
        prop_assert_eq!(report.reliability.bins.iter().map(|bin| bin.right.of).sum::<usize>(), all);
        prop_assert!(report.reliability.bins.len() <= 15);
        let whole = report.risk_coverage.points.last().unwrap();
        let wrong = samples.iter().filter(|sample| !sample.first_is_right()).count();
        prop_assert_eq!(whole.coverage, 1.0);
        prop_assert_eq!(whole.risk, wrong as f64 / all as f64);
        prop_assert!((0.0..=1.0).contains(&report.risk_coverage.aurc));
        let first = report.sweep[0];
        prop_assert_eq!(first.coverage, report.accuracy.map(|_| 1.0));
        prop_assert_eq!(first.accuracy, report.forced_accuracy.map(|share| share.value));
        prop_assert!(report.sweep.is_sorted_by(|a, b| a.coverage >= b.coverage));
        for share in [report.accuracy, report.coverage, report.forced_accuracy].into_iter().flatten() {
            prop_assert!(0.0 <= share.low && share.low <= share.value, "{:?}", share);
            prop_assert!(share.value <= share.high && share.high <= 1.0, "{:?}", share);
            prop_assert!(share.low < share.high, "{:?}", share);
        }
    }

    /// A share's difference is that of the shares, and nothing differs from itself.
    #[test]
    fn a_comparison_sets_the_same_samples_side_by_side(
        pairs in prop::collection::vec(((0..5_u8, 0..3_u8, any::<bool>(), 0..=10_u8), 0..3_u8, any::<bool>()), 1..40),
    ) {
        let before = pairs.iter().enumerate().map(|(i, (one, ..))| sample(i, *one));
        let after = pairs.iter().enumerate().map(|(i, &((expected, _, _, tenths), first, accepted))| {
            sample(i, (expected, first, accepted, 10 - tenths))
        });
        let (before, after) = (report(before), report(after));
        let comparison = Comparison::new(&before, &after);
        prop_assert_eq!(comparison.common, pairs.len());
        prop_assert_eq!((comparison.only_before, comparison.only_after), (0, 0));
        let shares = before.accuracy.zip(after.accuracy);
        prop_assert_eq!(comparison.accuracy.is_some(), shares.is_some());
        if let Some((difference, (before, after))) = comparison.accuracy.zip(shares) {
            prop_assert_eq!((difference.before, difference.after), (before.value, after.value));
            prop_assert!(difference.low < difference.high);
            prop_assert!(difference.p.is_some_and(|p| (0.0..=1.0).contains(&p)));
        }
        if let Some(auroc) = comparison.auroc {
            let value = after.out_of_scope.and_then(|scope| scope.auroc).unwrap().value;
            prop_assert!((auroc.after - value).abs() < 1e-12);
            prop_assert!(auroc.low <= auroc.difference && auroc.difference <= auroc.high);
        }
        let same = Comparison::new(&before, &before);
        prop_assert!(same.changed.is_empty());
        prop_assert!(same.accuracy.is_none_or(|d| d.difference == 0.0 && d.p == Some(1.0)));
    }
}

#[test]
fn a_perfect_router_has_perfect_numbers() {
    let inside = (0..40).map(|i| {
        let route = if i % 2 == 0 { "a" } else { "b" };
        judged(&format!("in {i}"), Some(route), route, true, 1.0)
    });
    let outside = (0..10).map(|i| judged(&format!("out {i}"), None, "a", false, 0.0));
    let report = report(inside.chain(outside));
    for share in [report.accuracy, report.coverage, report.forced_accuracy] {
        let share = share.unwrap();
        assert_eq!((share.value, share.high), (1.0, 1.0));
        assert!((share.low - 0.912).abs() < 1e-3, "Wilson, 40 of 40: {}", share.low);
    }
    assert_eq!(report.macro_f1, Some(1.0));
    assert_eq!(report.reliability.ece, 0.0);
    let scope = report.out_of_scope.unwrap();
    assert_eq!((scope.accepted.value, scope.fpr95.unwrap().value), (0.0, 0.0));
    let auroc = scope.auroc.unwrap();
    assert_eq!((auroc.value, auroc.high), (1.0, 1.0));
    assert!(auroc.low > 0.85 && auroc.low < 1.0, "fifty samples prove no perfection: {auroc:?}");
    assert!(report.errors().is_empty());
    // The risk is 0 as long as only what belongs to a route is answered.
    assert_eq!(report.risk_coverage.points[0].risk, 0.0);
    assert_eq!(report.risk_coverage.points[0].coverage, 0.8);
}

#[test]
fn the_calibration_error_of_a_case_by_hand() {
    // Twenty at 0.9, of which 15 are right; ten at 0.2, of which 4 are.
    let at = |confidence: f64, count: usize, right: usize| {
        (0..count).map(move |i| {
            let first = if i < right { "a" } else { "b" };
            judged(&format!("{confidence} {i}"), Some("a"), first, true, confidence)
        })
    };
    let report = report(at(0.9, 20, 15).chain(at(0.2, 10, 4)));
    let bins: Vec<(f64, usize, usize)> = report
        .reliability
        .bins
        .iter()
        .map(|bin| (bin.low, bin.right.count, bin.right.of))
        .collect();
    assert_eq!(bins, [(0.2, 4, 10), (0.9, 15, 20)], "what is equal shares a bin");
    let expected = (20.0 * 0.15 + 10.0 * 0.2) / 30.0;
    assert!((report.reliability.ece - expected).abs() < 1e-9, "{}", report.reliability.ece);
}

#[test]
fn bins_hold_equally_many() {
    let samples = (0..150).map(|i| {
        let confidence = f64::from(i) / 150.0;
        judged(&format!("text {i}"), Some("a"), "a", true, confidence)
    });
    let bins = report(samples).reliability.bins;
    assert_eq!(bins.iter().map(|bin| bin.right.of).collect::<Vec<_>>(), [10; 15]);
}

#[test]
fn the_risk_of_a_case_by_hand() {
    let right = [(0.9, true), (0.8, false), (0.7, true), (0.7, false)];
    let samples = right.iter().enumerate().map(|(i, &(confidence, right))| {
        let first = if right { "a" } else { "b" };
        judged(&format!("text {i}"), Some("a"), first, true, confidence)
    });
    let curve = report(samples).risk_coverage;
    let points: Vec<(f64, f64)> = curve.points.iter().map(|p| (p.coverage, p.risk)).collect();
    assert_eq!(points, [(0.25, 0.0), (0.5, 0.5), (1.0, 0.5)]);
    // Of the two of one confidence each comes first half of the time.
    assert!((curve.aurc - (0.0 + 0.5 + 0.5 + 0.5) / 4.0).abs() < 1e-12, "{}", curve.aurc);
}

#[test]
fn routes_one_by_one() {
    let report = report([
        judged("1", Some("a"), "a", true, 0.9),
        judged("2", Some("a"), "b", true, 0.8),
        judged("3", Some("a"), "a", false, 0.4),
        judged("4", Some("b"), "b", true, 0.9),
        judged("5", None, "b", true, 0.6),
        judged("6", None, "c", true, 0.6),
    ]);
    let one = |route: &str| report.routes.iter().find(|score| score.route == name(route)).unwrap();
    let counts = |share: Option<Share>| share.map(|share| (share.count, share.of));
    let (a, b, c) = (one("a"), one("b"), one("c"));
    assert_eq!((counts(a.precision), counts(a.recall)), (Some((1, 1)), Some((1, 3))));
    assert_eq!((counts(b.precision), counts(b.recall)), (Some((1, 3)), Some((1, 1))));
    assert_eq!((counts(c.precision), c.recall, c.f1), (Some((0, 1)), None, None));
    assert_eq!((a.f1, b.f1), (Some(0.5), Some(0.5)));
    assert_eq!(report.macro_f1, Some(0.5), "c has no samples and no part in it");
    assert_eq!(counts(report.accuracy), Some((2, 4)));
    assert_eq!(counts(report.coverage), Some((3, 4)));
    assert_eq!(counts(report.forced_accuracy), Some((3, 4)));
    assert_eq!(counts(report.out_of_scope.map(|scope| scope.accepted)), Some((2, 2)));
    let errors: Vec<&str> = report.errors().iter().map(|sample| sample.text.as_str()).collect();
    assert_eq!(errors, ["2", "5", "6", "3"], "the most confident first");
    let pair = |expected: Option<&str>, got: Option<&str>| {
        let (expected, got) = (expected.map(name), got.map(name));
        report.confusion.iter().find(|p| p.expected == expected && p.got == got).map(|p| p.count)
    };
    assert_eq!((pair(Some("a"), Some("b")), pair(Some("a"), None)), (Some(1), Some(1)));
    assert_eq!((pair(None, Some("c")), pair(None, None)), (Some(1), None));
}

#[test]
fn a_cut_moves_what_a_cut_refuses_and_nothing_else() {
    let mut negative = judged("1", Some("a"), "a", false, 0.9);
    negative.reason = Reason::NearerToNegative;
    let report = report([
        negative,
        judged("2", Some("a"), "a", false, 0.3),
        judged("3", Some("a"), "b", true, 0.7),
        judged("4", None, "b", true, 0.6),
    ]);
    let at = |hundredths: usize| {
        let point = report.sweep[hundredths];
        [point.accuracy, point.coverage, point.out_of_scope_accepted].map(Option::unwrap)
    };
    assert_eq!(report.sweep.len(), 101);
    let third = 1.0 / 3.0;
    assert_eq!(at(0), [third, 2.0 / 3.0, 1.0]);
    assert_eq!(at(30), [third, 2.0 / 3.0, 1.0], "a cut is met by what equals it");
    assert_eq!(at(31), [0.0, third, 1.0]);
    assert_eq!(at(61), [0.0, third, 0.0]);
    assert_eq!(at(100), [0.0, 0.0, 0.0]);
}

#[test]
fn the_cut_that_keeps_95_of_a_hundred_loses_one_in_twenty() {
    for (count, kept) in [(20, 19), (19, 19), (100, 95), (1, 1)] {
        let inside = (0..count)
            .map(|i| judged(&format!("in {i}"), Some("a"), "a", true, 0.5 + f64::from(i) / 1000.0));
        // One beyond every cut, one below.
        let outside =
            [judged("far out", None, "a", true, 0.1), judged("just out", None, "a", true, 0.99)];
        let scope = report(inside.chain(outside)).out_of_scope.unwrap();
        let cut = scope.threshold95.unwrap();
        let reach = (0..count).filter(|&i| 0.5 + f64::from(i) / 1000.0 >= cut).count();
        assert_eq!(reach, kept, "of {count}");
        assert_eq!(scope.fpr95.unwrap().value, 0.5);
    }
}

#[test]
fn what_changed_is_told_and_how_sure_that_is() {
    // Of a hundred, 12 are mended and 2 broken.
    let before = (0..100).map(|i| judged(&format!("{i}"), Some("a"), "a", i >= 12, 0.6));
    let after = (0..101).map(|i| judged(&format!("{i}"), Some("a"), "a", i < 98, 0.6));
    let comparison = Comparison::new(&report(before), &report(after));
    assert_eq!((comparison.common, comparison.only_before, comparison.only_after), (100, 0, 1));
    let accuracy = comparison.accuracy.unwrap();
    assert!((accuracy.difference - 0.10).abs() < 1e-12);
    // By hand: 10/102, give or take 1.96 sqrt((16/102 - (10/102)^2) / 102).
    assert!((accuracy.low - 0.0236).abs() < 5e-5, "{accuracy:?}");
    assert!((accuracy.high - 0.1725).abs() < 5e-5, "{accuracy:?}");
    // 2 (1 + 14 + 91) / 2^14.
    assert!((accuracy.p.unwrap() - 212.0 / 16384.0).abs() < 1e-12, "{accuracy:?}");
    let kinds: Vec<ChangeKind> = comparison.changed.iter().map(|sample| sample.kind).collect();
    assert_eq!(kinds[..2], [ChangeKind::Broken; 2]);
    assert_eq!(kinds[2..], [ChangeKind::Mended; 12]);
    assert_eq!(comparison.coverage.unwrap().difference, accuracy.difference);
    assert!(comparison.out_of_scope_accepted.is_none() && comparison.auroc.is_none());
}

#[test]
fn an_auroc_that_grew_by_much_is_sure_and_by_little_is_not() {
    let draw = |shift: f64| {
        let inside = (0..50).map(move |i| {
            let confidence = 0.3 + shift + f64::from(i) / 100.0;
            judged(&format!("in {i}"), Some("a"), "a", true, confidence)
        });
        let outside = (0..50).map(|i| {
            judged(&format!("out {i}"), None, "a", true, 0.25 + f64::from(i * 37 % 50) / 100.0)
        });
        report(inside.chain(outside))
    };
    let difference = |shift: f64| Comparison::new(&draw(0.0), &draw(shift)).auroc.unwrap();
    assert!(difference(0.2).low > 0.0, "{:?}", difference(0.2));
    assert!(difference(0.2).p.unwrap() < 0.001);
    let none = difference(0.0);
    assert_eq!((none.difference, none.low, none.high, none.p), (0.0, 0.0, 0.0, None));
}

#[test]
fn long_tails_stay_numbers() {
    let samples = |right: fn(u32) -> bool| {
        report((0..5000).map(|i| judged(&format!("{i}"), Some("a"), "a", right(i), 0.6)))
    };
    let comparison = Comparison::new(&samples(|i| i % 2 == 0), &samples(|i| i % 2 == 1));
    assert_eq!(comparison.accuracy.unwrap().p, Some(1.0), "as many broken as mended");
    let comparison = Comparison::new(&samples(|i| i < 3000), &samples(|_| true));
    assert!(comparison.accuracy.unwrap().p.unwrap() < 1e-300);
}

#[test]
fn there_is_no_report_on_nothing() {
    let snapshot = Snapshot::empty(Kernels::detect(), 16);
    assert!(Evaluation::new(&snapshot, "some model").report().is_none());
    assert_eq!(auroc(&[], &[0.5]), None);
    let outside = report([judged("1", None, "a", false, 0.2)]);
    assert!(outside.accuracy.is_none() && outside.macro_f1.is_none());
    let scope = outside.out_of_scope.unwrap();
    assert!(scope.auroc.is_none() && scope.fpr95.is_none() && scope.threshold95.is_none());
    assert_eq!(outside.revision, Revision::default());
}
