mod laws;

use std::cell::RefCell;

use synaptoroute_kernels::Kernels;

use super::*;
use crate::{Edit, Owner, PlacedText, RouteAttributes, RouteName, Text};

const WIDTH: usize = 16;

type Texts = Vec<(&'static str, Vec<f32>)>;

/// A route and its texts with their vectors.
#[derive(Clone, Default)]
struct Given {
    name: &'static str,
    utterances: Texts,
    negatives: Texts,
    threshold: Option<f64>,
    score_threshold: Option<f64>,
}

fn route(name: &'static str, utterances: Texts) -> Given {
    Given { name, utterances, ..Given::default() }
}

/// A unit vector of this cosine to an axis; what is left of it lies on another axis.
fn at(axis: usize, cosine: f32, other: usize) -> Vec<f32> {
    let mut vector = vec![0.0; WIDTH];
    vector[axis] = cosine;
    vector[other] = (1.0 - cosine * cosine).sqrt();
    vector
}

/// Five utterances about an axis, of cosine 0.81 to each other.
fn five(name: &'static str, texts: [&'static str; 5], axis: usize) -> Given {
    let vectors = (0..5).map(|i| at(axis, 0.9, 8 + i));
    route(name, texts.into_iter().zip(vectors).collect())
}

fn billing() -> Given {
    five("billing", ["my bill", "charged twice", "an invoice", "wrong amount", "card declined"], 0)
}

fn refund() -> Given {
    five("refund", ["money back", "refund me", "reimburse me", "return it", "undo payment"], 1)
}

fn edits(routes: &[Given], negatives: &Texts) -> Vec<Vec<Edit>> {
    let mut place = 0;
    let mut placed = |texts: &Texts| -> Vec<PlacedText> {
        let one = |(text, vector): &(&str, Vec<f32>)| {
            place += 1;
            let text = Text::try_from(*text).unwrap();
            PlacedText { place: place.into(), text, vector: vector.as_slice().into() }
        };
        texts.iter().map(one).collect()
    };
    let mut all: Vec<Vec<Edit>> = Vec::new();
    for given in routes {
        let name = RouteName::try_from(given.name).unwrap();
        let attributes = RouteAttributes {
            threshold: given.threshold.map(|cut| cut.try_into().unwrap()),
            score_threshold: given.score_threshold.map(|cut| cut.try_into().unwrap()),
            ..RouteAttributes::default()
        };
        all.push(vec![
            Edit::PutRoute(name.clone(), attributes),
            Edit::Add(Owner::Utterances(name.clone()), placed(&given.utterances)),
            Edit::Add(Owner::Negatives(name), placed(&given.negatives)),
        ]);
    }
    all.push(vec![Edit::Add(Owner::Namespace, placed(negatives))]);
    all
}

fn snapshot(routes: &[Given], negatives: &Texts) -> Snapshot {
    let edits = edits(routes, negatives).into_iter().flatten();
    Snapshot::empty(Kernels::detect(), WIDTH).with(1.into(), edits)
}

fn lint(routes: &[Given], negatives: &Texts) -> LintReport {
    snapshot(routes, negatives).lint(&|_, _| ())
}

/// Kind, severity, routes and count of each finding.
fn brief(report: &LintReport) -> Vec<String> {
    let one = |f: &Finding| {
        let routes: Vec<&str> = f.routes.iter().map(RouteName::as_str).collect();
        format!("{} {} {} {}", f.severity.as_str(), f.kind.as_str(), routes.join("+"), f.count)
    };
    report.findings.iter().map(one).collect()
}

#[test]
fn each_kind_is_found_where_it_is_and_nowhere_else() {
    let with = |mut given: Given, set: fn(&mut Given)| {
        set(&mut given);
        given
    };
    let cases: Vec<(&str, Vec<Given>, Texts, Vec<&str>)> = vec![
        ("nothing", vec![], vec![], vec![]),
        ("clean", vec![billing(), refund()], vec![("a joke", at(5, 0.9, 6))], vec![]),
        (
            "the same text in two",
            vec![with(billing(), |g| g.utterances.push(("refund me", at(1, 0.9, 9)))), refund()],
            vec![],
            vec!["error same_text billing+refund 1"],
        ),
        (
            "the same text in two, but for case",
            vec![with(billing(), |g| g.utterances.push(("Refund me!", at(1, 0.9, 9)))), refund()],
            vec![],
            vec!["warning same_text billing+refund 1"],
        ),
        (
            "one utterance",
            vec![billing(), route("refund", vec![("money back", at(1, 0.9, 8))])],
            vec![],
            vec!["warning thin_route refund 1"],
        ),
        (
            "four utterances",
            vec![billing(), with(refund(), |g| drop(g.utterances.pop()))],
            vec![],
            vec!["advice thin_route refund 4"],
        ),
        (
            "equal but for case",
            vec![with(billing(), |g| g.utterances.push(("My bill?", at(0, 0.9, 14))))],
            vec![],
            vec!["advice near_duplicates billing 2"],
        ),
        (
            "nearly equal, a third of all",
            vec![with(billing(), |g| g.utterances.push(("my bills", at(0, 0.92, 8))))],
            vec![],
            vec!["advice near_duplicates billing 2"],
        ),
        (
            "an utterance of another route's, far from its own",
            vec![with(billing(), |g| g.utterances.push(("pay me back", at(1, 0.9, 14)))), refund()],
            vec![],
            vec!["warning mislabelled billing+refund 1"],
        ),
        (
            "two of them, the worse one first",
            vec![
                with(billing(), |g| g.utterances.push(("pay me", at(1, 0.6, 14)))),
                with(refund(), |g| g.utterances.push(("send a bill", at(0, 0.95, 15)))),
            ],
            vec![],
            vec![
                "warning mislabelled refund+billing 1",
                "warning mislabelled billing+refund 1",
                "advice overlap billing+refund 2",
            ],
        ),
        (
            "two routes about one thing",
            vec![
                five("a", ["a1", "a2", "a3", "a4", "a5"], 0),
                route(
                    "b",
                    (0..5)
                        .map(|i| (["b1", "b2", "b3", "b4", "b5"][i], at(0, 0.95, 3 + i)))
                        .collect(),
                ),
            ],
            vec![],
            vec!["warning overlap a+b 5"],
        ),
        (
            "one text nearly another route's",
            vec![
                with(billing(), |g| {
                    g.utterances.extend([("b6", at(0, 0.9, 13)), ("b7", at(0, 0.9, 14))]);
                    g.utterances.push(("refund", at(2, 0.9995, 14)));
                    let near = |(text, other)| (text, at(2, 0.97, other));
                    g.utterances.extend([("b8", 3), ("b9", 4), ("b10", 5)].map(near));
                }),
                with(refund(), |g| {
                    g.utterances.extend([("r6", at(1, 0.9, 13)), ("r7", at(1, 0.9, 14))]);
                    g.utterances.push(("refunds", at(2, 0.9995, 15)));
                    let near = |(text, other)| (text, at(2, 0.97, other));
                    g.utterances.extend([("r8", 6), ("r9", 7), ("r10", 13)].map(near));
                }),
            ],
            vec![],
            vec!["advice overlap billing+refund 2"],
        ),
        (
            "a score threshold beyond all texts, and one beyond its own",
            vec![
                with(billing(), |g| g.score_threshold = Some(0.95)),
                with(refund(), |g| g.score_threshold = Some(0.85)),
            ],
            vec![],
            vec!["error unreachable_threshold billing 5", "warning unreachable_threshold refund 5"],
        ),
        (
            "a threshold beyond all texts, and one beyond its own",
            vec![
                with(billing(), |g| g.threshold = Some(1.0)),
                with(refund(), |g| g.threshold = Some(0.85)),
            ],
            vec![],
            vec!["error unreachable_threshold billing 5", "warning unreachable_threshold refund 5"],
        ),
        (
            "a cut beyond the few that there are",
            vec![with(billing(), |g| {
                g.utterances.truncate(4);
                g.score_threshold = Some(0.85);
            })],
            vec![],
            vec!["advice unreachable_threshold billing 4", "advice thin_route billing 4"],
        ),
        (
            "cuts that its own pass",
            vec![with(billing(), |g| {
                g.threshold = Some(0.8);
                g.score_threshold = Some(0.8);
            })],
            vec![],
            vec![],
        ),
        (
            "a negative that is an utterance",
            vec![with(billing(), |g| g.negatives.push(("MY BILL", at(0, 0.9, 8))))],
            vec![("charged twice", at(0, 0.9, 9))],
            vec!["error matching_negative billing 1", "error matching_negative billing 1"],
        ),
        (
            "a negative that is nearly an utterance",
            vec![with(billing(), |g| g.negatives.push(("my bills", at(0, 0.92, 8))))],
            vec![],
            vec!["warning matching_negative billing 1"],
        ),
        (
            "a negative that is another route's utterance",
            vec![with(billing(), |g| g.negatives.push(("refund me", at(1, 0.9, 9)))), refund()],
            vec![],
            vec![],
        ),
    ];
    let mut wrong = Vec::new();
    for (what, routes, negatives, expected) in cases {
        let report = lint(&routes, &negatives);
        if brief(&report) != expected {
            let said: Vec<&str> = report.findings.iter().map(|f| f.message.as_str()).collect();
            wrong.push(format!("{what}: {:?} {said:#?}", brief(&report)));
        }
        for finding in &report.findings {
            assert!(finding.count <= finding.of && !finding.advice.is_empty(), "{finding:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_finding_shows_the_texts_and_numbers_behind_it() {
    let mut billing = billing();
    billing.utterances.push(("pay me back", at(1, 0.9, 14)));
    let report = lint(&[billing, refund()], &vec![]);
    let json = serde_json::to_value(&report.findings[0]).unwrap();
    assert_eq!(json["examples"][0]["text"], "pay me back");
    assert_eq!(json["examples"][0]["route"], "billing");
    assert_eq!(json["examples"][0]["nearest"]["route"], "refund");
    assert!((json["examples"][0]["nearest"]["similarity"].as_f64().unwrap() - 0.81).abs() < 1e-3);
    assert!((json["examples"][0]["own_similarity"].as_f64().unwrap() - 0.0).abs() < 1e-3);
    assert!(json.get("unreachable").is_none());

    let strict = Given { score_threshold: Some(0.95), ..refund() };
    let report = lint(&[strict], &vec![]);
    let cut = report.findings[0].unreachable.unwrap();
    // Three vectors of cosine 0.81 to each other: no text is nearer to them than their mean.
    assert!((cut.reached - (2.62_f64 / 3.0).sqrt()).abs() < 1e-3, "{cut:?}");
    assert_eq!((cut.field, cut.cut), (CutKind::ScoreThreshold, 0.95));
}

/// The same content, whatever came first and whatever was there before.
#[test]
fn the_order_of_adds_decides_nothing() {
    let mut a = billing();
    a.utterances.push(("Refund me", at(1, 0.9, 9)));
    a.utterances.push(("my bills", at(0, 0.92, 8)));
    a.negatives.push(("charged twice", at(0, 0.9, 9)));
    let thin = route("thin", vec![("one", at(2, 0.9, 8)), ("two", at(2, 0.9, 8))]);
    let strict =
        Given { threshold: Some(1.0), ..five("strict", ["s1", "s2", "s3", "s4", "s5"], 3) };
    let mut routes = vec![a, refund(), thin, strict];
    let negatives = vec![("a joke", at(5, 0.9, 6)), ("one", at(2, 0.9, 8))];
    let expected = lint(&routes, &negatives);
    assert!(expected.findings.len() >= 6, "{expected:?}");
    for turn in 0..24 {
        routes.rotate_left(1);
        for given in &mut routes {
            let by = turn % given.utterances.len();
            given.utterances.rotate_left(by);
        }
        assert_eq!(lint(&routes, &negatives), expected, "{turn}");
    }
    // Removed and added again, in another slot and other segments.
    let mut changed = snapshot(&routes, &negatives);
    let again = edits(&routes[..1], &vec![]).remove(0);
    let name = RouteName::try_from(routes[0].name).unwrap();
    changed = changed.with(1.into(), [Edit::RemoveRoute(name)]);
    changed = changed.with(1.into(), again);
    assert_eq!(changed.lint(&|_, _| ()), expected);
}

#[test]
fn where_all_would_take_too_long_some_of_each_route_are_held_out() {
    let routes = [billing(), refund()];
    let said = RefCell::new(Vec::new());
    let report =
        snapshot(&routes, &vec![]).lint_within(40, &|done, of| said.borrow_mut().push((done, of)));
    assert_eq!((report.checked.utterances, report.checked.held_out), (10, 4));
    assert_eq!(said.into_inner(), [(4, 4)]);
    let rows = Rows::of(&snapshot(&routes, &vec![]));
    assert_eq!(rows.spread(4), [0, 2, 5, 7]);
    // What is known of the others is told still, and what is not known is not.
    let mut strict = Given { score_threshold: Some(0.95), ..billing() };
    strict.utterances.push(("Refund me", at(1, 0.9, 9)));
    let report = snapshot(&[strict, refund()], &vec![]).lint_within(1, &|_, _| ());
    assert_eq!(report.checked.held_out, 1);
    assert_eq!(
        brief(&report),
        ["warning same_text billing+refund 1", "advice unreachable_threshold billing 6"]
    );
}
