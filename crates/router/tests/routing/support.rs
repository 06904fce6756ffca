//! Routes and vectors whose cosines to the query are known exactly.

use std::sync::atomic::{AtomicU64, Ordering};

use synaptoroute_kernels::Kernels;
use synaptoroute_router::{
    Decision, Edit, Outcome, Owner, PlacedText, Reason, Route, RouteName, Settings, Snapshot, Text,
    TopK,
};

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

/// As many texts as asked for, all different.
pub(crate) fn texts(of: &str, count: usize) -> Vec<Text> {
    (0..count).map(|i| text(&format!("{of} {i}"))).collect()
}

/// A route and the vectors of its texts.
#[derive(Clone)]
pub(crate) struct Vectored {
    pub(crate) route: Route,
    pub(crate) utterances: Vec<Vec<f32>>,
    pub(crate) negatives: Vec<Vec<f32>>,
}

/// A route whose utterances have these cosines to the query.
pub(crate) fn route(called: &str, cosines: &[f32]) -> Vectored {
    with(called, cosines, &[], |_| ())
}

/// As [`route`], with negatives and whatever else is set.
pub(crate) fn with(
    called: &str,
    cosines: &[f32],
    negatives: &[f32],
    set: impl FnOnce(&mut Route),
) -> Vectored {
    let mut route = Route::new(name(called), texts(called, cosines.len()))
        .unwrap()
        .with_negatives(texts(&format!("not {called}"), negatives.len()));
    set(&mut route);
    Vectored { route, utterances: rows(cosines), negatives: rows(negatives) }
}

fn rows(cosines: &[f32]) -> Vec<Vec<f32>> {
    cosines.iter().map(|&cosine| toward(cosine)).collect()
}

/// Texts at places that no others have.
pub(crate) fn placed(texts: &[Text], vectors: &[Vec<f32>]) -> Vec<PlacedText> {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    assert_eq!(texts.len(), vectors.len());
    let one = |(text, vector): (&Text, &Vec<f32>)| PlacedText {
        place: NEXT.fetch_add(1, Ordering::Relaxed).into(),
        text: text.clone(),
        vector: vector.as_slice().into(),
    };
    texts.iter().zip(vectors).map(one).collect()
}

/// What adds a route that is not there.
pub(crate) fn adding(new: &Vectored) -> [Edit; 3] {
    let Vectored { route, utterances, negatives } = new;
    let name = &route.name;
    [
        Edit::PutRoute(name.clone(), route.attributes()),
        Edit::Add(Owner::Utterances(name.clone()), placed(&route.utterances, utterances)),
        Edit::Add(Owner::Negatives(name.clone()), placed(&route.negatives, negatives)),
    ]
}

/// The next revision, with this route added or put in its namesake's place.
pub(crate) fn with_route(snapshot: &Snapshot, route: &Vectored) -> Snapshot {
    let name = &route.route.name;
    let known = snapshot.route(name.as_str()).map(|_| Edit::RemoveRoute(name.clone()));
    snapshot.with(snapshot.revision().next(), known.into_iter().chain(adding(route)))
}

pub(crate) fn empty() -> Snapshot {
    Snapshot::empty(Kernels::detect(), WIDTH)
}

pub(crate) fn snapshot(routes: impl IntoIterator<Item = Vectored>) -> Snapshot {
    within(0.0, &[], routes)
}

/// Routes with a margin and namespace negatives of these cosines.
pub(crate) fn within(
    margin: f64,
    negatives: &[f32],
    routes: impl IntoIterator<Item = Vectored>,
) -> Snapshot {
    let settings = Settings { margin: margin.try_into().unwrap(), ..Settings::default() };
    content(settings, &rows(negatives), routes)
}

/// The first revision, of this content.
pub(crate) fn content(
    settings: Settings,
    negatives: &[Vec<f32>],
    routes: impl IntoIterator<Item = Vectored>,
) -> Snapshot {
    let negatives = placed(&texts("nothing", negatives.len()), negatives);
    let first = [Edit::Settings(settings), Edit::Add(Owner::Namespace, negatives)];
    let routes: Vec<Edit> = routes.into_iter().flat_map(|route| adding(&route)).collect();
    empty().with(1.into(), first.into_iter().chain(routes))
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

/// Numbers that look random and are the same each time.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 40) as f32 / (1_u64 << 24) as f32).mul_add(2.0, -1.0)
    }

    /// A unit vector near this one; the further the larger `spread` is.
    pub(crate) fn near(&mut self, centre: &[f32], spread: f32) -> Vec<f32> {
        let moved: Vec<f32> = centre.iter().map(|x| x + spread * self.next()).collect();
        let length = moved.iter().map(|x| x * x).sum::<f32>().sqrt();
        moved.iter().map(|x| x / length).collect()
    }
}
