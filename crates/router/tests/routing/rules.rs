//! Decisions, one rule at a time.

use serde_json::json;
use synaptoroute_router::{DEFAULT_CUT, Outcome, Prior, Reason, Route};

use crate::support::{
    assert_outcomes, bits, decide, empty, intent, name, order, route, score_threshold, snapshot,
    threshold, with, with_route, within,
};

#[test]
fn without_routes_there_is_nothing_to_choose_from() {
    for snapshot in [empty(), within(0.5, &[1.0], [])] {
        let decision = decide(&snapshot);
        assert_eq!((decision.outcome, decision.reason), (Outcome::None, Reason::NoRoutes));
        assert_eq!((intent(&decision), decision.confidence), (None, 0.0));
        assert_eq!(decision.threshold, DEFAULT_CUT.get());
        assert!(decision.candidates.is_empty());
    }
}

#[test]
fn the_winner_is_the_highest_score_that_passes_its_own_cuts() {
    use Reason::{Accepted, BelowScoreThreshold, BelowThreshold, NearerToNegative};
    let strict = || with("strict", &[0.95], &[], threshold(1.0));
    let strict_score = || with("strict", &[0.95], &[], score_threshold(0.96));
    let contested = || with("contested", &[0.95], &[0.96], |_| ());
    let (near, nearer, far) =
        (|| route("near", &[0.85]), || route("nearer", &[0.9]), || route("far", &[0.2]));
    assert_outcomes([
        ("one near", snapshot([near()]), Some("near"), Accepted),
        ("one far", snapshot([far()]), None, BelowThreshold),
        ("the nearer of two", snapshot([near(), nearer(), far()]), Some("nearer"), Accepted),
        ("a strict one alone", snapshot([strict()]), None, BelowThreshold),
        ("a strict one hides none", snapshot([strict(), near()]), Some("near"), Accepted),
        ("nor by its score", snapshot([strict_score(), near()]), Some("near"), Accepted),
        ("nor by its negative", snapshot([contested(), near()]), Some("near"), Accepted),
        ("a negative alone", snapshot([contested(), far()]), None, NearerToNegative),
        ("a score cut alone", snapshot([strict_score(), far()]), None, BelowScoreThreshold),
        // Where none passes, the highest score says why.
        ("the reason of the first", snapshot([strict(), contested()]), None, NearerToNegative),
        (
            "a lax one that is far takes what nobody else does",
            snapshot([strict(), with("lax", &[0.2], &[], threshold(0.0))]),
            Some("lax"),
            Accepted,
        ),
    ]);
}

#[test]
fn those_that_pass_lead_the_candidates() {
    let snapshot = snapshot([
        route("c", &[0.8]),
        with("a", &[0.9], &[], threshold(1.0)),
        route("b", &[0.85]),
        route("d", &[0.1]),
    ]);
    assert_eq!(order(&decide(&snapshot)), ["b", "c", "a", "d"]);
}

#[test]
fn a_cut_is_met_by_what_equals_it() {
    let confidence = Prior::BGE_SMALL.confidence(0.5);
    let middle = Prior::BGE_SMALL.middle as f32;
    let cut = |cut: f64| snapshot([with("a", &[0.5], &[], threshold(cut))]);
    let score = |cut: f64| {
        let both = |route: &mut Route| {
            threshold(0.0)(route);
            score_threshold(cut)(route);
        };
        snapshot([with("a", &[0.5], &[], both)])
    };
    assert_outcomes([
        ("threshold", cut(confidence), Some("a"), Reason::Accepted),
        ("above it", cut(confidence.next_up()), None, Reason::BelowThreshold),
        ("threshold 0", cut(0.0), Some("a"), Reason::Accepted),
        ("score_threshold", score(0.5), Some("a"), Reason::Accepted),
        ("above it", score(0.5_f64.next_up()), None, Reason::BelowScoreThreshold),
        ("the default", snapshot([route("a", &[middle + 1e-6])]), Some("a"), Reason::Accepted),
        ("below it", snapshot([route("a", &[middle - 1e-6])]), None, Reason::BelowThreshold),
    ]);
    // Confidence is what is reported missing first: it always exists.
    let both = with("a", &[0.5], &[], |route| {
        threshold(0.9)(route);
        score_threshold(0.9)(route);
    });
    assert_eq!(decide(&snapshot([both])).reason, Reason::BelowThreshold);
}

#[test]
fn a_decision_tells_the_first_candidates_cut_and_confidence() {
    let snapshot = snapshot([
        with("a", &[0.8], &[], threshold(0.125)),
        with("b", &[0.9], &[], threshold(1.0)),
    ]);
    let decision = decide(&snapshot);
    assert_eq!((intent(&decision), decision.threshold), (Some("a"), 0.125));
    assert_eq!(decision.confidence, Prior::BGE_SMALL.confidence(f64::from(0.8_f32)));
    assert_eq!(decision.confidence, decision.candidates[0].confidence);
    assert!(!decision.calibrated && decision.fit.is_none());
    assert_eq!(decision.revision, snapshot.revision());
}

/// Every order of four things.
fn permutations() -> impl Iterator<Item = [usize; 4]> {
    (0..256).map(|n| [n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6]).filter(|order| {
        let mut sorted = *order;
        sorted.sort_unstable();
        sorted == [0, 1, 2, 3]
    })
}

#[test]
fn ties_go_to_the_first_name_whatever_the_order_of_adds() {
    let routes = ["b", "d", "a", "c"].map(|called| route(called, &[0.9, 0.8]));
    let mut decisions = Vec::new();
    for places in permutations() {
        let one_by_one =
            places.iter().fold(empty(), |snapshot, &i| with_route(&snapshot, &routes[i]));
        let mut decision = decide(&one_by_one);
        assert_eq!(intent(&decision), Some("a"));
        assert_eq!(order(&decision), ["a", "b", "c", "d"]);
        decisions.push(bits(&decision));
        // All at once counts as one revision; nothing else differs.
        decision.revision = 1.into();
        let at_once = snapshot(places.map(|i| routes[i].clone()));
        assert_eq!(bits(&decide(&at_once)), bits(&decision));
    }
    decisions.dedup();
    assert_eq!(decisions.len(), 1);
}

#[test]
fn two_that_pass_within_the_margin_are_ambiguous() {
    use Reason::{Accepted, BelowThreshold, WithinMargin};
    let pair = |margin| within(margin, &[], [route("b", &[0.875]), route("a", &[0.9375])]);
    let strict = |called, at| with(called, &[at], &[], threshold(1.0));
    assert_outcomes([
        ("margin 0 is off", pair(0.0), Some("a"), Accepted),
        ("further apart", pair(0.0625_f64.next_down()), Some("a"), Accepted),
        ("as far apart", pair(0.0625), None, WithinMargin),
        ("the widest", pair(2.0), None, WithinMargin),
        (
            "margin 0 is off for equals",
            within(0.0, &[], [route("b", &[0.9]), route("a", &[0.9])]),
            Some("a"),
            Accepted,
        ),
        (
            "the least margin counts for equals",
            within(f64::MIN_POSITIVE, &[], [route("b", &[0.9]), route("a", &[0.9])]),
            None,
            WithinMargin,
        ),
        ("one alone", within(2.0, &[], [route("a", &[0.9])]), Some("a"), Accepted),
        (
            "a second that does not pass",
            within(2.0, &[], [route("a", &[0.9]), strict("b", 0.89)]),
            Some("a"),
            Accepted,
        ),
        (
            "a higher one that does not pass",
            within(2.0, &[], [route("a", &[0.9]), strict("b", 0.91)]),
            Some("a"),
            Accepted,
        ),
        (
            "two that pass, around one that does not",
            within(0.1, &[], [route("a", &[0.9]), strict("b", 0.89), route("c", &[0.85])]),
            None,
            WithinMargin,
        ),
        (
            "none passes",
            within(2.0, &[], [strict("a", 0.9), strict("b", 0.9)]),
            None,
            BelowThreshold,
        ),
    ]);
}

#[test]
fn both_of_an_ambiguous_pair_lead_and_neither_gives_metadata() {
    let tagged = |called, at: f32| {
        with(called, &[at], &[], |route| {
            route.metadata.insert("team".into(), json!(called));
        })
    };
    let strict = with("strict", &[1.0], &[], threshold(1.0));
    let routes = [strict, tagged("b", 0.9), tagged("a", 0.88), tagged("c", 0.8)];
    let decision = decide(&within(0.05, &[], routes));
    assert_eq!((decision.outcome, intent(&decision)), (Outcome::Ambiguous, None));
    assert_eq!(order(&decision), ["b", "a", "c", "strict"]);
    assert!(decision.metadata.is_empty());
}

#[test]
fn metadata_come_with_a_match_only() {
    let tagged = |at: f32| {
        with("a", &[at], &[], |route| {
            route.metadata.insert("team".into(), json!({"name": "finance"}));
        })
    };
    let matched = decide(&snapshot([tagged(0.9)]));
    assert_eq!(matched.metadata["team"]["name"], "finance");
    let refused = decide(&snapshot([tagged(0.1)]));
    assert!(refused.metadata.is_empty());
    assert!(!bits(&refused).contains("metadata"));
    // Nor another's.
    let other = decide(&snapshot([tagged(0.8), route("b", &[0.9])]));
    assert_eq!((intent(&other), other.metadata.is_empty()), (Some("b"), true));
}

#[test]
fn names_of_outcomes_and_reasons_are_those_of_the_contract() {
    let decision = decide(&within(0.1, &[], [route("a", &[0.9]), route("b", &[0.9])]));
    let json = serde_json::to_value(&decision).unwrap();
    assert_eq!((&json["outcome"], &json["reason"]), (&json!("ambiguous"), &json!("within_margin")));
    assert_eq!(
        (&json["intent"], &json["route"], &json["fit"]),
        (&json!(null), &json!(null), &json!(null))
    );
    assert_eq!((&json["revision"], &json["calibrated"]), (&json!(1), &json!(false)));
    for reason in [
        Reason::Accepted,
        Reason::WithinMargin,
        Reason::BelowThreshold,
        Reason::BelowScoreThreshold,
        Reason::NearerToNegative,
        Reason::NoRoutes,
    ] {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
    }
}

#[test]
fn a_snapshot_stays_as_it_was() {
    let first = snapshot([route("a", &[0.9])]);
    let before = bits(&decide(&first));
    let second = with_route(&first, &route("b", &[0.95]));
    let third = with_route(&second, &route("a", &[0.99, 0.99]));
    assert_eq!(bits(&decide(&first)), before);
    assert_eq!(intent(&decide(&second)), Some("b"));
    assert_eq!(intent(&decide(&third)), Some("a"));
    let revisions = [&first, &second, &third].map(|snapshot| snapshot.revision().get());
    assert_eq!(revisions, [1, 2, 3]);
    assert_eq!(first.content(), with_route(&empty(), &route("a", &[0.9])).content());
    assert!(first.content() != second.content() && second.content() != third.content());
    let names: Vec<_> = third.routes_after("a").map(|r| r.name.clone()).collect();
    assert_eq!(names, [name("b")]);
    assert!(third.route("a").is_some() && third.route("c").is_none());
}
