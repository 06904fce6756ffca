//! How good a model's decisions are on what was held out: with the product's own fit on top.

use std::collections::HashMap;
use std::sync::Arc;

use synaptoroute_router::{
    Background, Edit, Evaluation, FitInputs, Judged, Labelled, OutOfFold, Owner, Place, PlacedText,
    Prediction, Query, Report, RouteAttributes, RouteName, Sample, Snapshot, Text,
};
use synaptoroute_tune::Model;

use super::Job;
use super::texts::Part;
use crate::error::RouterError;
use crate::executor::Threads;

/// What models say of what they have not seen: the one as it is, or those that the folds tuned.
pub(super) struct Trial<'a> {
    job: &'a Job<'a>,
    learned: Learned,
    folds: Vec<Fold<'a>>,
}

/// What the models of a trial have learned of their parts, or are taken to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Learned {
    /// Utterances and background.
    Utterances,
    /// And the namespace's negatives.
    NegativesToo,
}

/// A part, as a model reads it.
struct Fold<'a> {
    part: Part<'a>,
    vectors: Vectors<'a>,
    /// What the model says of the utterances that it has not learned.
    predictions: Vec<Prediction>,
}

/// A model's vectors of all texts there are.
pub(super) type Vectors<'a> = Arc<HashMap<&'a Text, Arc<[f32]>>>;

/// What all folds came to.
pub(super) struct Outcome {
    pub(super) report: Report,
    pub(super) predictions: Vec<Prediction>,
}

impl<'a> Job<'a> {
    /// `ids` are those of all texts, in their order.
    pub(super) fn read(&'a self, model: &Model, ids: &[Vec<u32>]) -> Vectors<'a> {
        let vectors = self.encode(model, ids);
        let rows = vectors.chunks_exact(model.width()).map(Arc::from);
        Arc::new(self.texts.all().zip(rows).collect())
    }
}

impl<'a> Trial<'a> {
    pub(super) fn new(job: &'a Job<'a>, learned: Learned) -> Self {
        Self { job, learned, folds: Vec::new() }
    }

    /// Takes note of a part, and of how a model reads it.
    pub(super) fn add(&mut self, part: Part<'a>, vectors: &Vectors<'a>) -> Result<(), RouterError> {
        let mut fold = Fold { part, vectors: Arc::clone(vectors), predictions: Vec::new() };
        fold.predictions = fold.predict(self.job, self.learned)?;
        self.folds.push(fold);
        Ok(())
    }

    /// What all folds came to; nothing where nothing was asked. Each is asked what its part holds out,
    /// of routes fitted to the rest of it. The fit knows what the other folds' said, as a fit of the model
    /// tuned on everything will.
    pub(super) fn outcome(self) -> Result<Option<Outcome>, RouterError> {
        let mut evaluation = Evaluation::new(self.job.snapshot, "f32");
        for (number, fold) in self.folds.iter().enumerate() {
            let others = self.folds.iter().enumerate().filter(|(other, _)| *other != number);
            let said = others.flat_map(|(_, other)| &other.predictions);
            let known = OutOfFold::new(fold.part.learned(self.learned), said);
            evaluation.add(fold.judge(self.job, &known)?);
        }
        let predictions = self.folds.into_iter().flat_map(|fold| fold.predictions).collect();
        Ok(evaluation.report().map(|report| Outcome { report, predictions }))
    }
}

impl<'a> Fold<'a> {
    /// What is said of utterances and negatives that are held out, where all others are there.
    fn predict(&self, job: &Job<'_>, learned: Learned) -> Result<Vec<Prediction>, RouterError> {
        let own =
            |(text, route): &(&'a Text, Option<&'a RouteName>)| Some((*route.as_ref()?, *text));
        let routes = self.routes(job, self.part.asked.iter().filter_map(own));
        let outside = self.part.asked.iter().filter(|(_, route)| route.is_none());
        let sample = |(text, _): &(&Text, _)| Labelled {
            text: (*text).clone(),
            vector: Arc::clone(&self.vectors[text]),
            route: None,
        };
        let samples: Vec<Labelled> = outside.map(sample).collect();
        let background = self.background(self.part.background.iter());
        let known = OutOfFold::new(self.part.learned(learned), []);
        let inputs = FitInputs { samples: &samples, ..inputs(job, &background, &known) };
        Ok(routes.predict(&inputs, &Threads::new(job.request.threads))?)
    }

    fn judge(&self, job: &Job<'_>, known: &OutOfFold) -> Result<Vec<Judged>, RouterError> {
        let routes = self.routes(job, []);
        let background = self.background(self.part.background.iter().chain(&self.part.spare));
        let inputs = inputs(job, &background, known);
        let fitted = routes.with_fit(routes.fit(&inputs, &Threads::new(job.request.threads))?.fit);
        let judge = |(text, route): (&Text, Option<&RouteName>)| {
            let sample = Sample { text: text.clone(), intent: route.cloned() };
            let query = Query { text: text.as_str(), vector: &self.vectors[text] };
            fitted.judge(query, &sample)
        };
        let foreign = self.part.foreign.iter().map(|&text| (text, None));
        Ok(self.part.asked.iter().copied().chain(foreign).map(judge).collect())
    }

    fn background<'t>(&self, texts: impl Iterator<Item = &'t &'a Text>) -> Vec<Background>
    where
        'a: 't,
    {
        let background = |&text: &&'a Text| Background {
            text: text.clone(),
            vector: Arc::clone(&self.vectors[text]),
        };
        texts.map(background).collect()
    }

    /// The part's routes by this model's vectors, with more utterances of theirs.
    fn routes(
        &self,
        job: &Job<'_>,
        more: impl IntoIterator<Item = (&'a RouteName, &'a Text)>,
    ) -> Snapshot {
        let part = &self.part;
        let mut edits = Vec::with_capacity(2 * part.names.len() + 1);
        let mut place = 0_u64;
        let mut placed = |&text: &&Text| {
            place += 1;
            let vector = Arc::clone(&self.vectors[text]);
            PlacedText { place: Place::from(place), text: text.clone(), vector }
        };
        for (&name, texts) in part.names.iter().zip(&part.routes) {
            let texts = texts.iter().map(&mut placed).collect();
            edits.push(Edit::PutRoute(name.clone(), RouteAttributes::default()));
            edits.push(Edit::Add(Owner::Utterances(name.clone()), texts));
        }
        for (name, text) in more {
            edits.push(Edit::Add(Owner::Utterances(name.clone()), vec![placed(&text)]));
        }
        let negatives = part.negatives.iter().map(&mut placed).collect();
        edits.push(Edit::Add(Owner::Namespace, negatives));
        let empty = Snapshot::empty(job.kernels, job.base.width());
        empty.with(job.snapshot.revision(), edits)
    }
}

/// As the namespace's fits, without samples.
fn inputs<'i>(
    job: &'i Job<'_>,
    background: &'i [Background],
    out_of_fold: &'i OutOfFold,
) -> FitInputs<'i> {
    FitInputs {
        objective: job.plan.objective,
        evidence: job.plan.evidence,
        background,
        samples: &[],
        out_of_fold: Some(out_of_fold),
    }
}
