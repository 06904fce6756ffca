//! What an explanation says would have changed the outcome, done: it changes.

use synaptoroute_router::{
    DecideOptions, Decision, Edit, EvidenceSet, FitInputs, Objective, Outcome, Owner, Place,
    RouteName, Serial, Settings, Snapshot,
};

use crate::support::{
    Vectored, content, name, placed, query, score_threshold, text, threshold, top_k, toward, with,
};

/// Numbers from 0 to 1 that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.next()
    }

    fn cosines(&mut self, count: usize, highest: f64) -> Vec<f32> {
        (0..count).map(|_| self.between(0.5, highest) as f32).collect()
    }
}

/// Seven routes of four utterances, some with negatives and cuts.
fn some_routes(dice: &mut Dice) -> Snapshot {
    let highest = dice.between(0.6, 0.999);
    let routes: Vec<Vectored> = (0..7)
        .map(|number| {
            let utterances = dice.cosines(4, highest);
            let negatives = if dice.next() < 0.3 { dice.cosines(2, highest) } else { Vec::new() };
            let cut = (dice.next() < 0.3).then(|| dice.between(0.3, 1.0));
            let score_cut = (dice.next() < 0.3).then(|| dice.between(0.6, 1.0));
            with(&format!("route{number}"), &utterances, &negatives, |route| {
                cut.into_iter().for_each(|cut| threshold(cut)(route));
                score_cut.into_iter().for_each(|cut| score_threshold(cut)(route));
            })
        })
        .collect();
    let margin = if dice.next() < 0.5 { 0.0 } else { dice.between(0.0, 0.2) };
    let settings = Settings { margin: margin.try_into().unwrap(), ..Settings::default() };
    let common =
        if dice.next() < 0.3 { vec![toward(dice.between(0.5, 0.9) as f32)] } else { vec![] };
    content(settings, &common, routes)
}

fn fitted(snapshot: Snapshot) -> Snapshot {
    let inputs = FitInputs {
        objective: Objective::default(),
        evidence: EvidenceSet::default(),
        background: &[],
        samples: &[],
        out_of_fold: None,
    };
    let fit = snapshot.fit(&inputs, &Serial).unwrap().fit;
    snapshot.with_fit(Some(fit.expect("there is enough to learn from")))
}

fn edited(snapshot: &Snapshot, edits: impl IntoIterator<Item = Edit>) -> Snapshot {
    snapshot.with(snapshot.revision().next(), edits)
}

fn with_margin(snapshot: &Snapshot, margin: f64) -> Snapshot {
    let margin = margin.clamp(0.0, 2.0).try_into().unwrap();
    edited(snapshot, [Edit::Settings(Settings { margin, ..*snapshot.settings() })])
}

/// `a threshold of at most 0.5 and a score_threshold of at most 0.5 for NAME`, or one of the two.
fn with_cuts(snapshot: &Snapshot, cuts: &str) -> Snapshot {
    let (cuts, route) = cuts.rsplit_once(" for ").unwrap();
    let mut attributes = snapshot.route(route).unwrap().attributes.clone();
    for cut in cuts.split(" and ") {
        if let Some(cut) = cut.strip_prefix("a threshold of at most ") {
            attributes.threshold = Some(number(cut).try_into().unwrap());
        } else {
            let cut = cut.strip_prefix("a score_threshold of at most ").unwrap();
            attributes.score_threshold = Some(number(cut).try_into().unwrap());
        }
    }
    edited(snapshot, [Edit::PutRoute(name(route), attributes)])
}

fn without_negatives_above(snapshot: &Snapshot, cosine: f64) -> Snapshot {
    let names: Vec<RouteName> = snapshot.routes().map(|route| route.name.clone()).collect();
    let owners = names.into_iter().map(Owner::Negatives).chain([Owner::Namespace]);
    let removals = owners.map(|owner| {
        let near: Vec<Place> = snapshot
            .placed_texts(&owner)
            .iter()
            // As it is shown.
            .filter(|text| f64::from(snapshot.cosine(&query(), text)) > cosine - 5e-4)
            .map(|text| text.place)
            .collect();
        Edit::Remove(owner, near)
    });
    edited(
        snapshot,
        removals.filter(|edit| !matches!(edit, Edit::Remove(_, near) if near.is_empty())),
    )
}

fn with_utterances(snapshot: &Snapshot, route: &str, cosines: &[f32]) -> Snapshot {
    let texts = crate::support::texts("new", cosines.len());
    let vectors: Vec<Vec<f32>> = cosines.iter().map(|&cosine| toward(cosine)).collect();
    edited(snapshot, [Edit::Add(Owner::Utterances(name(route)), placed(&texts, &vectors))])
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

/// The snapshot in which a line has come true.
fn come_true(snapshot: &Snapshot, line: &str) -> Snapshot {
    if let Some(rest) = line.strip_prefix("a threshold above ") {
        let (above, route) = rest.split_once(" for ").unwrap();
        let above = number(above) + 1e-9;
        return with_cuts(snapshot, &format!("a threshold of at most {above} for {route}"));
    }
    if let Some(route) = line.strip_prefix("a threshold of 1 for ") {
        return with_cuts(snapshot, &format!("a threshold of at most 1 for {route}"));
    }
    if let Some(rest) = line.strip_prefix("removing the negatives nearer to the text than ") {
        let (cosine, cuts) = match rest.split_once(", together with ") {
            Some((cosine, cuts)) => (cosine, Some(cuts)),
            None => (rest, None),
        };
        let without = without_negatives_above(snapshot, number(cosine));
        return cuts.map_or(without.clone(), |cuts| with_cuts(&without, cuts));
    }
    if let Some(rest) = line.strip_prefix("utterances for ") {
        let (route, rest) = rest.split_once(" that raise its nearest ").unwrap();
        if let Some((_, needed)) = rest.strip_prefix("from ").and_then(|r| r.split_once(" to ")) {
            // A little above, for the mean of three equal ones may be a bit lower.
            let cosine = (number(needed) + 1e-6).min(1.0) as f32;
            return with_utterances(snapshot, route, &[cosine; 3]);
        }
        let (_, margin) = rest.split_once("; or a margin of at least ").unwrap();
        let margin = margin.split_once(',').unwrap().0;
        return with_margin(snapshot, number(margin));
    }
    if let Some(route) = line.strip_prefix("this text as an utterance of ") {
        return with_utterances(snapshot, route, &[1.0]);
    }
    if line == "this text as a negative" {
        let negative = placed(&[text("the text itself")], &[query()]);
        return edited(snapshot, [Edit::Add(Owner::Namespace, negative)]);
    }
    if let Some(rest) = line.strip_prefix("a margin below ") {
        let below = number(rest.split_once(' ').unwrap().0);
        return with_margin(snapshot, below - 1e-9);
    }
    if line.starts_with("a margin of 0,") {
        return with_margin(snapshot, 0.0);
    }
    if let Some(rest) = line.strip_prefix("a margin of at least ") {
        return with_margin(snapshot, number(rest.split_once(',').unwrap().0));
    }
    with_cuts(snapshot, line)
}

fn explained(snapshot: &Snapshot) -> Decision {
    snapshot.decide(&query(), DecideOptions::top_k(Some(top_k(3))).explained())
}

/// Lines said what did not change anything: a lower threshold where a `score_threshold` refused too,
/// the text as an utterance where that was not enough, numbers rounded to the wrong side.
#[test]
fn every_line_of_what_would_change_the_outcome_changes_it() {
    let mut dice = Dice(1);
    let mut seen = [0; 3];
    let mut wrong = Vec::new();
    for round in 0..400 {
        let plain = some_routes(&mut dice);
        let snapshot = if round % 4 == 0 { fitted(plain) } else { plain };
        let decision = explained(&snapshot);
        seen[match decision.outcome {
            Outcome::Matched => 0,
            Outcome::Ambiguous => 1,
            _ => 2,
        }] += 1;
        for line in &decision.explanation.as_ref().unwrap().would_change {
            let other = explained(&come_true(&snapshot, line));
            if (other.outcome, &other.intent) == (decision.outcome, &decision.intent) {
                let summary = &decision.explanation.as_ref().unwrap().summary;
                wrong.push(format!("{round}: {summary} {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
}
