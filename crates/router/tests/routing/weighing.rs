//! What counts as evidence, and what speaks against a route.

use synaptoroute_router::{Outcome, Prior, Reason, Settings};

use crate::support::{
    Vectored, assert_outcomes, bits, content, decide, order, query, route, snapshot, threshold,
    top_k, with, within,
};

#[test]
fn nearest_is_the_mean_of_the_three_best_or_of_all() {
    // Halves, quarters, eighths: sums of these are exact.
    let mut wrong = Vec::new();
    for (cosines, nearest, neighbours) in [
        (&[0.5][..], 0.5, &[0][..]),
        (&[0.5, 1.0], 0.75, &[1, 0]),
        (&[0.5, 1.0, 0.75], 0.75, &[1, 2, 0]),
        (&[0.5, 1.0, 0.75, 0.25], 0.75, &[1, 2, 0]),
        (&[-1.0, 0.5, 1.0, -0.5, 0.75, 0.25], 0.75, &[2, 4, 1]),
        (&[-0.5, -1.0], -0.75, &[0, 1]),
        // Of equals, the earlier.
        (&[0.5, 0.5, 0.5, 0.5], 0.5, &[0, 1, 2]),
        (&[0.25, 0.5, 0.25, 0.25], 1.0 / 3.0, &[1, 0, 2]),
    ] {
        let decision = decide(&snapshot([route("a", cosines)]));
        let candidate = &decision.candidates[0];
        let found: Vec<_> =
            candidate.nearest.iter().map(|n| (n.utterance.as_str(), n.similarity)).collect();
        let names: Vec<_> = neighbours.iter().map(|i| format!("a {i}")).collect();
        let expected: Vec<_> = names
            .iter()
            .zip(neighbours)
            .map(|(name, &i)| (name.as_str(), f64::from(cosines[i])))
            .collect();
        if (candidate.score, &found) != (nearest, &expected) {
            wrong.push(format!("{cosines:?}: {candidate:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn top_k_counts_candidates_never_utterances() {
    let routes: Vec<Vectored> = (0..7_u8)
        .map(|i| {
            let near = 0.9 - f32::from(i) / 32.0;
            route(&format!("r{i}"), &[near, near - 0.1, near - 0.2, near - 0.3])
        })
        .collect();
    let snapshot = snapshot(routes.clone());
    let all = decide(&snapshot);
    for count in [1, 2, 3, 6, 7, 8, 100] {
        let some = snapshot.decide(&query(), Some(top_k(count)));
        let shown = usize::try_from(count).unwrap().min(7);
        assert_eq!(some.candidates[..], all.candidates[..shown], "{count}");
        let rest = |mut decision: synaptoroute_router::Decision| {
            decision.candidates.clear();
            bits(&decision)
        };
        assert_eq!(rest(some), rest(all.clone()), "{count}");
    }
    // The namespace's setting, unless the caller has another.
    assert_eq!(snapshot.decide(&query(), None).candidates.len(), 3);
    let settings = Settings { top_k: top_k(5), ..Settings::default() };
    let snapshot = content(settings, &[], routes);
    assert_eq!(snapshot.decide(&query(), None).candidates.len(), 5);
    assert_eq!(snapshot.decide(&query(), Some(top_k(2))).candidates.len(), 2);
}

#[test]
fn a_margin_counts_also_where_one_candidate_is_shown() {
    let snapshot = within(0.1, &[], [route("a", &[0.9]), route("b", &[0.9])]);
    let decision = snapshot.decide(&query(), Some(top_k(1)));
    assert_eq!((decision.outcome, order(&decision)), (Outcome::Ambiguous, vec!["a"]));
}

#[test]
fn a_query_nearer_to_a_negative_is_refused() {
    use Reason::{Accepted, BelowThreshold, NearerToNegative};
    let own = |negatives: &[f32]| snapshot([with("a", &[0.9, 0.8], negatives, |_| ())]);
    let common = |negatives: &[f32]| within(0.0, negatives, [route("a", &[0.9, 0.8])]);
    let contested = || with("a", &[0.9], &[0.95], |_| ());
    assert_outcomes([
        ("own, further", own(&[0.85]), Some("a"), Accepted),
        ("own, as near", own(&[0.9]), Some("a"), Accepted),
        ("own, nearer", own(&[0.91]), None, NearerToNegative),
        ("the nearest own counts", own(&[-1.0, 0.91, 0.2]), None, NearerToNegative),
        ("common, further", common(&[0.85]), Some("a"), Accepted),
        ("common, as near", common(&[0.9]), Some("a"), Accepted),
        ("common, nearer", common(&[0.91]), None, NearerToNegative),
        ("the nearest common counts", common(&[0.1, 0.91, 0.5]), None, NearerToNegative),
        (
            "the nearer of own and common, own",
            within(0.0, &[0.1], [contested()]),
            None,
            NearerToNegative,
        ),
        (
            "the nearer of own and common, common",
            within(0.0, &[0.95], [with("a", &[0.9], &[0.1], |_| ())]),
            None,
            NearerToNegative,
        ),
        (
            "a route's own is not another's",
            snapshot([contested(), route("b", &[0.8])]),
            Some("b"),
            Accepted,
        ),
        (
            "a common one is everybody's, but for those nearer still",
            within(0.0, &[0.85], [route("a", &[0.8]), route("b", &[0.84]), route("c", &[0.86])]),
            Some("c"),
            Accepted,
        ),
        // It goes by the best utterance: the mean of three may well lie below.
        (
            "above the mean, below the best",
            snapshot([with("a", &[0.95, 0.85, 0.8], &[0.9], |_| ())]),
            Some("a"),
            Accepted,
        ),
        (
            "a lax threshold does not outdo a negative",
            snapshot([with("a", &[0.9], &[0.95], threshold(0.0))]),
            None,
            NearerToNegative,
        ),
        (
            "a negative further off does not help a far route",
            snapshot([with("a", &[0.2], &[0.1], |_| ())]),
            None,
            BelowThreshold,
        ),
    ]);
}

#[test]
fn confidence_rises_with_nearest() {
    let at = |step: i16| -> f32 { f32::from(step) / 512.0 };
    let mut last = 0.0;
    for step in -512..=512 {
        let decision = decide(&snapshot([route("a", &[at(step)])]));
        let confidence = decision.confidence;
        assert!(confidence > last && confidence < 1.0, "{} has {confidence}", at(step));
        assert_eq!(confidence, Prior::BGE_SMALL.confidence(f64::from(at(step))));
        last = confidence;
    }
    assert_eq!(Prior::BGE_SMALL.confidence(Prior::BGE_SMALL.middle), 0.5);
}
