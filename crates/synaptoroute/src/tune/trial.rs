//! How good a model's decisions are on what was held out: with the product's own fit on top.

use std::collections::HashMap;
use std::sync::Arc;

use synaptoroute_encoder::{Kernels, Tokenizer};
use synaptoroute_kernels::Team;
use synaptoroute_router::{
    Background, Edit, Evaluation, FitInputs, FitPlan, Owner, Place, PlacedText, Query, Report,
    RouteAttributes, Sample, Snapshot, Text,
};
use synaptoroute_tune::Model;

use super::texts::{Part, Texts};
use crate::background::background_texts;
use crate::error::RouterError;
use crate::executor::Threads;

/// A model's vectors, and what was decided by them so far.
#[derive(Clone)]
pub(super) struct Trial<'a> {
    snapshot: &'a Snapshot,
    kernels: Kernels,
    /// Token ids of all texts there are.
    ids: Vec<(&'a str, Vec<u32>)>,
    vectors: HashMap<&'a str, Arc<[f32]>>,
    width: usize,
    evaluation: Evaluation,
}

impl<'a> Trial<'a> {
    pub(super) fn new(
        snapshot: &'a Snapshot,
        texts: &'a Texts,
        tokenizer: &Tokenizer,
        kernels: Kernels,
    ) -> Self {
        let all = texts.all().map(Text::as_str).chain(background_texts().map(|b| b.text));
        let ids = all.filter_map(|text| Some((text, tokenizer.encode(text).ok()?.ids))).collect();
        Self {
            snapshot,
            kernels,
            ids,
            vectors: HashMap::new(),
            width: 0,
            evaluation: Evaluation::new(snapshot, "f32"),
        }
    }

    /// Encodes everything by this model.
    pub(super) fn read(&mut self, model: &Model, team: &mut Team<'_>) {
        let ids: Vec<&[u32]> = self.ids.iter().map(|(_, ids)| ids.as_slice()).collect();
        let vectors = model.encode(team, &ids);
        self.width = model.width();
        let rows = vectors.chunks_exact(self.width).map(Arc::from);
        self.vectors = self.ids.iter().map(|(text, _)| *text).zip(rows).collect();
    }

    /// Asks what a part holds out, of routes fitted to the rest of it; and the part's share of those
    /// built-in texts that no fit here sees, which are every other one.
    pub(super) fn ask(&mut self, part: &Part<'a>) -> Result<(), RouterError> {
        let routes = self.routes(part);
        let texts = background_texts().map(|background| background.text);
        let (known, unknown): (Vec<_>, Vec<_>) =
            texts.enumerate().partition(|(place, _)| place % 2 == 0);
        let background: Vec<Background> = known
            .into_iter()
            .map(|(_, text)| Background {
                text: Text::try_from(text).expect("a text of the built-in set"),
                vector: Arc::clone(&self.vectors[text]),
            })
            .collect();
        let plan = FitPlan::of(self.snapshot.settings());
        let inputs = FitInputs {
            objective: plan.objective,
            evidence: plan.evidence,
            background: &background,
            samples: &[],
        };
        let fitted = routes.with_fit(routes.fit(&inputs, &Threads::all())?.fit);
        let (fold, folds) = part.fold;
        let own = unknown.into_iter().skip(fold).step_by(folds);
        let foreign = own.map(|(_, text)| {
            let text = Text::try_from(text).expect("a text of the built-in set");
            Sample { text, intent: None }
        });
        let asked = part
            .asked
            .iter()
            .map(|(text, route)| Sample { text: Text::clone(text), intent: route.cloned() });
        for sample in asked.chain(foreign) {
            let vector = &self.vectors[sample.text.as_str()];
            let query = Query { text: sample.text.as_str(), vector };
            let judged = fitted.judge(query, &sample);
            self.evaluation.add([judged]);
        }
        Ok(())
    }

    /// What all parts came to.
    pub(super) fn report(self) -> Option<Report> {
        self.evaluation.report()
    }

    /// The part's routes by this model's vectors.
    fn routes(&self, part: &Part<'_>) -> Snapshot {
        let mut edits = Vec::with_capacity(2 * part.names.len());
        let mut place = 0_u64;
        for (&name, texts) in part.names.iter().zip(&part.routes) {
            let placed = texts.iter().map(|&text| {
                place += 1;
                PlacedText {
                    place: Place::from(place),
                    text: Text::try_from(text).expect("an utterance is a text"),
                    vector: Arc::clone(&self.vectors[text]),
                }
            });
            let placed = placed.collect();
            edits.push(Edit::PutRoute(name.clone(), RouteAttributes::default()));
            edits.push(Edit::Add(Owner::Utterances(name.clone()), placed));
        }
        let empty = Snapshot::empty(self.kernels, self.width);
        empty.with(self.snapshot.revision(), edits)
    }
}
