//! The rule that a fit comes to, and how good it is.

use super::acceptance::Acceptance;
use super::blend::Weights;
use super::corpus::Corpus;
use super::cuts::{self, Cuts, Rated};
use super::judged::{Judged, Origin};
use super::objective::Objective;
use super::report::FitQuality;
use super::trials::{Sums, acceptance};
use crate::confidence::DEFAULT_CUT;
use crate::evaluation::Share;
use crate::snapshot::Snapshot;
use crate::threshold::Cut;

/// Who, whether, and from what confidence on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) sums: Sums,
    pub(super) acceptance: Acceptance,
    pub(super) cuts: Cuts,
}

/// The same sums, with what follows from judged texts.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) acceptance: Acceptance,
    pub(super) cuts: Cuts,
    /// Cross-validated.
    pub(super) quality: FitQuality,
}

impl Rule {
    /// The rule while nothing was fitted.
    pub(super) fn unfitted(snapshot: &Snapshot, routes: usize) -> Self {
        let none = Weights::default();
        Self {
            sums: Sums { score: none, acceptance: none },
            acceptance: snapshot.prior.acceptance(),
            cuts: Cuts::global(DEFAULT_CUT.get(), routes),
        }
    }

    /// The rule that the snapshot decides by now.
    pub(super) fn now(snapshot: &Snapshot, corpus: &Corpus) -> Self {
        let routes = corpus.routes();
        let Some(fit) = snapshot.fit.as_deref() else { return Self::unfitted(snapshot, routes) };
        let own = corpus.names.iter().map(|name| {
            let row = fit.routes.binary_search_by(|route| route.name.cmp(name)).ok()?;
            fit.routes[row].cut.map(Cut::get)
        });
        Self {
            sums: Sums { score: fit.score, acceptance: fit.sum },
            acceptance: fit.acceptance,
            cuts: Cuts { global: fit.cut.get(), own: own.collect() },
        }
    }

    /// How good it is on texts that it was not made from.
    pub(super) fn quality(&self, objective: Objective, judged: &[Judged]) -> FitQuality {
        let verdict = |judged| {
            let rated = rate(judged, &self.acceptance);
            (rated.judged, self.cuts.accept(&rated))
        };
        quality(objective, &judged.iter().map(verdict).collect::<Vec<_>>(), self.cuts.own.len())
    }
}

/// Learns confidence and cuts, and judges each fold's texts by what the others taught.
pub(super) fn learn(
    objective: Objective,
    judged: &[Judged],
    routes: usize,
    folds: usize,
) -> Outcome {
    let single = cuts::can_be_single(objective);
    let (global_quality, own_quality) = (
        cross_validate(objective, judged, routes, folds, false),
        single.then(|| cross_validate(objective, judged, routes, folds, true)),
    );
    let own = own_quality.filter(|own| cuts::are_worth_it(own.objective, global_quality.objective));
    let (acceptance, cuts) =
        choose(objective, &judged.iter().collect::<Vec<_>>(), routes, own.is_some());
    Outcome { acceptance, cuts, quality: own.unwrap_or(global_quality) }
}

fn cross_validate(
    objective: Objective,
    judged: &[Judged],
    routes: usize,
    folds: usize,
    single: bool,
) -> FitQuality {
    let mut verdicts = Vec::with_capacity(judged.len());
    for fold in 0..folds {
        let (own, others): (Vec<&Judged>, Vec<&Judged>) =
            judged.iter().partition(|judged| judged.fold == fold);
        let (acceptance, cuts) = choose(objective, &others, routes, single);
        verdicts.extend(own.into_iter().map(|judged| {
            let rated = rate(judged, &acceptance);
            (rated.judged, cuts.accept(&rated))
        }));
    }
    quality(objective, &verdicts, routes)
}

fn choose(
    objective: Objective,
    judged: &[&Judged],
    routes: usize,
    single: bool,
) -> (Acceptance, Cuts) {
    let acceptance = acceptance(judged.iter().copied());
    let decisive = decisive(judged.iter().copied());
    let rated: Vec<Rated<'_>> = judged
        .iter()
        .filter(|judged| decisive(judged))
        .map(|judged| rate(judged, &acceptance))
        .collect();
    let global = cuts::global(objective, &rated, routes);
    let cuts = if single { cuts::single(&rated, &global) } else { global };
    (acceptance, cuts)
}

/// Whether a text counts when cuts are chosen and judged: where there are samples, in scope or out
/// of it, they alone do, for they are what will be asked.
fn decisive<'a>(judged: impl Iterator<Item = &'a Judged>) -> impl Fn(&Judged) -> bool {
    let (mut inside, mut outside) = (false, false);
    for judged in judged.filter(|judged| judged.origin == Origin::Sample) {
        if judged.belongs.is_some() { inside = true } else { outside = true }
    }
    move |judged| {
        let sampled = if judged.belongs.is_some() { inside } else { outside };
        !sampled || judged.origin == Origin::Sample
    }
}

fn rate<'a>(judged: &'a Judged, acceptance: &Acceptance) -> Rated<'a> {
    Rated { judged, confidence: acceptance.confidence(judged.evidence) }
}

/// Of judged texts and whether they were accepted; only those that are decisive count.
fn quality(objective: Objective, verdicts: &[(&Judged, bool)], routes: usize) -> FitQuality {
    let decisive = decisive(verdicts.iter().map(|(judged, _)| *judged));
    let verdicts: Vec<(&Judged, bool)> =
        verdicts.iter().copied().filter(|(judged, _)| decisive(judged)).collect();
    let count = |of: &dyn Fn(&Judged, bool) -> bool| {
        verdicts.iter().filter(|(judged, accepted)| of(judged, *accepted)).count()
    };
    let inside = count(&|judged, _| judged.belongs.is_some());
    let outside = count(&|judged, _| judged.belongs.is_none());
    let share = |of: &dyn Fn(&Judged, bool) -> bool| Share::new(count(of), inside);
    let false_accepts = count(&|judged, accepted| accepted && judged.belongs.is_none());
    FitQuality {
        right_route: share(&|judged, _| judged.is_right()),
        accuracy: share(&|judged, accepted| accepted && judged.is_right()),
        kept: share(&|judged, accepted| accepted && judged.belongs.is_some()),
        false_accept: Share::new(false_accepts, outside),
        macro_f1: cuts::macro_f1(&verdicts, routes),
        objective: cuts::judge(objective, &verdicts, routes),
    }
}
