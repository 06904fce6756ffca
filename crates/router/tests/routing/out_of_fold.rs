//! A fit on a model that has learned the utterances.

use std::sync::Arc;

use synaptoroute_router::{
    Background, EvidenceSet, FitInputs, Judged, OutOfFold, Query, Route, RouteName, Sample, Serial,
    Settings, Snapshot, Text,
};

use crate::support::{Dice, Vectored, WIDTH, content, name, text};

/// How far from its route's centre a model puts a text that it has learned, and one that it has not.
const LEARNED: f32 = 0.08;
const NEW: f32 = 0.3;
const ROUTES: usize = 12;
const UTTERANCES: usize = 10;

/// Routes about whose centres a model puts what it has learned.
struct World {
    dice: Dice,
    centres: Vec<Vec<f32>>,
    background: Vec<Background>,
}

impl World {
    fn new() -> Self {
        let mut dice = Dice(41);
        let centres = (0..ROUTES).map(|_| dice.near(&[0.0; WIDTH], 1.0)).collect();
        let background = |number: usize| Background {
            text: text(&format!("foreign matter {number}")),
            vector: dice.near(&[0.0; WIDTH], 1.0).into(),
        };
        Self { background: (0..80).map(background).collect(), dice, centres }
    }

    fn name(route: usize) -> RouteName {
        name(&format!("route-{route:02}"))
    }

    fn utterance(route: usize, number: usize) -> Text {
        text(&format!("word{route} says thing {number} now"))
    }

    /// What a model makes of routes that has learned these of their utterances; no others are there.
    fn learned(&mut self, which: impl Fn(usize) -> bool) -> Snapshot {
        let routes: Vec<Vectored> = (0..ROUTES)
            .map(|route| {
                let numbers = (0..UTTERANCES).filter(|&number| which(number));
                let texts: Vec<Text> =
                    numbers.map(|number| Self::utterance(route, number)).collect();
                let vectors = texts.iter().map(|_| self.dice.near(&self.centres[route], LEARNED));
                let utterances = vectors.collect();
                let route = Route::new(Self::name(route), texts).unwrap();
                Vectored { route, utterances, negatives: Vec::new() }
            })
            .collect();
        content(Settings::default(), &[], routes)
    }

    fn fitted(&self, snapshot: &Snapshot, out_of_fold: Option<&OutOfFold>) -> Snapshot {
        let inputs = FitInputs {
            objective: "keep=0.95".parse().unwrap(),
            evidence: EvidenceSet::default(),
            background: &self.background,
            samples: &[],
            out_of_fold,
        };
        snapshot.with_fit(snapshot.fit(&inputs, &Serial).unwrap().fit)
    }

    /// What is said of a text of this route that the model has not learned.
    fn ask(&mut self, snapshot: &Snapshot, route: usize, asked: Text) -> Judged {
        let vector: Arc<[f32]> = self.dice.near(&self.centres[route], NEW).into();
        let sample = Sample { text: asked, intent: Some(Self::name(route)) };
        snapshot.judge(Query { text: sample.text.as_str(), vector: &vector }, &sample)
    }

    /// What two models said that had each learned one half, of the other.
    fn said(&mut self) -> Vec<Judged> {
        let mut said = Vec::new();
        for fold in 0..2 {
            let half = self.learned(|number| number % 2 != fold);
            let fitted = self.fitted(&half, None);
            for route in 0..ROUTES {
                for number in (fold..UTTERANCES).step_by(2) {
                    said.push(self.ask(&fitted, route, Self::utterance(route, number)));
                }
            }
        }
        said
    }

    fn all() -> impl Iterator<Item = Text> {
        (0..ROUTES).flat_map(|route| (0..UTTERANCES).map(move |n| Self::utterance(route, n)))
    }

    /// The share of new questions that is taken.
    fn kept(&mut self, snapshot: &Snapshot) -> f64 {
        let questions: Vec<usize> = (0..1200).map(|number| number % ROUTES).collect();
        let taken = questions
            .iter()
            .filter(|&&route| self.ask(snapshot, route, text("what somebody asks")).got.is_some());
        taken.count() as f64 / 1200.0
    }
}

/// It took utterances that the model had learned for new ones, and kept 76 % of what it was to keep
/// 95 % of.
#[test]
fn keeps_as_many_new_questions_as_it_promises() {
    let mut world = World::new();
    let said = world.said();
    let texts: Vec<Text> = World::all().collect();
    let known = OutOfFold::new(&texts, &said);
    let all = world.learned(|_| true);
    let (unaware, aware) = (world.fitted(&all, None), world.fitted(&all, Some(&known)));
    let (before, after) = (world.kept(&unaware), world.kept(&aware));
    assert!(before < 0.85, "the case is none: {before}");
    assert!((0.92..0.99).contains(&after), "{before} {after}");
}

#[test]
fn what_is_known_of_other_texts_changes_nothing() {
    let mut world = World::new();
    let (said, all) = (world.said(), world.learned(|_| true));
    let without = world.fitted(&all, None);
    for known in [
        OutOfFold::new(&[], &said),
        OutOfFold::new(&[text("of another namespace")], &said),
        // Nothing was said, and too little would be left.
        OutOfFold::new(&World::all().collect::<Vec<_>>(), &[]),
    ] {
        assert_eq!(world.fitted(&all, Some(&known)).fitted(), without.fitted());
    }
}

#[test]
fn comes_back_as_it_was_and_what_is_none_is_refused() {
    let said = World::new().said();
    let texts: Vec<Text> = World::all().chain([text("nobody asked this")]).collect();
    let known = OutOfFold::new(&texts, &said);
    let json = known.to_json();
    assert_eq!(OutOfFold::from_json(json.as_bytes()).unwrap(), known);
    for (part, other) in [
        (r#""version":1"#, r#""version":2"#),
        ("route-00", "route-99"),
        (r#""first":""#, r#""first":"/////w=="#),
        (r#""first":""#, r#""first":"AAAAAA"#),
        (r#""log_odds":""#, r#""log_odds":"AADAfw"#),
        (r#""routes":["#, r#""others":["#),
    ] {
        let broken = json.replacen(part, other, 1);
        assert_ne!(broken, json);
        let error = OutOfFold::from_json(broken.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("tune again"), "{part}: {error}");
    }
}
