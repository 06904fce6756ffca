//! A batch answers as its queries one by one.

use proptest::prelude::*;
use std::sync::Arc;
use synaptoroute::{RouteOptions, RouterError, Text};

use crate::support::{FAIL, ask, moody, route, support, text, timeless};

/// Longer than the model reads.
fn long_query() -> Text {
    text(&"where is my parcel and why was I charged for it ".repeat(60))
}

/// Questions of all kinds.
fn queries() -> Vec<Text> {
    let queries = [
        "where is my bill",
        "I forgot my pasword :(",
        "capital of france?",
        "¿dónde está mi pedido?",
        "?",
        "\u{0} \u{fffd} 🦀",
        "Please could you tell me whether the parcel that I ordered last week has left yet",
        "build me a billing system",
        "a",
    ];
    queries.map(text).into()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_batch_answers_as_its_queries_one_by_one(
        // More than are encoded together.
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..80),
        // One text of 512 tokens takes the portable path seconds.
        long_at in prop::option::weighted(0.3, any::<prop::sample::Index>()),
        top_k in prop::option::of(1..5_u64),
    ) {
        let (router, queries) = (support(), queries());
        let options = RouteOptions { top_k: top_k.map(|count| count.try_into().unwrap()), ..RouteOptions::default() };
        let mut batch: Vec<Text> = picks.iter().map(|pick| pick.get(&queries).clone()).collect();
        if let Some(place) = long_at {
            batch.insert(place.index(batch.len() + 1), long_query());
        }
        let together = router.route_batch(&batch, options).unwrap();
        prop_assert_eq!(together.len(), batch.len());
        for (query, answer) in batch.iter().zip(together) {
            let alone = router.route(query, options).unwrap();
            let (alone, answer) = (timeless(alone), timeless(answer));
            // As JSON too: it has every bit of a float.
            let json = |answer| serde_json::to_string(answer).unwrap();
            prop_assert_eq!(json(&alone), json(&answer), "{}", query);
            prop_assert_eq!(alone, answer);
        }
    }
}

#[test]
fn no_queries_no_answers() {
    assert!(support().route_batch(&[], RouteOptions::default()).unwrap().is_empty());
}

#[test]
fn a_batch_is_decided_on_one_snapshot() {
    let (router, encoder) = moody();
    let router = Arc::new(router);
    router.upsert(route("greeting", &["hello there"]), None).unwrap();
    // The first part of the batch is being encoded when another route comes in.
    let writer = Arc::clone(&router);
    let add = move || {
        writer.upsert(route("farewell", &["goodbye then"]), None).unwrap();
    };
    *encoder.hook.lock().unwrap() = Some(Box::new(add));
    let answers =
        router.route_batch(&vec![text("goodbye then"); 70], RouteOptions::default()).unwrap();
    assert_eq!(router.snapshot().revision().get(), 2);
    assert!(answers.iter().all(|answer| answer.decision.revision.get() == 1));
    assert!(answers.iter().all(|answer| answer.decision.candidates.len() == 1));
}

#[test]
fn a_batch_with_a_text_that_fails_has_no_answers() {
    let (router, _) = moody();
    router.upsert(route("greeting", &["hello there"]), None).unwrap();
    for place in [0, 31, 32, 69] {
        let mut batch = vec![text("hello there"); 70];
        batch[place] = text(FAIL);
        let error = router.route_batch(&batch, RouteOptions::default()).unwrap_err();
        assert!(matches!(error, RouterError::Encode(_)), "{error}");
    }
    assert!(router.route(&text(FAIL), RouteOptions::default()).is_err());
    assert_eq!(ask(&router, "hello there").decision.candidates.len(), 1);
}

#[test]
fn a_text_longer_than_the_model_reads_says_so() {
    let router = support();
    let words = |count: usize| "bill ".repeat(count);
    // Two of the model's tokens are marks at both ends.
    let most = router.model().max_tokens - 2;
    for (count, truncated) in [(1, false), (most, false), (most + 1, true), (10_000, true)] {
        assert_eq!(ask(&router, &words(count)).truncated, truncated, "{count} words");
    }
    // What is cut off says nothing.
    let same = |count| timeless(ask(&router, &words(count)));
    assert_eq!(same(most + 1), same(most + 500));
}
