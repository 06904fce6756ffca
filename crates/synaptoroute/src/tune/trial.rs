//! How good a model's decisions are on what was held out: with the product's own fit on top.

use std::collections::HashMap;
use std::sync::Arc;

use synaptoroute_router::{
    Background, Edit, Evaluation, FitInputs, FitPlan, Owner, Place, PlacedText, Query, Report,
    RouteAttributes, Sample, Snapshot, Text,
};
use synaptoroute_tune::{Model, TuneError};

use super::Job;
use super::texts::Part;
use crate::error::RouterError;
use crate::executor::Threads;

/// A model's vectors, and what was decided by them so far.
#[derive(Clone)]
pub(super) struct Trial<'a> {
    job: &'a Job<'a>,
    /// Token ids of all texts there are.
    ids: Vec<Vec<u32>>,
    vectors: HashMap<&'a Text, Arc<[f32]>>,
    evaluation: Evaluation,
}

impl<'a> Trial<'a> {
    pub(super) fn new(job: &'a Job<'a>) -> Result<Self, TuneError> {
        Ok(Self {
            job,
            ids: job.ids(job.texts.all().map(Text::as_str))?,
            vectors: HashMap::new(),
            evaluation: Evaluation::new(job.snapshot, "f32"),
        })
    }

    /// Encodes everything by this model.
    pub(super) fn read(&mut self, model: &Model) {
        let vectors = self.job.encode(model, &self.ids);
        let rows = vectors.chunks_exact(model.width()).map(Arc::from);
        self.vectors = self.job.texts.all().zip(rows).collect();
    }

    /// Asks what a part holds out, of routes fitted to the rest of it.
    pub(super) fn ask(&mut self, part: &Part<'a>) -> Result<(), RouterError> {
        let routes = self.routes(part);
        let background = part.background.iter().map(|&text| Background {
            text: text.clone(),
            vector: Arc::clone(&self.vectors[text]),
        });
        let background: Vec<Background> = background.collect();
        let plan = FitPlan::of(self.job.snapshot.settings());
        let inputs = FitInputs {
            objective: plan.objective,
            evidence: plan.evidence,
            background: &background,
            samples: &[],
        };
        let fitted = routes.with_fit(routes.fit(&inputs, &Threads::all())?.fit);
        for &(text, route) in &part.asked {
            let sample = Sample { text: text.clone(), intent: route.cloned() };
            let query = Query { text: text.as_str(), vector: &self.vectors[text] };
            self.evaluation.add([fitted.judge(query, &sample)]);
        }
        Ok(())
    }

    /// What all parts came to.
    pub(super) fn report(self) -> Option<Report> {
        self.evaluation.report()
    }

    /// The part's routes by this model's vectors.
    fn routes(&self, part: &Part<'_>) -> Snapshot {
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
        let empty = Snapshot::empty(self.job.kernels, self.job.base.width());
        empty.with(self.job.snapshot.revision(), edits)
    }
}
