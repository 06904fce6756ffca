//! Decisions against a naive model of all the rules together.
//!
//! Every vector has 16 numbers, each a quarter up or down: of length 1, and any two have a
//! cosine that is a multiple of an eighth. So no sum is rounded, whatever the instruction
//! set and the order it adds in, and equal scores come up all the time.

use proptest::collection::vec;
use proptest::prelude::*;
use synaptoroute_router::{Decision, Outcome, Prior, Reason, Route, Settings, Snapshot};

use crate::support::{Vectored, bits, content, intent, name, order, texts, top_k, with_route};

/// A bit an axis: up or down.
type Signs = u16;

#[derive(Clone, Debug)]
struct PlainRoute {
    name: String,
    utterances: Vec<Signs>,
    negatives: Vec<Signs>,
    threshold: Option<f64>,
    score_threshold: Option<f64>,
}

#[derive(Clone, Debug)]
struct World {
    query: Signs,
    margin: f64,
    negatives: Vec<Signs>,
    routes: Vec<PlainRoute>,
}

fn vector(signs: Signs) -> Vec<f32> {
    (0..16).map(|axis| if signs >> axis & 1 == 0 { 0.25 } else { -0.25 }).collect()
}

fn cosine(a: Signs, b: Signs) -> f64 {
    let (a, b) = (vector(a), vector(b));
    a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

/// What the model says about one route.
struct Judged {
    name: String,
    score: f64,
    refusal: Option<Reason>,
}

fn judge(world: &World, route: &PlainRoute) -> Judged {
    let to_query = |signs: &Signs| cosine(world.query, *signs);
    let mut cosines: Vec<f64> = route.utterances.iter().map(to_query).collect();
    cosines.sort_by(|a, b| b.total_cmp(a));
    let best = cosines[0];
    cosines.truncate(3);
    let score = cosines.iter().sum::<f64>() / cosines.len() as f64;
    let against = route.negatives.iter().chain(&world.negatives).map(to_query);
    let Prior { slope, middle } = Prior::BGE_SMALL;
    let confidence = 1.0 / (1.0 + (-slope * (score - middle)).exp());
    let refusal = if against.into_iter().any(|negative| negative > best) {
        Some(Reason::NearerToNegative)
    } else if confidence < route.threshold.unwrap_or(0.5) {
        Some(Reason::BelowThreshold)
    } else if route.score_threshold.is_some_and(|cut| score < cut) {
        Some(Reason::BelowScoreThreshold)
    } else {
        None
    };
    Judged { name: route.name.clone(), score, refusal }
}

/// Outcome, intent, reason, and the names of all routes in order.
fn model(world: &World) -> (Outcome, Option<String>, Reason, Vec<String>) {
    let mut judged: Vec<Judged> = world.routes.iter().map(|route| judge(world, route)).collect();
    judged.sort_by(|a, b| {
        let passing = a.refusal.is_some().cmp(&b.refusal.is_some());
        passing.then(b.score.total_cmp(&a.score)).then(a.name.cmp(&b.name))
    });
    let passing: Vec<&Judged> = judged.iter().filter(|route| route.refusal.is_none()).collect();
    let (outcome, intent, reason) = match passing[..] {
        [] => {
            let reason = judged.first().and_then(|route| route.refusal);
            (Outcome::None, None, reason.unwrap_or(Reason::NoRoutes))
        }
        [first, second, ..] if world.margin > 0.0 && first.score - second.score <= world.margin => {
            (Outcome::Ambiguous, None, Reason::WithinMargin)
        }
        [first, ..] => (Outcome::Matched, Some(first.name.clone()), Reason::Accepted),
    };
    (outcome, intent, reason, judged.into_iter().map(|route| route.name).collect())
}

fn vectored(plain: &PlainRoute) -> Vectored {
    let mut route = Route::new(name(&plain.name), texts("for", plain.utterances.len()))
        .unwrap()
        .with_negatives(texts("against", plain.negatives.len()));
    route.threshold = plain.threshold.map(|cut| cut.try_into().unwrap());
    route.score_threshold = plain.score_threshold.map(|cut| cut.try_into().unwrap());
    Vectored { route, utterances: rows(&plain.utterances), negatives: rows(&plain.negatives) }
}

fn rows(signs: &[Signs]) -> Vec<Vec<f32>> {
    signs.iter().map(|&signs| vector(signs)).collect()
}

fn snapshot(world: &World, routes: &[PlainRoute]) -> Snapshot {
    let settings = Settings { margin: world.margin.try_into().unwrap(), ..Settings::default() };
    content(settings, &rows(&world.negatives), routes.iter().map(vectored))
}

fn decide(world: &World, snapshot: &Snapshot) -> Decision {
    snapshot.decide(&vector(world.query), Some(top_k(100)))
}

/// Few bits, so that the texts lie near the query; the world shifts all by it.
fn near() -> impl Strategy<Value = Signs> {
    prop_oneof![
        4 => (any::<u16>(), any::<u16>(), any::<u16>()).prop_map(|(a, b, c)| a & b & c),
        2 => (0..16_u32).prop_map(|bit| 1 << bit),
        1 => Just(0),
        1 => any::<u16>(),
    ]
}

prop_compose! {
    fn routes()(
        utterances in vec(near(), 1..7),
        negatives in vec(near(), 0..3),
        threshold in prop::option::of(prop::sample::select(vec![0.0, 0.1, 0.5, 0.9, 1.0])),
        score_threshold in prop::option::of(prop::sample::select(vec![-1.0, 0.75, 0.875, 1.0, 1.0])),
    ) -> PlainRoute {
        PlainRoute { name: String::new(), utterances, negatives, threshold, score_threshold }
    }
}

prop_compose! {
    fn worlds()(
        query in any::<u16>(),
        margin in prop::sample::select(vec![0.0, 0.0, 0.125, 0.25, 2.0]),
        mut negatives in prop_oneof![Just(Vec::new()), vec(any::<u16>(), 0..4), vec(near(), 0..2)],
        mut routes in vec(routes(), 0..9),
        mut names in Just(["b", "a", "ab", "A", "é", "z z", "9", "10", "aa"]).prop_shuffle(),
    ) -> World {
        let names = &mut names[..];
        negatives.iter_mut().for_each(|signs| *signs ^= query);
        for (route, name) in routes.iter_mut().zip(names) {
            route.name = (*name).to_owned();
            let texts = route.utterances.iter_mut().chain(&mut route.negatives);
            texts.for_each(|signs| *signs ^= query);
        }
        World { query, margin, negatives, routes }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_decision_is_what_the_rules_say(world in worlds()) {
        let decision = decide(&world, &snapshot(&world, &world.routes));
        let found = (
            decision.outcome,
            intent(&decision).map(str::to_owned),
            decision.reason,
            order(&decision).into_iter().map(str::to_owned).collect::<Vec<_>>(),
        );
        prop_assert_eq!(found, model(&world));
        for candidate in &decision.candidates {
            let route = world.routes.iter().find(|r| r.name == candidate.route.as_str()).unwrap();
            prop_assert_eq!(candidate.score, judge(&world, route).score);
        }
    }

    #[test]
    fn the_order_of_adds_does_not_matter(
        (world, shuffled) in worlds().prop_flat_map(|world| {
            let shuffled = Just(world.routes.clone()).prop_shuffle();
            (Just(world), shuffled)
        }),
    ) {
        let expected = decide(&world, &snapshot(&world, &world.routes));
        prop_assert_eq!(bits(&decide(&world, &snapshot(&world, &shuffled))), bits(&expected));
        // One by one, some of them twice, as a live service sees it.
        let mut live = snapshot(&world, &[]);
        for route in shuffled.iter().chain(shuffled.iter().take(2)) {
            live = with_route(&live, &vectored(route));
        }
        let mut decision = decide(&world, &live);
        decision.revision = expected.revision;
        prop_assert_eq!(bits(&decision), bits(&expected));
    }

    #[test]
    fn the_order_of_utterances_does_not_matter(world in worlds()) {
        let turned = |routes: &[PlainRoute]| -> Vec<PlainRoute> {
            let turn = |route: &PlainRoute| {
                let mut route = route.clone();
                route.utterances.reverse();
                route.negatives.reverse();
                route
            };
            routes.iter().map(turn).collect()
        };
        // Texts are numbered by place, so only what is not a text can be compared.
        let bare = |routes: &[PlainRoute]| {
            let mut decision = decide(&world, &snapshot(&world, routes));
            decision.candidates.iter_mut().for_each(|candidate| candidate.nearest.clear());
            bits(&decision)
        };
        prop_assert_eq!(bare(&turned(&world.routes)), bare(&world.routes));
    }
}

/// The generator is of use only if all outcomes come up often.
#[test]
fn the_worlds_are_of_all_kinds() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut counts = std::collections::HashMap::<Reason, usize>::new();
    for _ in 0..2000 {
        let world = worlds().new_tree(&mut runner).unwrap().current();
        *counts.entry(model(&world).2).or_default() += 1;
    }
    println!("{counts:?}");
    assert!(counts.len() == 6 && counts.values().all(|&count| count >= 20), "{counts:?}");
}
