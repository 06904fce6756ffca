use std::sync::Arc;

use synaptoroute_kernels::Kernels;

use crate::confidence::Prior;
use crate::fit::{EvidenceSet, FitInputs, Objective, Serial};
use crate::settings::TopK;
use crate::snapshot::Snapshot;
use crate::{Edit, Outcome, Owner, Place, PlacedText, RouteAttributes, RouteName, Text};

const WIDTH: usize = 16;

/// A unit vector of this cosine to the query, which is the first axis.
fn at(cosine: f32) -> Arc<[f32]> {
    let mut vector = vec![0.0; WIDTH];
    vector[0] = cosine;
    vector[1] = (1.0 - cosine * cosine).sqrt();
    vector.into()
}

fn placed(kind: &str, count: u64, cosine: f32) -> Vec<PlacedText> {
    let one = |number: u64| PlacedText {
        place: Place::from(number),
        text: Text::try_from(format!("{kind} {number}")).unwrap(),
        vector: at(cosine),
    };
    (0..count).map(one).collect()
}

/// Routes by name, each with the cosine of its utterances, and of a negative.
fn snapshot(routes: &[(&str, f32, Option<f32>)]) -> Snapshot {
    let edits = routes.iter().flat_map(|&(called, utterances, negative)| {
        let name = RouteName::try_from(called).unwrap();
        let negatives = negative.map_or_else(Vec::new, |cosine| placed("not", 1, cosine));
        [
            Edit::PutRoute(name.clone(), RouteAttributes::default()),
            Edit::Add(Owner::Utterances(name.clone()), placed(called, 5, utterances)),
            Edit::Add(Owner::Negatives(name), negatives),
        ]
    });
    Snapshot::empty(Kernels::detect(), WIDTH).with(1.into(), edits)
}

/// The snapshot with a fit in which these numbers are added to the routes' scores, and nothing to
/// what confidence is made of.
fn with_biases(snapshot: &Snapshot, biases: &[f32]) -> Snapshot {
    let inputs = FitInputs {
        objective: Objective::default(),
        evidence: EvidenceSet::default(),
        background: &[],
        samples: &[],
        out_of_fold: None,
    };
    let fit = snapshot.fit(&inputs, &Serial).unwrap().fit.expect("there is enough to learn from");
    let mut fit = Arc::unwrap_or_clone(fit);
    fit.learned.head.weights.data.fill(0.0);
    fit.learned.head.biases.copy_from_slice(biases);
    (fit.score, fit.sum) = Default::default();
    fit.score.head = 1.0;
    fit.acceptance = Prior::BGE_SMALL.acceptance();
    fit.cut = crate::DEFAULT_CUT;
    fit.routes.iter_mut().for_each(|route| route.cut = None);
    snapshot.with_fit(Some(Arc::new(fit)))
}

/// One that hides others was forgotten where those that a negative refuses filled the list: which
/// route was the answer hung on how many candidates were asked for.
#[test]
fn a_route_hides_others_though_it_is_not_among_those_shown() {
    let snapshot = snapshot(&[
        ("a", 0.95, Some(0.97)),
        ("b", 0.95, Some(0.97)),
        ("hides", 0.3, None),
        ("passes", 0.9, None),
    ]);
    let snapshot = with_biases(&snapshot, &[2.0, 2.0, 1.5, 0.0]);
    for count in 1..=5 {
        let top_k = TopK::try_from(count).unwrap();
        let decision = snapshot.decide(&*at(1.0), Some(top_k));
        assert_eq!(decision.outcome, Outcome::None, "top_k {count}: {decision:?}");
        let order: Vec<&str> = decision.candidates.iter().map(|c| c.route.as_str()).collect();
        let all = ["a", "b", "hides", "passes"];
        assert_eq!(order, all[..all.len().min(count as usize)]);
    }
}
