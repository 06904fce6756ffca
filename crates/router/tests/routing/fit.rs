//! What a fit promises.

use std::sync::{Arc, Mutex};

use synaptoroute_router::{
    Background, Decision, Edit, EvidenceSet, Executor, Fit, FitError, FitInputs, Fitted, Labelled,
    Objective, Owner, Query, RouteName, Serial, Settings, Snapshot, Text, Unfitted,
};

use crate::support::{Dice, Vectored, WIDTH, content, empty, name, placed, text, top_k};

/// Routes as clouds of vectors, with words of their own.
fn routes(dice: &mut Dice, count: usize, utterances: usize) -> Vec<Vectored> {
    let centres: Vec<Vec<f32>> = (0..count).map(|_| dice.near(&[0.0; WIDTH], 1.0)).collect();
    let route = |(number, centre): (usize, &Vec<f32>)| {
        let called = format!("route-{number:02}");
        let texts: Vec<Text> =
            (0..utterances).map(|u| text(&format!("word{number} says thing {u} now"))).collect();
        let vectors = texts.iter().map(|_| dice.near(centre, 0.25)).collect();
        Vectored {
            route: synaptoroute_router::Route::new(name(&called), texts).unwrap(),
            utterances: vectors,
            negatives: Vec::new(),
        }
    };
    centres.iter().enumerate().map(route).collect()
}

fn background(dice: &mut Dice) -> Vec<Background> {
    (0..60)
        .map(|number| Background {
            text: text(&format!("foreign matter {number}")),
            vector: dice.near(&[0.0; WIDTH], 1.0).into(),
        })
        .collect()
}

fn inputs<'a>(background: &'a [Background], samples: &'a [Labelled]) -> FitInputs<'a> {
    FitInputs {
        objective: Objective::default(),
        evidence: EvidenceSet::default(),
        background,
        samples,
        out_of_fold: None,
    }
}

fn of(routes: &[Vectored]) -> Snapshot {
    content(Settings::default(), &[], routes.iter().cloned())
}

fn fit(snapshot: &Snapshot, inputs: &FitInputs<'_>) -> Arc<Fit> {
    snapshot.fit(inputs, &Serial).unwrap().fit.expect("enough is known")
}

/// Runs parts backwards on several threads.
struct Backwards;

impl Executor for Backwards {
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        let left = Mutex::new(tasks);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    loop {
                        let mut guard = left.lock().unwrap();
                        let Some(next) = guard.checked_sub(1) else { return };
                        *guard = next;
                        drop(guard);
                        task(next);
                    }
                });
            }
        });
    }
}

#[test]
fn neither_order_nor_threads_nor_an_earlier_fit_change_a_bit() {
    let mut dice = Dice(7);
    let mut all = routes(&mut dice, 8, 9);
    let background = background(&mut dice);
    let inputs = inputs(&background, &[]);
    let first = fit(&of(&all), &inputs);
    all.reverse();
    for route in &mut all {
        let texts: Vec<Text> = route.route.utterances.iter().rev().cloned().collect();
        route.route.utterances = texts;
        route.utterances.reverse();
    }
    let other = of(&all);
    let json = first.to_json();
    assert_eq!(other.fit(&inputs, &Backwards).unwrap().fit.unwrap().to_json(), json);
    let after = other.with_fit(Some(Arc::clone(&first)));
    assert_eq!(fit(&after, &inputs).to_json(), json);
    assert_eq!(inputs.hash(&after), first.inputs());
}

#[test]
fn what_is_written_reads_back_to_the_bit() {
    let mut dice = Dice(8);
    let snapshot = of(&routes(&mut dice, 7, 6));
    let background = background(&mut dice);
    let fit = fit(&snapshot, &inputs(&background, &[]));
    let read = Arc::new(Fit::from_json(&fit.to_json(), WIDTH).unwrap());
    assert_eq!(read, fit);
    let (here, there) = (snapshot.with_fit(Some(fit)), snapshot.with_fit(Some(read)));
    for _ in 0..50 {
        let vector = dice.near(&[0.0; WIDTH], 1.0);
        let query = Query { text: "word1 says what", vector: &vector };
        assert_eq!(here.decide(query, None), there.decide(query, None));
    }
}

#[test]
fn damaged_fits_are_refused() {
    let mut dice = Dice(9);
    let snapshot = of(&routes(&mut dice, 6, 5));
    let background = background(&mut dice);
    let json = fit(&snapshot, &inputs(&background, &[])).to_json();
    // One bias a route, none of them a number: every route's confidence would be none either, and
    // a comparison with that refuses nothing.
    let mut not_numbers: serde_json::Value = serde_json::from_str(&json).unwrap();
    not_numbers["biases"] = "AADAfwAAwH8AAMB/".repeat(2).into();
    let broken = [
        not_numbers.to_string(),
        json.replace("\"version\":1", "\"version\":9"),
        json.replace("\"dimensions\":16", "\"dimensions\":15"),
        json.replace("route-00", "route-99"),
        json.replace("\"slope\":", "\"slope\":-"),
        json[..json.len() / 2].to_owned(),
        "{}".to_owned(),
    ];
    for (number, broken) in broken.iter().enumerate() {
        assert_ne!(broken, &json, "{number}");
        let error = Fit::from_json(broken, WIDTH).unwrap_err().to_string();
        assert!(error.contains("fit again"), "{number}: {error}");
    }
    assert!(Fit::from_json(&json, WIDTH + 1).is_err());
}

/// The search looks at few routes; the result is that of looking at all of them.
#[test]
fn few_candidates_are_the_first_of_all() {
    let mut dice = Dice(10);
    let snapshot = of(&routes(&mut dice, 30, 6));
    let background = background(&mut dice);
    let fit = fit(&snapshot, &inputs(&background, &[]));
    // Newer than the fit, and judged by what is imputed.
    let later = routes(&mut dice, 3, 4).into_iter().enumerate().flat_map(|(number, mut new)| {
        new.route = synaptoroute_router::Route::new(
            name(&format!("later-{number}")),
            new.route.utterances.clone(),
        )
        .unwrap();
        crate::support::adding(&new)
    });
    let snapshot = snapshot.with_fit(Some(fit)).with(2.into(), later);
    for _ in 0..100 {
        let vector = dice.near(&[0.0; WIDTH], 1.0);
        let query = Query { text: "word3 or word4", vector: &vector };
        let all = snapshot.decide(query, Some(top_k(100)));
        assert_eq!(all.candidates.len(), 33);
        for count in [1, 2, 5] {
            let few = snapshot.decide(query, Some(top_k(count)));
            assert_eq!(few.candidates[..], all.candidates[..count as usize]);
            assert_eq!((few.intent, few.confidence), (all.intent.clone(), all.confidence));
        }
    }
}

fn confidence_of(decision: &Decision, route: &RouteName) -> (f64, f64) {
    let candidate = decision.candidates.iter().find(|c| c.route == *route).unwrap();
    (candidate.score, candidate.confidence)
}

#[test]
fn an_added_utterance_never_makes_its_own_text_less_likely() {
    let mut dice = Dice(11);
    let all = routes(&mut dice, 8, 3);
    let background = background(&mut dice);
    let snapshot = of(&all);
    let fit = fit(&snapshot, &inputs(&background, &[]));
    let snapshot = snapshot.with_fit(Some(fit));
    for number in 0..60 {
        let vector = dice.near(&[0.0; WIDTH], 1.0);
        let new = text(&format!("something new {number}"));
        let route = &all[number % all.len()].route.name;
        let query = Query { text: new.as_str(), vector: &vector };
        let before = snapshot.decide(query, Some(top_k(100)));
        let edit = Edit::Add(
            Owner::Utterances(route.clone()),
            placed(std::slice::from_ref(&new), std::slice::from_ref(&vector)),
        );
        let after = snapshot.with(2.into(), [edit]).decide(query, Some(top_k(100)));
        let (old, new) = (confidence_of(&before, route), confidence_of(&after, route));
        assert!(new.0 >= old.0 && new.1 >= old.1, "{old:?} {new:?}");
        assert!(before.intent.as_ref() != Some(route) || after.intent.as_ref() == Some(route));
        assert!(after.fit.unwrap().stale && !before.fit.unwrap().stale);
    }
}

#[test]
fn a_route_without_samples_is_never_switched_off() {
    let mut dice = Dice(12);
    let all = routes(&mut dice, 6, 8);
    let background = background(&mut dice);
    let snapshot = of(&all);
    // Samples of two routes alone, and none of the others.
    let samples: Vec<Labelled> = (0..24)
        .map(|number| {
            let route = &all[number % 2];
            Labelled {
                text: text(&format!("sample {number}")),
                vector: dice.near(&route.utterances[number % 8], 0.1).into(),
                route: Some(route.route.name.clone()),
            }
        })
        .collect();
    for objective in
        ["f1", "accuracy", "cost=3", "keep=0.9", "max_false_accept=0.05", "min_precision=0.9"]
    {
        let inputs =
            FitInputs { objective: objective.parse().unwrap(), ..inputs(&background, &samples) };
        let fitted = snapshot.with_fit(Some(fit(&snapshot, &inputs)));
        for route in &all {
            let vector = &route.utterances[0];
            let query = Query { text: route.route.utterances[0].as_str(), vector };
            let intent = fitted.decide(query, None).intent;
            assert_eq!(intent.as_ref(), Some(&route.route.name), "{objective}");
        }
    }
}

#[test]
fn a_route_that_lost_what_was_learned_is_judged_anew() {
    let mut dice = Dice(13);
    let all = routes(&mut dice, 6, 4);
    let background = background(&mut dice);
    let snapshot = of(&all);
    let fitted = snapshot.with_fit(Some(fit(&snapshot, &inputs(&background, &[]))));
    let route = all[0].route.name.clone();
    let far = dice.near(&[0.0; WIDTH], 1.0);
    let texts = [text("wholly other"), text("and more of it")];
    let vectors = [far.clone(), dice.near(&far, 0.01)];
    let replaced = fitted.with(
        2.into(),
        [
            Edit::RemoveRoute(route.clone()),
            Edit::PutRoute(route.clone(), Default::default()),
            Edit::Add(Owner::Utterances(route.clone()), placed(&texts, &vectors)),
        ],
    );
    let query = Query { text: "wholly other", vector: &far };
    let explained =
        replaced.decide(query, synaptoroute_router::DecideOptions::default().explained());
    let first = &explained.explanation.as_ref().unwrap().candidates[0];
    assert_eq!(first.route, route);
    assert!(first.evidence.iter().any(|part| part.evidence == "imputed"), "{first:?}");
    // With the texts back, so is what was learned; memory built anew says the same.
    let back: Vec<Edit> =
        std::iter::once(Edit::RemoveRoute(route)).chain(crate::support::adding(&all[0])).collect();
    let back = replaced.with(3.into(), back);
    let anew = back.with_fit(back.fitted().cloned());
    let query = Query { text: "word0 says", vector: &all[0].utterances[1] };
    let (back, anew, first) =
        (back.decide(query, None), anew.decide(query, None), fitted.decide(query, None));
    assert_eq!(back, anew);
    assert_eq!(back.confidence, first.confidence);
    assert!(!back.fit.unwrap().stale);
}

#[test]
fn contributions_add_up_to_the_score() {
    let mut dice = Dice(14);
    let snapshot = of(&routes(&mut dice, 9, 6));
    let background = background(&mut dice);
    let snapshot = snapshot.with_fit(Some(fit(&snapshot, &inputs(&background, &[]))));
    for _ in 0..20 {
        let vector = dice.near(&[0.0; WIDTH], 1.0);
        let query = Query { text: "word5 thing", vector: &vector };
        let options = synaptoroute_router::DecideOptions::top_k(Some(top_k(9))).explained();
        let decision = snapshot.decide(query, options);
        let explanation = decision.explanation.unwrap();
        assert!(!explanation.summary.is_empty() && !explanation.would_change.is_empty());
        for candidate in &explanation.candidates {
            let sum: f64 = candidate.evidence.iter().map(|part| part.contribution).sum();
            assert!((sum - candidate.score).abs() < 1e-9, "{candidate:?}");
        }
    }
}

#[test]
fn with_little_data_nothing_is_fitted_and_it_says_why() {
    let mut dice = Dice(15);
    let background = background(&mut dice);
    let cases = [
        (empty(), Unfitted::FewRoutes),
        (of(&routes(&mut dice, 1, 20)), Unfitted::FewRoutes),
        (of(&routes(&mut dice, 5, 1)), Unfitted::FewUtterances),
        (of(&routes(&mut dice, 3, 3)), Unfitted::FewUtterances),
    ];
    for (snapshot, expected) in cases {
        let Fitted { fit, report, .. } = snapshot.fit(&inputs(&background, &[]), &Serial).unwrap();
        assert!(fit.is_none());
        assert_eq!(report.unfitted, Some(expected));
        assert!(expected.advice().contains("nearest"));
    }
}

#[test]
fn a_label_that_names_no_route_is_refused() {
    let mut dice = Dice(16);
    let background = background(&mut dice);
    let snapshot = of(&routes(&mut dice, 4, 4));
    let sample = Labelled {
        text: text("what is this"),
        vector: dice.near(&[0.0; WIDTH], 1.0).into(),
        route: Some(name("nowhere")),
    };
    let error = snapshot.fit(&inputs(&background, &[sample]), &Serial).unwrap_err();
    assert!(matches!(&error, FitError::UnknownRoute { .. }));
    assert!(error.to_string().contains("nowhere") && error.to_string().contains("what is this"));
}

/// The promise of a fit: on its own held-out texts it is not worse than no fit.
#[test]
fn a_fit_is_never_worse_than_none_by_its_own_objective() {
    let mut dice = Dice(17);
    for round in 0..4 {
        let all = routes(&mut dice, 4 + round, 5);
        let background = background(&mut dice);
        let snapshot = of(&all);
        for objective in ["accuracy", "f1", "cost=2"] {
            let inputs =
                FitInputs { objective: objective.parse().unwrap(), ..inputs(&background, &[]) };
            let report = snapshot.fit(&inputs, &Serial).unwrap().report;
            let (before, after) = (report.before.unwrap(), report.after.unwrap());
            assert!(after.objective >= before.objective, "{objective}: {before:?} {after:?}");
        }
    }
}
