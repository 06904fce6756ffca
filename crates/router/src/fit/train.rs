//! From routes, background and samples to a [`Fit`] and its report.

use std::sync::Arc;

use super::blend::{self, Spread, cross_entropy};
use super::corpus::{Corpus, ENOUGH};
use super::executor::{Executor, map};
use super::head::Head;
use super::held_out::{self, ForeignRoutes};
use super::imputed::Line;
use super::inputs::{Background, FitInputs, Labelled};
use super::judged::{Judged, Origin};
use super::learned::{Learned, Table};
use super::lexical::Vocabulary;
use super::matrix::Matrix;
use super::ngrams::Features;
use super::options::EvidenceSet;
use super::out_of_fold::{self, Prediction, Tuning};
use super::report::{EvidenceWeight, FitReport};
use super::rule::{self, Rule};
use super::spelling::Spelling;
use super::trials::{self, Other, Sums, Trial};
use super::{Fit, FitError, FittedRoute};
use crate::edit::{Owner, PlacedText};
use crate::snapshot::Snapshot;
use crate::text::Text;
use crate::threshold::Cut;

/// Inverse regularisations that are tried.
const STRENGTHS: [f64; 3] = [1.0, 3.0, 10.0];
/// What is taken where there is nothing to choose by.
const STRENGTH: f64 = 3.0;
/// With more utterances times routes than this, one fold chooses among the strengths, else two.
const MANY_PAIRS: usize = 500_000;
/// Texts whose similarities to all utterances are computed in one go.
const BLOCK: usize = 64;

/// What a fit came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fitted {
    /// What decisions can be made with; nothing where too little is known.
    pub fit: Option<Arc<Fit>>,
    /// What there is to tell.
    pub report: FitReport,
}

impl Snapshot {
    /// Fits evidence, confidence and cuts to this snapshot's routes; [`Snapshot::with_fit`] puts
    /// the result in force.
    ///
    /// The result depends on names, texts, vectors and `inputs` alone: neither on the order in
    /// which routes were added, nor on the executor, nor on a fit before. If the rule without a
    /// fit does better on held-out texts, that is the result.
    ///
    /// # Errors
    ///
    /// A sample names a route that is not there, or the executor was told to give up.
    pub fn fit(&self, inputs: &FitInputs<'_>, executor: &dyn Executor) -> Result<Fitted, FitError> {
        let trainer = Trainer::new(self, inputs, executor)?;
        let fitted = trainer.train();
        if executor.cancelled() { Err(FitError::Cancelled) } else { Ok(fitted) }
    }

    /// What a fit's folds say of the utterances and samples that the model has not learned:
    /// [`FitInputs::out_of_fold`] tells which it has. For a model that will have learned them too, by
    /// [`OutOfFold`](super::OutOfFold). Nothing where too little is known.
    ///
    /// # Errors
    ///
    /// Those of [`Snapshot::fit`].
    pub fn predict(
        &self,
        inputs: &FitInputs<'_>,
        executor: &dyn Executor,
    ) -> Result<Vec<Prediction>, FitError> {
        let trainer = Trainer::new(self, inputs, executor)?;
        let predictions = trainer.predict();
        if executor.cancelled() { Err(FitError::Cancelled) } else { Ok(predictions) }
    }
}

/// What was learned, and the evidence of all texts by which it is judged.
struct Evidence<'a> {
    learned: Learned,
    strength: f64,
    sums: Sums,
    spread: Spread,
    utterances: Table,
    foreign: Vec<(ForeignRoutes, Table)>,
    others: Table,
    /// Of the rows of `others`.
    texts: Vec<Other<'a>>,
}

struct Trainer<'a> {
    snapshot: &'a Snapshot,
    inputs: &'a FitInputs<'a>,
    executor: &'a dyn Executor,
    corpus: Corpus,
    /// By text, each with its route's number; `None` if it belongs to no route.
    samples: Vec<(&'a Labelled, Option<usize>)>,
    allowed: EvidenceSet,
}

impl<'a> Trainer<'a> {
    fn new(
        snapshot: &'a Snapshot,
        inputs: &'a FitInputs<'a>,
        executor: &'a dyn Executor,
    ) -> Result<Self, FitError> {
        let corpus = Corpus::of(snapshot);
        let number = |sample: &'a Labelled| match &sample.route {
            None => Ok((sample, None)),
            Some(name) => match corpus.names.binary_search(name) {
                Ok(number) => Ok((sample, Some(number))),
                Err(_) => {
                    Err(FitError::UnknownRoute { route: name.clone(), text: sample.text.clone() })
                }
            },
        };
        let mut samples = inputs.samples.iter().map(number).collect::<Result<Vec<_>, _>>()?;
        samples.sort_unstable_by(|(a, _), (b, _)| a.text.as_str().cmp(b.text.as_str()));
        // Where less than this can be held out, other evidence cannot be weighed.
        let with_two = corpus.spans().iter().filter(|span| span.len() > 1).count();
        let allowed = if with_two < 2 || corpus.held_out().len() < ENOUGH {
            EvidenceSet { centroid: false, head: false, lexical: false }
        } else {
            inputs.evidence
        };
        Ok(Self { snapshot, inputs, executor, corpus, samples, allowed })
    }

    fn train(&self) -> Fitted {
        let corpus = &self.corpus;
        if let Some(unfitted) = self.inputs.plan(self.snapshot).unfitted(self.snapshot) {
            let report = FitReport { unfitted: Some(unfitted), ..self.blank() };
            return Fitted { fit: None, report };
        }
        let evidence = self.evidence();
        let Evidence { ref utterances, ref spread, sums, strength, .. } = evidence;
        let (trials, background) = self.trials(&evidence);
        let routes = corpus.routes();
        let objective = self.inputs.objective;
        let learn = |judged: &[Judged]| rule::learn(objective, judged, routes, corpus.fold_count);
        let judged_by = |rule: &Rule| trials::judge(&trials, &rule.sums, routes);
        let quality_of = |rule: &Rule| {
            let judged = judged_by(rule);
            let unlearned = out_of_fold::unlearn(&trials, &judged, &rule.sums);
            rule.quality(objective, unlearned.as_deref().unwrap_or(&judged))
        };
        let judged = trials::judge(&trials, &sums, routes);
        let mut outcome = learn(&judged);
        let plain = Rule::unfitted(self.snapshot, routes);
        // By the texts as they are: what was said out of fold was said by sums like these, and would
        // make the plain rule as good at ranking as they are.
        let without = plain.quality(objective, &judged_by(&plain));
        let (rule, after) = if outcome.quality.objective >= without.objective {
            if let Some(unlearned) = out_of_fold::unlearn(&trials, &judged, &sums) {
                outcome = learn(&unlearned);
            }
            let (acceptance, cuts) = (outcome.acceptance, outcome.cuts);
            (Rule { sums, acceptance, cuts }, outcome.quality)
        } else {
            let after = quality_of(&plain);
            (plain, after)
        };
        let before = quality_of(&Rule::now(self.snapshot, corpus));
        let lines =
            [&rule.sums.score, &rule.sums.acceptance].map(|sum| Line::fit(corpus, utterances, sum));
        let shares = self.shares(&rule.sums, spread);
        let fit = self.finish(evidence.learned, &rule, lines);
        let report = FitReport {
            strength,
            background,
            evidence: shares,
            threshold: rule.cuts.global,
            route_thresholds: fit.route_thresholds(),
            before: Some(before),
            after: Some(after),
            ..self.blank()
        };
        Fitted { fit: Some(Arc::new(fit)), report }
    }

    fn predict(&self) -> Vec<Prediction> {
        if self.inputs.plan(self.snapshot).unfitted(self.snapshot).is_some() {
            return Vec::new();
        }
        let evidence = self.evidence();
        let (trials, _) = self.trials(&evidence);
        let judged = trials::judge(&trials, &evidence.sums, self.corpus.routes());
        out_of_fold::predict(&trials, &judged, &evidence.sums, &self.corpus.names)
    }

    fn evidence(&self) -> Evidence<'a> {
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
        Evidence { learned, strength, sums, spread, utterances, foreign, others, texts }
    }

    /// The texts, and how many of them are background.
    fn trials<'e>(&'e self, evidence: &'e Evidence<'a>) -> (Vec<Trial<'e>>, usize) {
        let Evidence { utterances, foreign, others, texts, .. } = evidence;
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

    fn shares(&self, sums: &Sums, spread: &Spread) -> Vec<EvidenceWeight> {
        let weights = sums.score;
        let all = [
            ("nearest", 1.0, spread.nearest),
            ("centroid", weights.centroid, spread.centroid),
            ("head", weights.head, spread.head),
            ("lexical", weights.lexical, spread.lexical),
        ];
        let total: f64 = all.iter().map(|(_, weight, spread)| weight * spread).sum();
        let share =
            |spread: f64, weight: f64| if total > 0.0 { weight * spread / total } else { 0.0 };
        all.map(|(evidence, weight, spread)| EvidenceWeight {
            evidence: evidence.to_owned(),
            weight,
            share: share(spread, weight),
        })
        .to_vec()
    }

    fn blank(&self) -> FitReport {
        let in_scope = self.samples.iter().filter(|(_, belongs)| belongs.is_some()).count();
        FitReport {
            revision: self.snapshot.revision(),
            inputs: self.inputs.hash(self.snapshot),
            objective: self.inputs.objective,
            allowed: self.inputs.evidence,
            routes: self.corpus.routes(),
            utterances: self.corpus.len(),
            folds: self.corpus.fold_count,
            samples_in_scope: in_scope,
            samples_out_of_scope: self.samples.len() - in_scope,
            ..FitReport::default()
        }
    }

    fn finish(&self, learned: Learned, rule: &Rule, lines: [Line; 2]) -> Fit {
        let texts = self.corpus.texts.iter().map(Text::as_str);
        let words =
            if self.inputs.evidence.lexical { Spelling::learn(texts) } else { Spelling::default() };
        let cut = |cut: f64| Cut::try_from(cut.clamp(0.0, 1.0)).expect("a cut within its range");
        let routes = self.corpus.names.iter().zip(&self.corpus.hashes).zip(&rule.cuts.own);
        let routes = routes.map(|((name, hashes), own)| FittedRoute {
            name: name.clone(),
            texts: hashes.clone(),
            cut: own.map(cut),
        });
        let [score_line, sum_line] = lines;
        Fit {
            revision: self.snapshot.revision(),
            inputs: self.inputs.hash(self.snapshot),
            plan: self.inputs.plan(self.snapshot),
            texts: self.snapshot.texts_digest(),
            routes: routes.collect(),
            learned,
            spelling: words,
            score: rule.sums.score,
            sum: rule.sums.acceptance,
            score_line,
            sum_line,
            acceptance: rule.acceptance,
            calibrated: rule.acceptance != self.snapshot.prior.acceptance(),
            cut: cut(rule.cuts.global),
        }
    }
}
