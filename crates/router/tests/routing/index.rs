//! Searching by bytes and bounds against computing everything, while rows come and go.
//!
//! Vectors lie in clusters, as those of sentences do: the bounds of many rows overlap, and
//! many rows must be looked at twice.

use std::collections::BTreeMap;

use proptest::prelude::*;
use synaptoroute_kernels::{Isa, Kernels};
use synaptoroute_router::{
    Edit, NEAREST, Owner, Place, PlacedText, Prior, RouteAttributes, RouteName, Settings, Snapshot,
    SnapshotBuilder,
};

use crate::support::{name, placed, text, top_k};

const WIDTH: usize = 64;

/// Numbers that look random, always the same.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        self.0 >> 33
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn unit(&mut self) -> f32 {
        self.next() as f32 / (1u64 << 30) as f32 - 1.0
    }

    /// A unit vector in one of some tight clusters, which lie near to each other.
    fn vector(&mut self) -> Vec<f32> {
        let cluster = self.below(12) as u64;
        let mut common = Noise(7);
        let mut centre = Noise(1000 + cluster);
        let spread = [0.0, 0.02, 0.3][self.below(3)];
        let vector: Vec<f32> = (0..WIDTH)
            .map(|_| 1.5 * common.unit() + centre.unit() + spread * self.unit())
            .collect();
        let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        vector.iter().map(|x| x / norm).collect()
    }
}

type Rows = Vec<PlacedText>;

/// All that is in a snapshot, plainly.
#[derive(Clone, Default)]
struct Model {
    routes: BTreeMap<RouteName, (RouteAttributes, Rows, Rows)>,
    negatives: Rows,
}

impl Model {
    fn rows(&mut self, owner: &Owner) -> &mut Rows {
        match owner {
            Owner::Namespace => &mut self.negatives,
            Owner::Utterances(name) => &mut self.routes.get_mut(name).unwrap().1,
            Owner::Negatives(name) => &mut self.routes.get_mut(name).unwrap().2,
        }
    }

    fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::PutRoute(name, attributes) => {
                self.routes.entry(name.clone()).or_default().0 = attributes.clone();
            }
            Edit::RemoveRoute(name) => {
                self.routes.remove(name).unwrap();
            }
            Edit::Add(owner, texts) => {
                let rows = self.rows(owner);
                rows.extend_from_slice(texts);
                rows.sort_by_key(|row| row.place);
            }
            Edit::Remove(owner, places) => {
                self.rows(owner).retain(|row| !places.contains(&row.place));
            }
            Edit::Settings(_) => {}
        }
    }

    fn owners(&self) -> Vec<Owner> {
        let of =
            |name: &RouteName| [Owner::Utterances(name.clone()), Owner::Negatives(name.clone())];
        self.routes.keys().flat_map(of).chain([Owner::Namespace]).collect()
    }

    /// Some edits that are possible now, made.
    fn step(&mut self, noise: &mut Noise) -> Vec<Edit> {
        let called = name(&format!("route {}", noise.below(30)));
        let mut edits = Vec::new();
        match noise.below(10) {
            0 if self.routes.contains_key(&called) => edits.push(Edit::RemoveRoute(called)),
            0..=2 => {
                let threshold = [None, Some(0.2), Some(0.95)][noise.below(3)];
                let attributes = RouteAttributes {
                    threshold: threshold.map(|cut| cut.try_into().unwrap()),
                    ..RouteAttributes::default()
                };
                let new = !self.routes.contains_key(&called);
                edits.push(Edit::PutRoute(called.clone(), attributes));
                if new {
                    edits.push(Edit::Add(Owner::Utterances(called), some(noise)));
                }
            }
            3..=5 => {
                let owners = self.owners();
                edits.push(Edit::Add(owners[noise.below(owners.len())].clone(), some(noise)));
            }
            _ => {
                let owners = self.owners();
                let owner = owners[noise.below(owners.len())].clone();
                let keep = usize::from(matches!(owner, Owner::Utterances(_)));
                let part = 1 + noise.below(4);
                let mut places: Vec<Place> =
                    self.rows(&owner).iter().map(|row| row.place).collect();
                let turn = noise.below(places.len().max(1));
                places.rotate_left(turn);
                places.truncate((places.len() / part).min(places.len().saturating_sub(keep)));
                edits.push(Edit::Remove(owner, places));
            }
        }
        edits.iter().for_each(|edit| self.edit(edit));
        edits
    }
}

/// A few new texts, seldom many.
fn some(noise: &mut Noise) -> Rows {
    let count = [1, 1, 2, 5, 40, 700][noise.below(6)];
    let texts: Vec<_> = (0..count).map(|_| text(&format!("text {}", noise.next()))).collect();
    let vectors: Vec<_> = (0..count).map(|_| noise.vector()).collect();
    placed(&texts, &vectors)
}

/// Similarities computed in f32, the best first; of equals the one before.
fn brute(kernels: &Kernels, query: &[f32], rows: &Rows) -> Vec<(f64, Place)> {
    let mut all: Vec<(f64, Place)> = rows
        .iter()
        .map(|row| {
            let mut out = [0.0];
            kernels.dot_rows(query, &row.vector, &mut out);
            (f64::from(out[0]), row.place)
        })
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    all.truncate(NEAREST);
    all
}

/// Name, score and the nearest texts' places of all routes, in the order of a decision.
type Ranking = Vec<(RouteName, f64, Vec<f64>)>;

fn expected(model: &Model, kernels: &Kernels, query: &[f32]) -> Ranking {
    let common = brute(kernels, query, &model.negatives).first().map(|hit| hit.0);
    let mut all: Vec<(bool, RouteName, f64, Vec<f64>)> = model
        .routes
        .iter()
        .map(|(name, (attributes, utterances, negatives))| {
            let hits = brute(kernels, query, utterances);
            let score = hits.iter().map(|hit| hit.0).sum::<f64>() / hits.len() as f64;
            let own = brute(kernels, query, negatives).first().map(|hit| hit.0);
            let against = own.into_iter().chain(common).any(|negative| negative > hits[0].0);
            let cut = attributes.threshold.map_or(0.5, f64::from);
            let passes = !against && Prior::BGE_SMALL.confidence(score) >= cut;
            (!passes, name.clone(), score, hits.iter().map(|hit| hit.0).collect())
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0).then(b.2.total_cmp(&a.2)).then(a.1.cmp(&b.1)));
    all.into_iter().map(|(_, name, score, hits)| (name, score, hits)).collect()
}

fn found(snapshot: &Snapshot, query: &[f32], shown: u64) -> Ranking {
    let decision = snapshot.decide(query, Some(top_k(shown)));
    let candidate = |candidate: &synaptoroute_router::Candidate| {
        let hits = candidate.nearest.iter().map(|near| near.similarity).collect();
        (candidate.route.clone(), candidate.score, hits)
    };
    decision.candidates.iter().map(candidate).collect()
}

fn check(snapshot: &Snapshot, model: &Model, kernels: &Kernels, noise: &mut Noise) {
    assert_eq!(snapshot.route_count(), model.routes.len());
    for _ in 0..3 {
        let query = noise.vector();
        let expected = expected(model, kernels, &query);
        for shown in [1, 3, 100] {
            let mut expected = expected.clone();
            expected.truncate(shown as usize);
            assert_eq!(found(snapshot, &query, shown), expected, "{shown} shown, {kernels:?}");
        }
    }
}

fn check_texts(snapshot: &Snapshot, model: &mut Model) {
    let mut count = 0;
    for owner in model.owners() {
        let rows = model.rows(&owner);
        assert_eq!(&snapshot.placed_texts(&owner), rows, "{owner:?}");
        count += rows.len();
    }
    assert_eq!(snapshot.text_count(), count);
    let counts = |entry: &synaptoroute_router::RouteEntry| (entry.utterances, entry.negatives);
    for (name, (attributes, utterances, negatives)) in &model.routes {
        let entry = snapshot.route(name.as_str()).unwrap();
        assert_eq!(&entry.attributes, attributes);
        assert_eq!(counts(entry), (utterances.len(), negatives.len()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_index_finds_what_computing_everything_finds(seed in any::<u64>()) {
        let isas: Vec<Isa> = Isa::available().collect();
        let mut noise = Noise(seed);
        let kernels = Kernels::new(isas[noise.below(isas.len())]).unwrap();
        let mut model = Model::default();
        let mut snapshot = Snapshot::empty(kernels, WIDTH);
        let mut planned = None;
        for step in 0..120 {
            let before = (snapshot.clone(), model.clone());
            // Several changes may be published as one.
            let mut next = SnapshotBuilder::from(snapshot);
            for _ in 0..=noise.below(3) {
                model.step(&mut noise).into_iter().for_each(|edit| next.edit(edit));
            }
            snapshot = next.finish((step + 1).into());
            // Planned at one revision, put in place at a later one.
            match planned.take() {
                None if noise.below(3) == 0 => {
                    planned = snapshot.compaction().map(synaptoroute_router::Compaction::build);
                }
                Some(compaction) if noise.below(2) == 0 => {
                    snapshot = snapshot.compacted(&compaction).expect("no other came between");
                    prop_assert!(snapshot.compacted(&compaction).is_none(), "twice");
                }
                still => planned = still,
            }
            if step % 10 == 0 {
                check(&snapshot, &model, &kernels, &mut noise);
                check_texts(&snapshot, &mut model);
                let (mut old, mut old_model) = before;
                check(&old, &old_model, &kernels, &mut noise);
                check_texts(&old, &mut old_model);
                old = old.with(old.revision(), [Edit::Settings(Settings::default())]);
                drop(old);
            }
        }
    }
}

/// A route that is overwritten again and again leaves nothing behind.
#[test]
fn overwriting_keeps_memory_flat() {
    let mut noise = Noise(1);
    let mut snapshot = Snapshot::empty(Kernels::detect(), WIDTH);
    let mut most = 0;
    for round in 0..3000u64 {
        let known = snapshot.route("a").map(|_| Edit::RemoveRoute(name("a")));
        let texts: Vec<_> = (0..10).map(|i| text(&format!("text {i} of {round}"))).collect();
        let vectors: Vec<_> = (0..10).map(|_| noise.vector()).collect();
        let add = [
            Edit::PutRoute(name("a"), RouteAttributes::default()),
            Edit::Add(Owner::Utterances(name("a")), placed(&texts, &vectors)),
        ];
        snapshot = snapshot.with(round.into(), known.into_iter().chain(add));
        if let Some(compaction) = snapshot.compaction() {
            snapshot = snapshot.compacted(&compaction.build()).unwrap();
        }
        most = most.max(snapshot.bytes());
    }
    assert_eq!(snapshot.texts(&Owner::Utterances(name("a"))).len(), 10);
    assert!(most < 100 << 10, "{most} bytes for ten texts");
}

/// Many rows at once fill segments, and the last of these may have a few: it looked like one
/// that grows, and the next row made the process panic.
#[test]
fn a_row_can_follow_any_number_of_rows_added_at_once() {
    let mut noise = Noise(3);
    for count in [511, 512, 513, 15_872, 15_873, 15_900] {
        let vectors: Vec<_> = (0..count).map(|_| noise.vector()).collect();
        let texts: Vec<_> = (0..count).map(|i| text(&format!("text {i}"))).collect();
        let mut snapshot = Snapshot::empty(Kernels::detect(), WIDTH).with(
            1.into(),
            [
                Edit::PutRoute(name("a"), RouteAttributes::default()),
                Edit::Add(Owner::Utterances(name("a")), placed(&texts, &vectors)),
            ],
        );
        for one in 0..40 {
            let (text, vector) = (text(&format!("one more {one}")), noise.vector());
            let added = placed(&[text], std::slice::from_ref(&vector));
            snapshot = snapshot.with(2.into(), [Edit::Add(Owner::Utterances(name("a")), added)]);
            let decision = snapshot.decide(&vector, None);
            let nearest = &decision.candidates[0].nearest[0];
            assert!(nearest.similarity > 0.999, "{count}, {one}: {nearest:?}");
        }
        assert_eq!(snapshot.text_count(), count + 40);
    }
}
