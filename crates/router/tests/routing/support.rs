//! Routes and vectors whose cosines to the query are known exactly.

use synaptoroute_router::{
    Decision, IndexedRoute, Outcome, Reason, Route, RouteName, Settings, Snapshot, Text, TopK,
    Vectors,
};

use synaptoroute_kernels::Kernels;

pub(crate) const WIDTH: usize = 16;

pub(crate) fn name(name: &str) -> RouteName {
    name.try_into().unwrap()
}

pub(crate) fn text(text: &str) -> Text {
    text.try_into().unwrap()
}

pub(crate) fn top_k(count: u64) -> TopK {
    count.try_into().unwrap()
}

/// The query of every table.
pub(crate) fn query() -> Vec<f32> {
    toward(1.0)
}

/// A unit vector with this cosine to [`query`]: all its other axes are 0 there.
pub(crate) fn toward(cosine: f32) -> Vec<f32> {
    let mut vector = vec![0.0; WIDTH];
    vector[0] = cosine;
    vector[1] = (1.0 - cosine * cosine).sqrt();
    vector
}

pub(crate) fn vectors<V: AsRef<[f32]>>(rows: impl IntoIterator<Item = V>) -> Vectors {
    let mut vectors = Vectors::new(WIDTH);
    rows.into_iter().for_each(|row| vectors.push(row.as_ref()));
    vectors
}

/// As many texts as asked for, all different.
pub(crate) fn texts(of: &str, count: usize) -> Vec<Text> {
    (0..count).map(|i| text(&format!("{of} {i}"))).collect()
}

/// A route whose utterances have these cosines to the query.
pub(crate) fn route(called: &str, cosines: &[f32]) -> IndexedRoute {
    with(called, cosines, &[], |_| ())
}

/// As [`route`], with negatives and whatever else is set.
pub(crate) fn with(
    called: &str,
    cosines: &[f32],
    negatives: &[f32],
    set: impl FnOnce(&mut Route),
) -> IndexedRoute {
    let mut route = Route::new(name(called), texts(called, cosines.len()))
        .unwrap()
        .with_negatives(texts(&format!("not {called}"), negatives.len()));
    set(&mut route);
    IndexedRoute::new(route, rows(cosines), rows(negatives))
}

fn rows(cosines: &[f32]) -> Vectors {
    vectors(cosines.iter().map(|&cosine| toward(cosine)))
}

pub(crate) fn empty() -> Snapshot {
    Snapshot::empty(Kernels::detect(), WIDTH)
}

pub(crate) fn snapshot(routes: impl IntoIterator<Item = IndexedRoute>) -> Snapshot {
    within(0.0, &[], routes)
}

/// Routes with a margin and namespace negatives of these cosines.
pub(crate) fn within(
    margin: f64,
    negatives: &[f32],
    routes: impl IntoIterator<Item = IndexedRoute>,
) -> Snapshot {
    let settings = Settings { margin: margin.try_into().unwrap(), ..Settings::default() };
    empty().with_content(settings, texts("nothing", negatives.len()), rows(negatives), routes)
}

pub(crate) fn decide(snapshot: &Snapshot) -> Decision {
    snapshot.decide(&query(), Some(top_k(100)))
}

pub(crate) fn intent(decision: &Decision) -> Option<&str> {
    decision.intent.as_ref().map(RouteName::as_str)
}

/// The candidates' names, in order.
pub(crate) fn order(decision: &Decision) -> Vec<&str> {
    decision.candidates.iter().map(|candidate| candidate.route.as_str()).collect()
}

/// Every bit of a decision: floats are written so that they read back the same.
pub(crate) fn bits(decision: &Decision) -> String {
    serde_json::to_string(decision).unwrap()
}

pub(crate) fn threshold(cut: f64) -> impl FnOnce(&mut Route) {
    move |route| route.threshold = Some(cut.try_into().unwrap())
}

pub(crate) fn score_threshold(cut: f64) -> impl FnOnce(&mut Route) {
    move |route| route.score_threshold = Some(cut.try_into().unwrap())
}

/// Where `decide` of each situation leads, and why; every one that comes out otherwise.
pub(crate) fn assert_outcomes<'a>(
    situations: impl IntoIterator<Item = (&'a str, Snapshot, Option<&'a str>, Reason)>,
) {
    let mut wrong = Vec::new();
    for (what, snapshot, expected, reason) in situations {
        let decision = decide(&snapshot);
        if (intent(&decision), decision.reason) != (expected, reason) {
            wrong.push(format!("{what}: {}", bits(&decision)));
        }
        let outcome = match reason {
            Reason::Accepted => Outcome::Matched,
            Reason::WithinMargin => Outcome::Ambiguous,
            _ => Outcome::None,
        };
        assert_eq!(decision.outcome, outcome, "{what}");
        assert_eq!(decision.route, decision.intent, "{what}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
