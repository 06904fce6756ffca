//! From an objective to cuts on confidence: exact, from the sorted confidences.

use std::cmp::Ordering;

use super::judged::Judged;
use super::objective::Objective;

/// A route gets a cut of its own from so many texts on.
const OWN: usize = 10;
/// Cuts of single routes must be better than a global one by this, held out: with fewer texts
/// the best of two rules is often the luckier one.
const BETTER: f64 = 1e-2;

/// The cuts of all routes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cuts {
    pub(super) global: f64,
    /// Of single routes, where they have one of their own.
    pub(super) own: Vec<Option<f64>>,
}

/// A judged text with its confidence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rated<'a> {
    pub(super) judged: &'a Judged,
    pub(super) confidence: f64,
}

/// What was accepted, by weight.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    right: f64,
    wrong: f64,
    foreign: f64,
}

/// How much of the texts there is, accepted or not.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    inside: f64,
    outside: f64,
    /// The same as numbers of texts.
    counts: (f64, f64),
}

impl Cuts {
    pub(super) fn global(global: f64, routes: usize) -> Self {
        Self { global, own: vec![None; routes] }
    }

    pub(super) fn accept(&self, rated: &Rated<'_>) -> bool {
        rated.confidence >= self.own[rated.judged.first].unwrap_or(self.global)
    }
}

impl Tally {
    fn of<'a>(rated: impl Iterator<Item = &'a Judged>) -> Self {
        let mut tally = Self::default();
        rated.for_each(|judged| tally.add(judged));
        tally
    }

    fn add(&mut self, judged: &Judged) {
        match judged.belongs {
            None => self.foreign += judged.weight,
            Some(_) if judged.is_right() => self.right += judged.weight,
            Some(_) => self.wrong += judged.weight,
        }
    }
}

impl Totals {
    fn of<'a>(judged: impl Iterator<Item = &'a Judged>) -> Self {
        let mut totals = Self::default();
        for judged in judged {
            if judged.belongs.is_some() {
                totals.inside += judged.weight;
                totals.counts.0 += 1.0;
            } else {
                totals.outside += judged.weight;
                totals.counts.1 += 1.0;
            }
        }
        totals
    }
}

/// How good it is to have accepted this; larger is better. What misses a promised bound is below
/// zero, and the more the further it misses.
fn value(objective: Objective, tally: &Tally, totals: &Totals) -> f64 {
    let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let inside = share(tally.right + tally.wrong, totals.inside);
    let right = share(tally.right, totals.inside);
    let outside = share(tally.foreign, totals.outside);
    let bound = |missed: f64, value: f64| if missed > 1e-12 { -missed } else { value };
    match objective {
        Objective::Accuracy | Objective::F1 => tally.right + totals.outside - tally.foreign,
        Objective::Keep(least) => bound(least.get() - inside, 1.0 - outside),
        Objective::MaxFalseAccept(most) => bound(outside - most.get(), right),
        Objective::MinPrecision(least) => {
            let precision = share(tally.right, tally.right + tally.wrong + tally.foreign);
            bound(least.get() - precision, right)
        }
        Objective::Cost(cost) => {
            let refused = totals.inside - tally.right - tally.wrong;
            -(cost.get() * (tally.wrong + tally.foreign) + refused)
        }
    }
}

/// The objective as it is to be met on these texts so that it holds for others in the mean:
/// with `n` texts, a share that is promised of the next one is one of `n + 1` (as in
/// conformal prediction).
fn promised(objective: Objective, totals: &Totals) -> Objective {
    let (inside, outside) = totals.counts;
    let narrowed = |share: f64, count: f64| share - (1.0 - share) / count.max(1.0);
    match objective {
        Objective::MaxFalseAccept(most) => narrowed(most.get(), outside)
            .max(0.0)
            .try_into()
            .map_or(objective, Objective::MaxFalseAccept),
        Objective::Keep(least) => (1.0 - narrowed(1.0 - least.get(), inside))
            .min(1.0)
            .try_into()
            .map_or(objective, Objective::Keep),
        other => other,
    }
}

/// The macro F1 of routes that have texts, by what was accepted.
pub(super) fn macro_f1(verdicts: &[(&Judged, bool)], routes: usize) -> f64 {
    let mut counts = vec![Counts::default(); routes];
    for &(judged, accepted) in verdicts {
        if let Some(belongs) = judged.belongs {
            counts[belongs].support += judged.weight;
        }
        if accepted {
            counts[judged.first].add(judged);
        }
    }
    let with: Vec<f64> = counts.iter().filter(|c| c.support > 0.0).map(Counts::f1).collect();
    with.iter().sum::<f64>() / (with.len() as f64).max(1.0)
}

/// What the objective makes of what was accepted.
pub(super) fn judge(objective: Objective, verdicts: &[(&Judged, bool)], routes: usize) -> f64 {
    if objective == Objective::F1 {
        return macro_f1(verdicts, routes);
    }
    let totals = Totals::of(verdicts.iter().map(|(judged, _)| *judged));
    let accepted = verdicts.iter().filter(|(_, accepted)| *accepted).map(|(judged, _)| *judged);
    value(objective, &Tally::of(accepted), &totals)
}

/// What a route took, and what there is of it, by weight.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    right: f64,
    wrong: f64,
    support: f64,
}

impl Counts {
    fn add(&mut self, judged: &Judged) {
        let to = if judged.is_right() { &mut self.right } else { &mut self.wrong };
        *to += judged.weight;
    }

    fn f1(&self) -> f64 {
        let all = self.right + self.wrong + self.support;
        if all > 0.0 { 2.0 * self.right / all } else { 0.0 }
    }
}

/// The best global cut.
pub(super) fn global(objective: Objective, rated: &[Rated<'_>], routes: usize) -> Cuts {
    let totals = Totals::of(rated.iter().map(|rated| rated.judged));
    let promised = promised(objective, &totals);
    let mut tally = Tally::default();
    let mut counts = vec![Counts::default(); routes];
    for judged in rated.iter().map(|rated| rated.judged) {
        if let Some(belongs) = judged.belongs {
            counts[belongs].support += judged.weight;
        }
    }
    let mut f1: f64 = 0.0;
    let cut = best_cut(rated, |judged| {
        if objective == Objective::F1 {
            let counts = &mut counts[judged.first];
            let before = counts.f1();
            counts.add(judged);
            // Of routes without texts F1 says nothing, but what they take is wrong.
            if counts.support > 0.0 {
                f1 += counts.f1() - before;
            }
            f1
        } else {
            tally.add(judged);
            value(promised, &tally, &totals)
        }
    });
    Cuts::global(cut, routes)
}

/// The cut of the best F1 of each route that has enough texts; others keep the global one.
pub(super) fn single(rated: &[Rated<'_>], global: &Cuts) -> Cuts {
    let own = (0..global.own.len()).map(|route| {
        let taken: Vec<Rated<'_>> =
            rated.iter().filter(|rated| rated.judged.first == route).copied().collect();
        let own = rated.iter().filter(|rated| rated.judged.belongs == Some(route));
        let own: Vec<f64> = own.map(|rated| rated.judged.weight).collect();
        if taken.len() < OWN || own.len() < OWN {
            return None;
        }
        let mut counts = Counts { support: own.iter().sum(), ..Counts::default() };
        Some(best_cut(&taken, |judged| {
            counts.add(judged);
            counts.f1()
        }))
    });
    Cuts { global: global.global, own: own.collect() }
}

/// Whether single routes may get cuts of their own. Of the mean over routes each route's part is its
/// own; for what is counted over all texts a common cut on confidence is the best there is, as
/// far as confidence is right, and single ones cost 9 points on a set of another study.
pub(super) fn can_be_single(objective: Objective) -> bool {
    objective == Objective::F1
}

/// Whether single cuts earn their place, by their values held out.
pub(super) fn are_worth_it(single: f64, global: f64) -> bool {
    single > global + BETTER
}

/// The cut at which `add`, told one accepted text after the other, returned most; halfway to the
/// next confidence. At least one text passes.
fn best_cut(rated: &[Rated<'_>], mut add: impl FnMut(&Judged) -> f64) -> f64 {
    let mut sorted: Vec<&Rated<'_>> = rated.iter().collect();
    // Of equal confidences all pass or none; which is told first makes no difference to the
    // value after the last, but to the rounding of sums.
    sorted.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let (mut best, mut cut) = (f64::NEG_INFINITY, 0.5);
    for (rank, rated) in sorted.iter().enumerate() {
        let value = add(rated.judged);
        let next = sorted.get(rank + 1).map(|next| next.confidence);
        if next.is_some_and(|next| next.total_cmp(&rated.confidence) == Ordering::Equal) {
            continue;
        }
        if value > best {
            best = value;
            // Below the last one nothing is known: what passes there is as little as can be.
            cut = next.map_or(rated.confidence, |next| f64::midpoint(rated.confidence, next));
        }
    }
    cut
}

#[cfg(test)]
mod tests;
