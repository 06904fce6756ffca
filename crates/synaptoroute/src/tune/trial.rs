//! How good a model's decisions are on what was held out: with the product's own fit on top.

use std::collections::HashMap;
use std::sync::Arc;

use synaptoroute_router::{
    Background, Edit, Evaluation, FitInputs, FitPlan, Judged, OutOfFold, Owner, Place, PlacedText,
    Query, Report, RouteAttributes, RouteName, Sample, Snapshot, Text,
};
use synaptoroute_tune::{Model, TuneError};

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

/// What the models of a trial have learned of their parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Learned {
    Nothing,
    /// And the background.
    Utterances,
    /// And the namespace's negatives.
    NegativesToo,
}

/// A part, as a model reads it.
struct Fold<'a> {
    part: Part<'a>,
    vectors: Vectors<'a>,
    /// What was said of the texts that it holds out.
    judged: Vec<Judged>,
}

/// A model's vectors of all texts there are.
pub(super) type Vectors<'a> = Arc<HashMap<&'a Text, Arc<[f32]>>>;

/// What all folds came to.
pub(super) struct Outcome {
    pub(super) report: Report,
    /// What each fold's fit said that knew of no other fold.
    pub(super) judged: Vec<Judged>,
}

impl<'a> Job<'a> {
    pub(super) fn read(&'a self, model: &Model) -> Result<Vectors<'a>, TuneError> {
        let ids = self.ids(self.texts.all().map(Text::as_str))?;
        let vectors = self.encode(model, &ids);
        let rows = vectors.chunks_exact(model.width()).map(Arc::from);
        Ok(Arc::new(self.texts.all().zip(rows).collect()))
    }
}

impl<'a> Trial<'a> {
    pub(super) fn new(job: &'a Job<'a>, learned: Learned) -> Self {
        Self { job, learned, folds: Vec::new() }
    }

    /// Asks what a part holds out, of routes fitted to the rest of it.
    pub(super) fn ask(&mut self, part: Part<'a>, vectors: &Vectors<'a>) -> Result<(), RouterError> {
        let mut fold = Fold { part, vectors: Arc::clone(vectors), judged: Vec::new() };
        fold.judged = match self.learned {
            Learned::Nothing => fold.judge(self.job, &fold.all_background(), None)?,
            // Nothing by which what was learned could be told from what was not.
            _ => fold.judge(self.job, &fold.part.background, None)?,
        };
        self.folds.push(fold);
        Ok(())
    }

    /// What all folds came to; nothing where nothing was asked. Where models have learned, each fold's
    /// fit knows what the others' said, as a fit of the model tuned on everything will.
    pub(super) fn outcome(self) -> Result<Option<Outcome>, RouterError> {
        let mut judged = Vec::new();
        for (number, fold) in self.folds.iter().enumerate() {
            if self.learned == Learned::Nothing {
                judged.extend(fold.judged.iter().cloned());
                continue;
            }
            let others = self.folds.iter().enumerate().filter(|(other, _)| *other != number);
            let said = others.flat_map(|(_, other)| &other.judged);
            let known = OutOfFold::new(fold.part.learned(self.learned), said);
            judged.extend(fold.judge(self.job, &fold.all_background(), Some(&known))?);
        }
        let mut evaluation = Evaluation::new(self.job.snapshot, "f32");
        evaluation.add(judged);
        let judged = self.folds.into_iter().flat_map(|fold| fold.judged).collect();
        Ok(evaluation.report().map(|report| Outcome { report, judged }))
    }
}

impl<'a> Fold<'a> {
    fn all_background(&self) -> Vec<&'a Text> {
        self.part.background.iter().chain(&self.part.spare).copied().collect()
    }

    fn judge(
        &self,
        job: &Job<'_>,
        background: &[&'a Text],
        out_of_fold: Option<&OutOfFold>,
    ) -> Result<Vec<Judged>, RouterError> {
        let routes = self.routes(job);
        let background = background.iter().map(|&text| Background {
            text: text.clone(),
            vector: Arc::clone(&self.vectors[text]),
        });
        let background: Vec<Background> = background.collect();
        let plan = FitPlan::of(job.snapshot.settings());
        let inputs = FitInputs {
            objective: plan.objective,
            evidence: plan.evidence,
            background: &background,
            samples: &[],
            out_of_fold,
        };
        let fitted = routes.with_fit(routes.fit(&inputs, &Threads::all())?.fit);
        let judge = |&(text, route): &(&Text, Option<&RouteName>)| {
            let sample = Sample { text: text.clone(), intent: route.cloned() };
            let query = Query { text: text.as_str(), vector: &self.vectors[text] };
            fitted.judge(query, &sample)
        };
        Ok(self.part.asked.iter().map(judge).collect())
    }

    /// The part's routes by this model's vectors.
    fn routes(&self, job: &Job<'_>) -> Snapshot {
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
        let negatives = part.negatives.iter().map(&mut placed).collect();
        edits.push(Edit::Add(Owner::Namespace, negatives));
        let empty = Snapshot::empty(job.kernels, job.base.width());
        empty.with(job.snapshot.revision(), edits)
    }
}
