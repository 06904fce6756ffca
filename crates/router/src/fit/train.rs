//! From routes, background and samples to a [`Fit`] and its report.

use std::sync::Arc;

use super::blend::Spread;
use super::corpus::{Corpus, ENOUGH};
use super::executor::Executor;
use super::gathered::Gathered;
use super::imputed::Line;
use super::inputs::{FitInputs, Labelled};
use super::judged::Judged;
use super::learned::Learned;
use super::options::EvidenceSet;
use super::out_of_fold::{self, Prediction};
use super::report::{EvidenceWeight, FitReport};
use super::rule::{self, Rule};
use super::spelling::Spelling;
use super::trials::{self, Sums};
use super::{Fit, FitError, FittedRoute};
use crate::snapshot::Snapshot;
use crate::text::Text;
use crate::threshold::Cut;

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

pub(super) struct Trainer<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) inputs: &'a FitInputs<'a>,
    pub(super) executor: &'a dyn Executor,
    pub(super) corpus: Corpus,
    /// By text, each with its route's number; `None` if it belongs to no route.
    pub(super) samples: Vec<(&'a Labelled, Option<usize>)>,
    pub(super) allowed: EvidenceSet,
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
        let gathered = self.gather();
        let Gathered { ref utterances, ref spread, sums, strength, .. } = gathered;
        let (trials, background) = self.trials(&gathered);
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
        let fit = self.finish(gathered.learned, &rule, lines);
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
        let gathered = self.gather();
        let (trials, _) = self.trials(&gathered);
        let judged = trials::judge(&trials, &gathered.sums, self.corpus.routes());
        out_of_fold::predict(&trials, &judged, &gathered.sums, &self.corpus.names)
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
