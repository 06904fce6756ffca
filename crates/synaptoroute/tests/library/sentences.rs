//! A few support routes and real questions, in words that no utterance has.

use std::sync::Arc;

use synaptoroute::{Outcome, Reason, RouteOptions, Router};

use crate::support::{ask, file, intent, route, router, support, text};

/// Every question that does not lead where it should.
fn misled(router: &Router, questions: &[(&str, Option<&str>)]) -> Vec<String> {
    let judge = |(question, expected): &(&str, Option<&str>)| {
        let answer = ask(router, question);
        let outcome = if expected.is_some() { Outcome::Matched } else { Outcome::None };
        let right = (intent(&answer), answer.decision.outcome) == (*expected, outcome);
        (!right).then(|| format!("{question}: {:?}", answer.decision))
    };
    questions.iter().filter_map(judge).collect()
}

#[test]
fn questions_lead_to_their_routes_or_to_none() {
    let misled = misled(
        &support(),
        &[
            ("where can I find my bill", Some("billing")),
            ("please email me the bill of last month", Some("billing")),
            ("could you show me my bill", Some("billing")),
            ("I can't remember my password", Some("password_reset")),
            ("help me reset my password please", Some("password_reset")),
            ("has my order been delivered yet", Some("order_status")),
            ("the things I ordered still haven't arrived", Some("order_status")),
            ("what's the capital of France?", None),
            ("tell me something funny", None),
            ("build a billing system for me", None),
            ("how tall is mount everest", None),
            ("who won the world cup in 1998", None),
            ("the mitochondrion is the powerhouse of the cell", None),
        ],
    );
    assert!(misled.is_empty(), "{}", misled.join("\n"));
}

#[test]
fn an_answer_says_what_it_rests_on() {
    let router = support();
    let answer = ask(&router, "where is my bill");
    let decision = &answer.decision;
    assert_eq!((decision.outcome, decision.reason), (Outcome::Matched, Reason::Accepted));
    assert_eq!(decision.metadata["team"], "finance");
    assert_eq!(decision.revision, router.snapshot().revision());
    assert_eq!(answer.model, router.model().name);
    assert!(!answer.truncated);
    let nearest = &decision.candidates[0].nearest;
    assert_eq!((nearest.len(), nearest[0].utterance.as_str()), (3, "where is my bill"));
    assert!(nearest.is_sorted_by(|a, b| a.similarity >= b.similarity));
}

#[test]
fn without_routes_nothing_matches() {
    let answer = ask(&router(), "where is my bill");
    assert_eq!((intent(&answer), answer.decision.reason), (None, Reason::NoRoutes));
}

#[test]
fn a_negative_counts_at_once() {
    let router = support();
    let question = "where is my bill for the casino";
    assert_eq!(intent(&ask(&router, question)), Some("billing"));
    let snapshot = router.snapshot();
    let billing = snapshot.whole_route("billing").unwrap();
    router.upsert(billing.with_negatives(vec![text(question)]), None).unwrap();
    let refused = ask(&router, question);
    assert_eq!((intent(&refused), refused.decision.reason), (None, Reason::NearerToNegative));
    assert_eq!(intent(&ask(&router, "where is my bill")), Some("billing"));
}

#[test]
fn a_reader_keeps_its_snapshot_while_routes_change() {
    let router = support();
    let kept = router.snapshot();
    let vector = router.embed(&[text("hello there")]).unwrap().remove(0).vector;
    let before = kept.decide(&vector, None);
    router.upsert(route("greeting", &["hello there"]), None).unwrap();
    assert_eq!(kept.decide(&vector, None), before);
    assert_eq!(intent(&ask(&router, "hello there")), Some("greeting"));
    assert!(!Arc::ptr_eq(&kept, &router.snapshot()));
}

#[test]
fn the_example_file_routes_its_own_utterances() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/support.yaml");
    let content = file(&std::fs::read_to_string(path).unwrap());
    let router = router();
    router.load(content.clone(), &|_, _| ()).unwrap();
    let mut refused = Vec::new();
    for route in &content.routes {
        for answer in router.route_batch(&route.utterances, RouteOptions::default()).unwrap() {
            let first = &answer.decision.candidates[0].nearest[0];
            if intent(&answer).is_some_and(|intent| intent != route.name.as_str()) {
                refused.push(format!("{} to {:?}", first.utterance, intent(&answer)));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    for negative in &content.negatives {
        assert_eq!(intent(&ask(&router, negative.as_str())), None, "{negative}");
    }
}
