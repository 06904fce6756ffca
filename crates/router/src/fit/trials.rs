//! Texts that are not learned from, whose right answer is known: what blends, confidence and
//! cuts are judged by.

use super::acceptance::Acceptance;
use super::blend::Weights;
use super::corpus::Corpus;
use super::held_out::ForeignRoutes;
use super::judged::{Judged, Origin};
use super::learned::Table;
use super::out_of_fold::Tuning;
use crate::text::Text;

/// A text, and where its evidence stands.
#[derive(Clone, Copy)]
pub(super) struct Trial<'a> {
    table: &'a Table,
    row: usize,
    /// Whether each route may be chosen; all, if that is not said.
    left: Option<&'a [bool]>,
    belongs: Option<usize>,
    fold: usize,
    origin: Origin,
    /// An utterance, or a sample.
    pub(super) text: Option<&'a Text>,
    /// What the model's tuning makes of it.
    pub(super) tuning: Tuning,
}

/// A text from elsewhere.
#[derive(Clone, Copy)]
pub(super) struct Other<'a> {
    /// Of a sample.
    pub(super) text: Option<&'a Text>,
    pub(super) origin: Origin,
    pub(super) belongs: Option<usize>,
    pub(super) tuning: Tuning,
}

/// What becomes of evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sums {
    /// For *who*.
    pub(super) score: Weights,
    /// For *whether*.
    pub(super) acceptance: Weights,
}

impl<'a> Trial<'a> {
    /// The best route, and what speaks for it. The weight is yet to be set.
    pub(super) fn judge(&self, sums: &Sums, scores: &mut [f32]) -> Judged {
        self.table.scores(self.row, &sums.score, scores);
        let mut first = 0;
        let mut best = f32::NEG_INFINITY;
        for (route, &score) in scores.iter().enumerate() {
            // Of equals the first name, as in a decision.
            if score > best && self.left.is_none_or(|left| left[route]) {
                (first, best) = (route, score);
            }
        }
        Judged {
            first,
            evidence: self.table.score(self.row, first, &sums.acceptance),
            belongs: self.belongs,
            weight: 0.0,
            fold: self.fold,
            origin: self.origin,
        }
    }

    /// What speaks for a route, in the mean over all.
    pub(super) fn mean(&self, sums: &Sums) -> f64 {
        let routes = self.table.nearest.columns;
        let score = |route| self.table.score(self.row, route, &sums.acceptance);
        (0..routes).map(score).sum::<f64>() / routes.max(1) as f64
    }

    /// The highest `nearest` of all routes.
    fn nearest(&self) -> f32 {
        self.table.nearest.row(self.row).iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
}

/// Each text that a fold held out, and each text of a route that was held out as a whole.
pub(super) fn of_utterances<'a>(
    corpus: &'a Corpus,
    table: &'a Table,
    foreign: &'a [(ForeignRoutes, Table)],
    tuning: impl Fn(&str) -> Tuning,
) -> Vec<Trial<'a>> {
    let tuning: Vec<Tuning> = corpus.texts.iter().map(|text| tuning(text.as_str())).collect();
    let tuning = &tuning;
    let fold = |row: usize| corpus.folds[row].unwrap_or(0);
    let own = corpus.held_out().into_iter().map(|row| Trial {
        table,
        row,
        left: None,
        belongs: Some(corpus.labels[row]),
        fold: fold(row),
        origin: Origin::Utterance,
        text: Some(&corpus.texts[row]),
        tuning: tuning[row],
    });
    let foreign = foreign.iter().flat_map(|(part, table)| {
        part.rows.iter().enumerate().map(move |(number, &row)| Trial {
            table,
            row: number,
            left: Some(&part.left),
            belongs: None,
            fold: fold(row),
            origin: Origin::ForeignRoute,
            text: None,
            tuning: tuning[row],
        })
    });
    own.chain(foreign).collect()
}

/// Texts from elsewhere, in the order of their table's rows.
pub(super) fn of_others<'a>(
    corpus: &Corpus,
    table: &'a Table,
    others: &[Other<'a>],
) -> Vec<Trial<'a>> {
    let trial = |(row, &Other { text, origin, belongs, tuning })| Trial {
        table,
        row,
        left: None,
        belongs,
        fold: row % corpus.fold_count,
        origin,
        text,
        tuning,
    };
    others.iter().enumerate().map(trial).collect()
}

/// Leaves out background texts that look in scope: those as near to a route as half of the
/// utterances are to the others of theirs. Returns how many are left.
pub(super) fn leave_out(trials: &mut Vec<Trial<'_>>) -> usize {
    let mut usual: Vec<f32> = trials
        .iter()
        .filter(|trial| trial.origin == Origin::Utterance)
        .map(Trial::nearest)
        .collect();
    usual.sort_unstable_by(f32::total_cmp);
    let usual = usual.get(usual.len() / 2).copied().unwrap_or(1.0);
    trials.retain(|trial| trial.origin != Origin::Background || trial.nearest() < usual);
    trials.iter().filter(|trial| trial.origin == Origin::Background).count()
}

/// All of them, judged and weighed.
pub(super) fn judge(trials: &[Trial<'_>], sums: &Sums, routes: usize) -> Vec<Judged> {
    let mut scores = vec![0.0; routes];
    let mut judged: Vec<Judged> =
        trials.iter().map(|trial| trial.judge(sums, &mut scores)).collect();
    super::judged::weigh(&mut judged);
    judged
}

/// Confidence, learned from these.
pub(super) fn acceptance<'a>(judged: impl Iterator<Item = &'a Judged>) -> Acceptance {
    let example = |judged: &Judged| super::acceptance::Example {
        evidence: judged.evidence,
        right: judged.is_right(),
        weight: judged.weight,
    };
    Acceptance::fit(&judged.map(example).collect::<Vec<_>>())
}
