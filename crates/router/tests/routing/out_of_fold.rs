//! A fit on a model that has learned the utterances.

use synaptoroute_router::{
    Background, EvidenceSet, FitInputs, Labelled, OutOfFold, Prediction, Query, Route, RouteName,
    Serial, Settings, Snapshot, Text,
};

use crate::support::{Dice, Vectored, WIDTH, content, name, text, texts};

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

    /// What a model makes of the routes that has learned these of their utterances.
    fn with_learned(&mut self, is_learned: impl Fn(usize) -> bool) -> Snapshot {
        content(Settings::default(), &[], self.routes(is_learned))
    }

    fn routes(&mut self, is_learned: impl Fn(usize) -> bool) -> Vec<Vectored> {
        (0..ROUTES)
            .map(|route| {
                let vector = |number| {
                    let spread = if is_learned(number) { LEARNED } else { NEW };
                    self.dice.near(&self.centres[route], spread)
                };
                let utterances = (0..UTTERANCES).map(vector).collect();
                let texts = (0..UTTERANCES).map(|number| Self::utterance(route, number)).collect();
                let route = Route::new(Self::name(route), texts).unwrap();
                Vectored { route, utterances, negatives: Vec::new() }
            })
            .collect()
    }

    fn inputs<'a>(&'a self, out_of_fold: Option<&'a OutOfFold>) -> FitInputs<'a> {
        FitInputs {
            objective: "keep=0.95".parse().unwrap(),
            evidence: EvidenceSet::default(),
            background: &self.background,
            samples: &[],
            out_of_fold,
        }
    }

    fn fitted(&self, snapshot: &Snapshot, out_of_fold: Option<&OutOfFold>) -> Snapshot {
        snapshot.with_fit(snapshot.fit(&self.inputs(out_of_fold), &Serial).unwrap().fit)
    }

    /// What two models said that had each learned one half, of the other.
    fn said(&mut self) -> Vec<Prediction> {
        let mut said = Vec::new();
        for fold in 0..2 {
            let half = self.with_learned(|number| number % 2 != fold);
            let learned: Vec<Text> = Self::some(|number| number % 2 != fold).collect();
            let known = OutOfFold::new(&learned, []);
            let of_fold = half.predict(&self.inputs(Some(&known)), &Serial).unwrap();
            assert_eq!(of_fold.len(), ROUTES * UTTERANCES / 2);
            said.extend(of_fold);
        }
        said
    }

    fn some(which: impl Fn(usize) -> bool) -> impl Iterator<Item = Text> {
        let all = (0..ROUTES).flat_map(|route| (0..UTTERANCES).map(move |number| (route, number)));
        let some = all.filter(move |&(_, number)| which(number));
        some.map(|(route, number)| Self::utterance(route, number))
    }

    fn all() -> Vec<Text> {
        Self::some(|_| true).collect()
    }

    /// The share of new questions that is taken.
    fn kept(&mut self, snapshot: &Snapshot) -> f64 {
        let asked = 1200;
        let taken = (0..asked).filter(|number| {
            let vector = self.dice.near(&self.centres[number % ROUTES], NEW);
            let query = Query { text: "what somebody asks", vector: &vector };
            snapshot.decide(query, None).intent.is_some()
        });
        taken.count() as f64 / f64::from(asked as u32)
    }
}

/// It took utterances that the model had learned for new ones, and kept 76 % of what it was to keep
/// 95 % of.
#[test]
fn keeps_as_many_new_questions_as_it_promises() {
    let mut world = World::new();
    let said = world.said();
    let known = OutOfFold::new(&World::all(), &said);
    let all = world.with_learned(|_| true);
    let (unaware, aware) = (world.fitted(&all, None), world.fitted(&all, Some(&known)));
    let (before, after) = (world.kept(&unaware), world.kept(&aware));
    assert!(before < 0.85, "the case is none: {before}");
    assert!((0.92..0.99).contains(&after), "{before} {after}");
}

/// A negative that the model was told from stands far from all routes; before, it looked like one.
#[test]
fn negatives_that_were_learned_speak_as_they_did_before() {
    const NEGATIVES: usize = 40;
    let mut world = World::new();
    let mut said = world.said();
    let negatives = texts("nothing", NEGATIVES);
    let labelled = |(number, text): (usize, &Text)| Labelled {
        text: text.clone(),
        vector: world.dice.near(&world.centres[number % ROUTES], NEW).into(),
        route: None,
    };
    let labelled: Vec<Labelled> = negatives.iter().enumerate().map(labelled).collect();
    let half = world.with_learned(|number| number % 2 == 0);
    let learned: Vec<Text> = World::some(|number| number % 2 == 0).collect();
    let known = OutOfFold::new(&learned, []);
    let inputs = FitInputs { samples: &labelled, ..world.inputs(Some(&known)) };
    let of_all = half.predict(&inputs, &Serial).unwrap();
    assert_eq!(of_all.len(), ROUTES * UTTERANCES / 2 + NEGATIVES);

    let routes = world.routes(|_| true);
    let away: Vec<Vec<f32>> =
        negatives.iter().map(|_| world.dice.near(&[0.0; WIDTH], 1.0)).collect();
    let all = content(Settings::default(), &away, routes);
    let mut learned = World::all();
    learned.extend(negatives);
    let cut = |said: &[Prediction]| {
        let known = OutOfFold::new(&learned, said);
        let objective = "max_false_accept=0.05".parse().unwrap();
        let inputs = FitInputs { objective, ..world.inputs(Some(&known)) };
        all.fit(&inputs, &Serial).unwrap().report.threshold
    };
    let silent = cut(&said);
    said.extend(of_all);
    let told = cut(&said);
    assert!(told > silent + 0.02, "{silent} {told}");
}

#[test]
fn what_is_known_of_other_texts_changes_nothing() {
    let mut world = World::new();
    let (said, all) = (world.said(), world.with_learned(|_| true));
    let without = world.fitted(&all, None);
    for known in [
        OutOfFold::new(&[], &said),
        OutOfFold::new(&[text("of another namespace")], &said),
        // Nothing was said, and too little would be left.
        OutOfFold::new(&World::all(), &[]),
    ] {
        assert_eq!(world.fitted(&all, Some(&known)).fitted(), without.fitted());
    }
}

#[test]
fn comes_back_as_it_was_and_what_is_none_is_refused() {
    let said = World::new().said();
    let mut learned = World::all();
    learned.push(text("nobody asked this"));
    let known = OutOfFold::new(&learned, &said);
    let json = known.to_json();
    assert_eq!(OutOfFold::from_json(json.as_bytes()).unwrap(), known);
    for (part, other) in [
        (r#""version":1"#, r#""version":2"#),
        ("route-00", "route-99"),
        (r#""first":""#, r#""first":"/////w=="#),
        (r#""first":""#, r#""first":"AAAAAA"#),
        (r#""positions":""#, r#""positions":"AADAfw"#),
        (r#""routes":["#, r#""others":["#),
    ] {
        let broken = json.replacen(part, other, 1);
        assert_ne!(broken, json);
        let error = OutOfFold::from_json(broken.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("tune again"), "{part}: {error}");
    }
}
