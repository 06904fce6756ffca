//! Utterances as samples: each is asked once, by a router that has forgotten it.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use synaptoroute_router::{
    CrossValidation, Edit, FoldCount, Neighbour, Owner, Query, Report, RouteName, Sample, Snapshot,
    Text,
};

use crate::support::{
    Vectored, adding, content, empty, name, placed, route, snapshot, text, texts, toward, with,
};

fn folds(count: u64) -> FoldCount {
    count.try_into().unwrap()
}

fn run(snapshot: &Snapshot, count: u64) -> Report {
    let plan = CrossValidation::new(snapshot, folds(count), []);
    plan.run(snapshot, "some model", &Snapshot::clone, &|_| ()).unwrap()
}

/// Routes of that many utterances, and one of one.
fn routes(sizes: &[usize]) -> Vec<Vectored> {
    let sized = sizes.iter().enumerate().map(|(number, &size)| {
        let cosines: Vec<f32> = (0..size).map(|i| 0.5 + 0.4 * i as f32 / size as f32).collect();
        route(&format!("route {number}"), &cosines)
    });
    sized.chain([route("single", &[0.3])]).collect()
}

#[test]
fn every_utterance_is_held_out_once_and_a_single_one_never() {
    let sizes = [2, 3, 5, 20];
    for count in [2, 3, 5, 20] {
        let snapshot = snapshot(routes(&sizes));
        let mut seen: HashMap<Option<RouteName>, HashSet<Text>> = HashMap::new();
        for sample in run(&snapshot, count).samples {
            let new = seen.entry(sample.expected).or_default().insert(sample.text.clone());
            assert!(new, "{} twice", sample.text);
        }
        assert_eq!(seen.len(), sizes.len());
        for (number, size) in sizes.iter().enumerate() {
            assert_eq!(seen[&Some(name(&format!("route {number}")))].len(), *size);
        }
        let report = run(&snapshot, count);
        assert_eq!(report.routes_without_samples, [name("single")]);
        assert_eq!(report.folds, Some(count as usize));
    }
}

#[test]
fn what_decides_has_forgotten_what_is_asked_and_nothing_else() {
    let snapshot = snapshot(routes(&[4, 7]));
    let whole = |snapshot: &Snapshot| -> HashSet<Text> {
        let routes = snapshot.routes().map(|route| Owner::Utterances(route.name.clone()));
        routes.flat_map(|owner| snapshot.texts(&owner)).collect()
    };
    let all = whole(&snapshot);
    let (fits, forgotten) = (Cell::new(0), RefCell::new(HashSet::new()));
    let plan = CrossValidation::new(&snapshot, folds(3), []);
    let refit = |fold: &Snapshot| {
        fits.set(fits.get() + 1);
        let kept = whole(fold);
        assert_eq!(fold.route_count(), snapshot.route_count(), "no route is lost");
        assert_eq!(fold.revision(), snapshot.revision());
        for gone in all.difference(&kept) {
            assert!(forgotten.borrow_mut().insert(gone.clone()), "{gone} twice");
        }
        fold.clone()
    };
    let told = RefCell::new(Vec::new());
    let progress = |done: usize| told.borrow_mut().push(done);
    let report = plan.run(&snapshot, "some model", &refit, &progress).unwrap();
    assert_eq!(fits.get(), 3);
    assert_eq!(forgotten.borrow().len(), 11);
    assert_eq!(report.samples.len(), 11);
    assert_eq!(told.into_inner(), (1..=11).collect::<Vec<_>>());
    // None was decided by itself.
    for sample in &report.samples {
        let near = [&sample.nearest_of_first, &sample.nearest_of_expected];
        let of_itself = |near: &&Neighbour| near.utterance == sample.text;
        assert!(!near.into_iter().flatten().any(|near| of_itself(&near)), "{sample:?}");
    }
}

#[test]
fn what_decides_is_what_the_refit_made() {
    let strict = |snapshot: &Snapshot| {
        let put = |route: &synaptoroute_router::RouteEntry| {
            let mut attributes = route.attributes.clone();
            attributes.threshold = Some(1.0.try_into().unwrap());
            Edit::PutRoute(route.name.clone(), attributes)
        };
        let edits: Vec<Edit> = snapshot.routes().map(put).collect();
        snapshot.with(snapshot.revision(), edits)
    };
    let snapshot = snapshot(routes(&[6, 6]));
    let plan = CrossValidation::new(&snapshot, folds(2), []);
    let refitted = plan.run(&snapshot, "some model", &strict, &|_| ()).unwrap();
    assert_eq!(refitted.coverage.unwrap().count, 0);
    assert!(run(&snapshot, 2).coverage.unwrap().count > 0);
}

#[test]
fn negatives_and_samples_of_no_route_are_asked_once_each() {
    let settings = synaptoroute_router::Settings::default();
    let negatives: Vec<Vec<f32>> = [0.1, 0.2, 0.3].map(toward).into();
    let own = with("a", &[0.7, 0.8, 0.9], &[0.95], |_| ());
    let snapshot = content(settings, &negatives, [own]);
    let beside = [("nothing 0", 0.1), ("far out", 0.0), ("farther out", -0.5)];
    let beside = beside.map(|(called, cosine)| (text(called), Arc::from(toward(cosine))));
    let plan = CrossValidation::new(&snapshot, folds(2), beside);
    let report = plan.run(&snapshot, "some model", &Snapshot::clone, &|_| ()).unwrap();
    // One of those given is a negative already; a route's own may belong to another.
    assert_eq!((report.counts.in_scope, report.counts.out_of_scope), (3, 5));
    assert_eq!(plan.count(), 8);
}

/// Adds in another order, in other pieces, with something between that is gone again.
#[test]
fn the_order_of_adds_changes_no_bit() {
    let routes = routes(&[5, 9, 2]);
    let one = snapshot(routes.clone());
    let mut other = empty();
    for vectored in routes.iter().rev() {
        let called = &vectored.route.name;
        let owner = Owner::Utterances(called.clone());
        let [put, ..] = adding(vectored);
        other = other.with(other.revision().next(), [put]);
        let reversed: (Vec<_>, Vec<_>) = (
            vectored.route.utterances.iter().rev().cloned().collect(),
            vectored.utterances.iter().rev().cloned().collect(),
        );
        let passing = placed(&texts("passing", 1), &[toward(0.0)]);
        let place = passing[0].place;
        let edits = [
            Edit::Add(owner.clone(), passing),
            Edit::Add(owner.clone(), placed(&reversed.0, &reversed.1)),
            Edit::Remove(owner, vec![place]),
        ];
        other = other.with(1.into(), edits);
    }
    let json = |report: &Report| serde_json::to_string(report).unwrap();
    assert_eq!(json(&run(&one, 5)), json(&run(&other, 5)));
}

#[test]
fn a_route_that_comes_leaves_the_folds_of_the_others() {
    let before = snapshot(routes(&[5, 9]));
    let after = snapshot(routes(&[5, 9, 8]));
    let held_out = |snapshot: &Snapshot, of: &str| {
        let forgotten = RefCell::new(Vec::new());
        let refit = |fold: &Snapshot| {
            forgotten.borrow_mut().push(fold.texts(&Owner::Utterances(name(of))));
            fold.clone()
        };
        let plan = CrossValidation::new(snapshot, folds(5), []);
        plan.run(snapshot, "some model", &refit, &|_| ()).unwrap();
        forgotten.into_inner()
    };
    assert_eq!(held_out(&before, "route 1"), held_out(&after, "route 1"));
}

#[test]
fn with_nothing_to_hold_out_there_is_no_report() {
    let snapshot = snapshot([route("single", &[0.3])]);
    let plan = CrossValidation::new(&snapshot, folds(5), []);
    assert_eq!(plan.count(), 0);
    assert!(plan.run(&snapshot, "some model", &Snapshot::clone, &|_| ()).is_none());
    for bad in [0, 1, 21] {
        assert!(FoldCount::try_from(bad).unwrap_err().contains("between 2 and 20"));
    }
    assert_eq!(FoldCount::default().get(), 5);
}

#[test]
fn a_wrong_one_is_explained_even_where_its_route_is_far_down() {
    let near: Vec<Vectored> =
        (0..40).map(|i| route(&format!("near {i:02}"), &[0.8 + i as f32 / 1000.0])).collect();
    let far = route("right", &[0.1, 0.2]);
    let snapshot = snapshot(near.into_iter().chain([far]));
    let sample = Sample { text: text("asked"), intent: Some(name("right")) };
    let vector = toward(1.0);
    let judge = |sample: &Sample| {
        snapshot.judge(Query { text: sample.text.as_str(), vector: &vector }, sample)
    };
    let judged = judge(&sample);
    assert_eq!(judged.got, Some(name("near 39")));
    assert!(!judged.right && !judged.first_is_right());
    assert_eq!(judged.nearest_of_first.unwrap().utterance, text("near 39 0"));
    assert_eq!(judged.nearest_of_expected.unwrap().utterance, text("right 1"));
    let right = Sample { text: text("asked"), intent: Some(name("near 39")) };
    let judged = judge(&right);
    assert!(judged.right && judged.nearest_of_first.is_none());
}
