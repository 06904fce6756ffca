//! What holds of any routes.

use proptest::prelude::*;

use super::super::held_out::hold_out;
use super::super::rows::Rows;
use super::*;

/// Vectors of a few directions, so that many are near each other.
fn vectors() -> impl Strategy<Value = Vec<Vec<f32>>> {
    let one = prop::collection::vec(-1.0_f32..1.0, WIDTH).prop_map(|mut vector| {
        vector[0] += 1.5;
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.iter_mut().for_each(|x| *x /= length);
        vector
    });
    prop::collection::vec(one, 2..40)
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn dealt(vectors: &[Vec<f32>]) -> Vec<Given> {
    static TEXTS: std::sync::LazyLock<Vec<String>> =
        std::sync::LazyLock::new(|| (0..40).map(|i| format!("text {i:02}")).collect());
    let of = |route: usize| {
        let own = vectors.iter().enumerate().skip(route).step_by(3);
        own.map(|(i, vector)| (TEXTS[i].as_str(), vector.clone())).collect()
    };
    NAMES
        .into_iter()
        .enumerate()
        .map(|(i, name)| route(name, of(i)))
        .filter(|g| !g.utterances.is_empty())
        .collect()
}

proptest! {
    /// There is one way to score: an utterance held out scores what a query of its vector does
    /// on a snapshot that never had it.
    #[test]
    fn held_out_is_what_a_decision_says_without_the_utterance(vectors in vectors()) {
        let routes = dealt(&vectors);
        let whole = snapshot(&routes, &vec![]);
        let rows = Rows::of(&whole);
        let judged = rows.spread(usize::MAX);
        prop_assert_eq!(judged.len(), vectors.len());
        for held in hold_out(&whole.index, &rows, &judged, &|_, _| ()) {
            let (own, text) = (rows.route_of(held.row).unwrap(), &rows.row(held.row).text);
            let mut without = routes.clone();
            without[own].utterances.retain(|(other, _)| *other != text.as_str());
            let alone = without[own].utterances.is_empty();
            without.retain(|given| !given.utterances.is_empty());
            let decision = snapshot(&without, &vec![]).decide(&rows.row(held.row).vector[..], None);
            let score = |name: &str| {
                let found = decision.candidates.iter().find(|c| c.route.as_str() == name);
                found.map_or(f64::NEG_INFINITY, |c| c.score)
            };
            prop_assert_eq!(held.own.score(), score(routes[own].name));
            prop_assert_eq!(held.own.first().is_none(), alone);
            let others = decision.candidates.iter().find(|c| c.route.as_str() != routes[own].name);
            let found = held.other.map(|(route, best)| (rows.name(route).clone(), best.score()));
            prop_assert_eq!(found, others.map(|c| (c.route.clone(), c.score)));
        }
    }

    /// No query scores higher than what is called reachable, not even the likeliest: the means of
    /// two or three utterances.
    #[test]
    fn no_text_scores_more_than_is_reachable(vectors in vectors()) {
        let all: Texts = dealt(&vectors).into_iter().flat_map(|given| given.utterances).collect();
        let mut given = route("a", all);
        given.threshold = Some(1.0);
        let whole = snapshot(std::slice::from_ref(&given), &vec![]);
        let report = whole.lint(&|_, _| ());
        let found = report.findings.iter().find_map(|f| f.unreachable);
        let reached = found.map_or(1.0, |cut| cut.reached);
        for (i, a) in vectors.iter().enumerate() {
            for (j, b) in vectors.iter().enumerate().skip(i) {
                for c in vectors.iter().skip(j).take(4) {
                    let mut mean: Vec<f32> = (0..WIDTH).map(|k| a[k] + b[k] + c[k]).collect();
                    let length = mean.iter().map(|x| x * x).sum::<f32>().sqrt();
                    mean.iter_mut().for_each(|x| *x /= length);
                    let confidence = whole.decide(&mean, None).confidence;
                    prop_assert!(confidence <= reached, "{confidence} {reached}");
                }
            }
        }
    }
}
