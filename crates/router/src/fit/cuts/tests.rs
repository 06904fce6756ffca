use super::super::judged::{Origin, weigh};
use super::*;
use crate::fit::{Cost, Fraction};

/// Texts of two routes and of none, by confidence: (confidence, first, belongs).
fn judged(texts: &[(f64, usize, Option<usize>)]) -> (Vec<Judged>, Vec<f64>) {
    let origin = |belongs: Option<usize>| {
        if belongs.is_some() { Origin::Utterance } else { Origin::Background }
    };
    let one = |&(evidence, first, belongs): &(f64, usize, Option<usize>)| Judged {
        first,
        evidence,
        belongs,
        weight: 0.0,
        fold: 0,
        origin: origin(belongs),
    };
    let mut judged: Vec<Judged> = texts.iter().map(one).collect();
    weigh(&mut judged);
    (judged, texts.iter().map(|text| text.0).collect())
}

fn rated<'a>(judged: &'a [Judged], confidences: &[f64]) -> Vec<Rated<'a>> {
    judged
        .iter()
        .zip(confidences)
        .map(|(judged, &confidence)| Rated { judged, confidence })
        .collect()
}

/// The best of all cuts that differ, one by one.
fn exhaustive(objective: Objective, rated: &[Rated<'_>], routes: usize) -> f64 {
    let value = |cut: f64| {
        let cuts = Cuts::global(cut, routes);
        let verdicts: Vec<(&Judged, bool)> =
            rated.iter().map(|rated| (rated.judged, cuts.accept(rated))).collect();
        judge(objective, &verdicts, routes)
    };
    rated.iter().map(|rated| value(rated.confidence)).fold(f64::NEG_INFINITY, f64::max)
}

const TEXTS: [(f64, usize, Option<usize>); 12] = [
    (0.97, 0, Some(0)),
    (0.95, 1, Some(1)),
    (0.93, 0, Some(0)),
    (0.90, 1, Some(0)),
    (0.88, 1, Some(1)),
    (0.80, 0, None),
    (0.75, 1, Some(1)),
    (0.60, 0, Some(0)),
    (0.60, 1, None),
    (0.40, 1, Some(0)),
    (0.30, 0, None),
    (0.10, 1, None),
];

#[test]
fn no_cut_is_better_than_the_one_chosen() {
    let (texts, confidences) = judged(&TEXTS);
    let rated = rated(&texts, &confidences);
    let cost = Objective::Cost(Cost::try_from(3.0).unwrap());
    let precise = Objective::MinPrecision(Fraction::try_from(0.8).unwrap());
    for objective in [Objective::Accuracy, Objective::F1, cost, precise] {
        let cuts = global(objective, &rated, 2);
        let verdicts: Vec<(&Judged, bool)> =
            rated.iter().map(|rated| (rated.judged, cuts.accept(rated))).collect();
        let (found, best) = (judge(objective, &verdicts, 2), exhaustive(objective, &rated, 2));
        assert!((found - best).abs() < 1e-12, "{objective}: {found} {best}");
    }
}

#[test]
fn a_promise_to_the_foreign_is_kept() {
    let (texts, confidences) = judged(&TEXTS);
    let rated = rated(&texts, &confidences);
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let cuts = global(Objective::MaxFalseAccept(Fraction::try_from(share).unwrap()), &rated, 2);
        let accepted =
            rated.iter().filter(|r| r.judged.belongs.is_none() && cuts.accept(r)).count();
        // Of four, and one for the one that is asked next.
        assert!(
            accepted as f64 <= (5.0 * share - 1.0).max(0.0) + 1e-9 || share == 1.0,
            "{share}: {accepted}"
        );
    }
}

#[test]
fn a_promise_to_those_in_scope_is_kept() {
    let (texts, confidences) = judged(&TEXTS);
    let rated = rated(&texts, &confidences);
    let cuts = global(Objective::Keep(Fraction::try_from(0.75).unwrap()), &rated, 2);
    let kept = rated.iter().filter(|r| r.judged.belongs.is_some() && cuts.accept(r)).count();
    assert!(kept >= 6, "{kept} of 8");
    assert!(!cuts.accept(&rated[11]));
}

#[test]
fn a_route_without_texts_keeps_the_global_cut() {
    let mut texts = TEXTS.to_vec();
    texts.extend((0..9).map(|i| (0.98 - 0.001 * f64::from(i), 0, Some(0))));
    texts.push((0.5, 0, None));
    let (texts, confidences) = judged(&texts);
    let rated = rated(&texts, &confidences);
    let everywhere = global(Objective::F1, &rated, 3);
    let own = single(&rated, &everywhere);
    assert!(own.own[0].is_some());
    assert_eq!(own.own[2], None, "nothing is known of it");
    assert_eq!(own.global, everywhere.global);
}
