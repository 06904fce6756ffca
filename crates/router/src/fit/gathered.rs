//! What a fit learns, and the evidence of all texts by which it is judged.

use super::blend::{self, Spread, cross_entropy};
use super::executor::map;
use super::head::Head;
use super::held_out::{self, ForeignRoutes};
use super::inputs::{Background, Labelled};
use super::judged::Origin;
use super::learned::{Learned, Table};
use super::lexical::Vocabulary;
use super::matrix::Matrix;
use super::ngrams::Features;
use super::out_of_fold::Tuning;
use super::train::Trainer;
use super::trials::{self, Other, Sums, Trial};
use crate::edit::{Owner, PlacedText};
use crate::text::Text;

/// Inverse regularisations that are tried.
const STRENGTHS: [f64; 3] = [1.0, 3.0, 10.0];
/// What is taken where there is nothing to choose by.
const STRENGTH: f64 = 3.0;
/// With more utterances times routes than this, one fold chooses among the strengths, else two.
const MANY_PAIRS: usize = 500_000;
/// Texts whose similarities to all utterances are computed in one go.
const BLOCK: usize = 64;

/// What was learned, and the evidence of all texts by which it is judged.
pub(super) struct Gathered<'a> {
    pub(super) learned: Learned,
    pub(super) strength: f64,
    pub(super) sums: Sums,
    pub(super) spread: Spread,
    pub(super) utterances: Table,
    pub(super) foreign: Vec<(ForeignRoutes, Table)>,
    pub(super) others: Table,
    /// Of the rows of `others`.
    pub(super) texts: Vec<Other<'a>>,
}

impl<'a> Trainer<'a> {
    pub(super) fn gather(&self) -> Gathered<'a> {
        let corpus = &self.corpus;
        let vocabulary = Vocabulary::learn(corpus.texts.iter().map(Text::as_str));
        let features: Vec<Features> =
            map(self.executor, corpus.len(), |row| vocabulary.vector(corpus.texts[row].as_str()));
        let (strength, heads) = self.heads();
        let utterances = held_out::table(corpus, &features, &vocabulary, &heads, self.executor);
        drop(heads);
        let foreign = self.foreign_routes(strength, &utterances);
        let learned = Learned::from_all(
            corpus,
            vocabulary,
            &features,
            self.strength(strength),
            self.executor,
        );
        let spread = Spread::of(&utterances, &corpus.held_out());
        let sums = Sums {
            score: blend::choose(corpus, &utterances, &spread, self.allowed, self.executor),
            acceptance: spread.acceptance(self.allowed),
        };
        let (others, texts) = self.others(&learned);
        Gathered { learned, strength, sums, spread, utterances, foreign, others, texts }
    }

    /// The texts, and how many of them are background.
    pub(super) fn trials<'e>(&'e self, gathered: &'e Gathered<'a>) -> (Vec<Trial<'e>>, usize) {
        let Gathered { utterances, foreign, others, texts, .. } = gathered;
        let tuning = |text: &str| self.tuning(text);
        let mut trials = trials::of_utterances(&self.corpus, utterances, foreign, tuning);
        trials.extend(trials::of_others(&self.corpus, others, texts));
        let background = trials::leave_out(&mut trials);
        (trials, background)
    }

    /// The strength, where there is to be a head.
    fn strength(&self, strength: f64) -> Option<f64> {
        self.allowed.head.then_some(strength)
    }

    /// The best strength, and with it a head for each fold.
    fn heads(&self) -> (f64, Vec<Head>) {
        let corpus = &self.corpus;
        if !self.allowed.head {
            let none = Head::none(corpus.routes(), corpus.vectors.columns);
            return (STRENGTH, vec![none; corpus.fold_count]);
        }
        let few = if corpus.len() * corpus.routes() > MANY_PAIRS { 1 } else { 2 };
        let trials: Vec<(usize, f64)> =
            (0..few).flat_map(|fold| STRENGTHS.map(|strength| (fold, strength))).collect();
        let heads = held_out::heads(corpus, &trials, self.executor);
        let losses = STRENGTHS.map(|strength| {
            let of_it = trials.iter().zip(&heads).filter(|((_, other), _)| *other == strength);
            of_it.map(|(&(fold, _), head)| self.loss(fold, head)).sum::<f64>()
        });
        let best = (0..STRENGTHS.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b]));
        let strength = best.map_or(STRENGTH, |best| STRENGTHS[best]);
        let known = trials.iter().zip(heads).filter(|((_, other), _)| *other == strength);
        let mut heads: Vec<Head> = known.map(|(_, head)| head).collect();
        let rest: Vec<(usize, f64)> =
            (few..corpus.fold_count).map(|fold| (fold, strength)).collect();
        heads.extend(held_out::heads(corpus, &rest, self.executor));
        (strength, heads)
    }

    /// The mean cross entropy of a fold's texts, at the best sharpness.
    fn loss(&self, fold: usize, head: &Head) -> f64 {
        let rows = held_out::rows_of(&self.corpus, fold);
        let logits = head.logits(&self.corpus.vectors.select(&rows));
        let mean = |sharpness: f32| {
            let of = |(number, &row): (usize, &usize)| {
                cross_entropy(logits.row(number), self.corpus.labels[row], sharpness)
            };
            rows.iter().enumerate().map(of).sum::<f64>() / rows.len().max(1) as f64
        };
        [0.5, 1.0, 1.5, 2.0, 3.0].map(mean).into_iter().fold(f64::INFINITY, f64::min)
    }

    /// Each third of the routes as foreign texts, with their evidence.
    fn foreign_routes(&self, strength: f64, table: &Table) -> Vec<(ForeignRoutes, Table)> {
        let foreign =
            held_out::foreign_routes(&self.corpus, self.strength(strength), self.executor);
        let with_table = |mut part: ForeignRoutes| {
            let own = Table {
                nearest: table.nearest.select(&part.rows),
                centroid: table.centroid.select(&part.rows),
                head: std::mem::take(&mut part.logits),
                lexical: table.lexical.select(&part.rows),
            };
            (part, own)
        };
        foreign.into_iter().map(with_table).collect()
    }

    /// What the model's tuning makes of a text.
    fn tuning(&self, text: &str) -> Tuning {
        let known = self.inputs.out_of_fold;
        known.map_or(Tuning::Unseen, |known| known.of(text, &self.corpus.names))
    }

    /// Background, negatives and samples, as all that was learned sees them.
    fn others(&self, learned: &Learned) -> (Table, Vec<Other<'a>>) {
        let mut negatives = self.snapshot.placed_texts(&Owner::Namespace);
        for name in &self.corpus.names {
            negatives.extend(self.snapshot.placed_texts(&Owner::Negatives(name.clone())));
        }
        negatives.sort_unstable_by(|a, b| a.text.as_str().cmp(b.text.as_str()));
        negatives.dedup_by(|a, b| a.text == b.text);
        let other = |origin, belongs, text: &Text| {
            let tuning = self.tuning(text.as_str());
            Other { text: None, origin, belongs, tuning }
        };
        let background = self.inputs.background.iter();
        let background = background.map(|Background { text, vector }| {
            (text.as_str(), vector, other(Origin::Background, None, text))
        });
        let negatives = negatives.iter().map(|PlacedText { text, vector, .. }| {
            (text.as_str(), vector, other(Origin::Negative, None, text))
        });
        let samples = self.samples.iter().map(|&(Labelled { text, vector, .. }, belongs)| {
            let other = other(Origin::Sample, belongs, text);
            (text.as_str(), vector, Other { text: Some(text), ..other })
        });
        let all: Vec<_> = background.chain(negatives).chain(samples).collect();
        let blocks: Vec<_> = all.chunks(BLOCK).collect();
        let tables = map(self.executor, blocks.len(), |number| {
            let texts: Vec<&str> = blocks[number].iter().map(|(text, ..)| *text).collect();
            let vectors = blocks[number].iter().map(|(_, vector, _)| &vector[..]);
            let vectors = Matrix::from_rows(self.corpus.vectors.columns, vectors);
            learned.judge(&self.corpus, &texts, &vectors)
        });
        (Table::stack(tables, self.corpus.routes()), all.iter().map(|&(.., other)| other).collect())
    }
}
