//! Tuning: the encoder learns a namespace's routes, and must show that it is better for it.
//!
//! - `texts`: what is learned from, in canonical order, and what is held out when.
//! - `cross_validation`: models tuned on parts, asked what they have not learned; `trial`: how good a
//!   model's decisions are there.
//! - `report`: what there is to tell.

mod cross_validation;
mod report;
mod texts;
mod trial;

use std::cell::RefCell;
use std::collections::HashMap;
use std::num::NonZero;
use std::time::{Duration, Instant};

use synaptoroute_encoder::convert::{Requantise, requantise};
use synaptoroute_encoder::{Bert, Encoder, FloatWeights, Kernels, ModelFile, Scratch};
use synaptoroute_kernels::{Crew, Team};
use synaptoroute_router::{FitPlan, NamespaceName, OutOfFold, Snapshot, Text};
use synaptoroute_tune::{Lesson, Model, TuneError, TuneOptions, Tuner};

use self::cross_validation::Judged;
pub use self::report::{TuneReport, Verdict};
use self::texts::{Part, Texts};
use self::trial::Learned;
use crate::error::RouterError;
use crate::router::Router;

/// Steps by which it is told how many there is time for.
const PROBES: usize = 3;
/// Folds where nobody says otherwise. With two, each learned from half of the utterances, and what it
/// said of the rest was less sure than what a model says that has learned all.
pub const TUNE_FOLDS: u8 = 3;
/// Texts by which it is told how well the integers keep to the weights.
const FIDELITY: usize = 500;
/// Texts by which the tuned weights are balanced when they become integers.
const CALIBRATION: usize = 100;

/// What is to be tuned, and how.
#[derive(Clone, Copy, Debug)]
pub struct TuneRequest<'a> {
    /// The model file to begin from.
    pub model: &'a ModelFile,
    /// Steps, rate, layers and seed.
    pub options: TuneOptions,
    /// Fewer steps are made if they would take longer than this, in each fold and on everything.
    pub time_budget: Option<Duration>,
    /// Folds of the cross-validation: the model is tuned once for each, on what is not held out and by
    /// as many steps for each utterance, and once on all. None tunes without judging.
    pub folds: Option<NonZero<usize>>,
    /// Texts that belong to no route, most likely: half of them are what routes are told from, and
    /// the others judge. The built-in ones if there are none.
    pub background: Option<&'a [Text]>,
    /// Threads at work. The result is the same whatever their number.
    pub threads: NonZero<usize>,
}

impl<'a> TuneRequest<'a> {
    /// As much as is usual, without judging.
    #[must_use]
    pub fn new(model: &'a ModelFile, threads: NonZero<usize>) -> Self {
        let options = TuneOptions::default();
        Self { model, options, time_budget: None, folds: None, background: None, threads }
    }
}

/// What tuning is at.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum TuneStage {
    /// Steps on what a fold does not hold out; from 0.
    Fold(usize),
    /// The same, away from the namespace's negatives too.
    FoldWithNegatives(usize),
    /// Steps on everything.
    All,
    /// Weights become integers.
    Quantise,
}

/// How far tuning is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TuneProgress {
    /// What it is at.
    pub stage: TuneStage,
    /// Steps, or texts, that are done,
    pub done: usize,
    /// and of how many.
    pub of: usize,
    /// The loss of the last batch.
    pub loss: Option<f32>,
}

/// Told how far tuning is, first when it is known that there is something to learn; false calls it
/// off.
pub type TuneWatch<'a> = &'a mut dyn FnMut(TuneProgress) -> bool;

/// A tuned model, and what it is worth.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Tuned {
    /// The model file's bytes.
    pub file: Vec<u8>,
    /// What there is to tell.
    pub report: TuneReport,
}

impl Router {
    /// Has a model learn this namespace's routes, and judges it on utterances that it has not seen.
    ///
    /// Nothing of this router changes: the result is a model file, for
    /// [`Bert`](synaptoroute_encoder::Bert) to open. Takes a minute or two a hundred steps on two
    /// cores, and as long again for each fold.
    ///
    /// # Errors
    ///
    /// There are too few routes or utterances to learn from, or `watch` called it off.
    pub fn tune(
        &self,
        request: &TuneRequest<'_>,
        watch: TuneWatch<'_>,
    ) -> Result<Tuned, RouterError> {
        let snapshot = self.snapshot();
        let kernels = self.core().kernels;
        let crew = Crew::new(request.threads.get() - 1).map_err(RouterError::Thread)?;
        let weights = FloatWeights::dequantise(request.model);
        let weights = weights.map_err(|error| error.at(request.model.origin()))?;
        let pooling = request.model.config().pooling;
        let base = Model::new(weights, pooling, kernels);
        let integers = Bert::new(request.model, kernels)?;
        let job = Job {
            namespace: self.name(),
            snapshot: &snapshot,
            plan: FitPlan::next(&snapshot),
            request,
            texts: Texts::of(&snapshot, request.background),
            base: &base,
            integers: integers.with_threads(request.threads).map_err(RouterError::Thread)?,
            before: RefCell::default(),
            kernels,
            crew: &crew,
        };
        // What cannot be learned is said before anything takes long.
        let all = job.texts.whole();
        let mut lesson = job.lesson(&all, false)?;
        request.options.check(&base)?;
        let stage = request.folds.map_or(TuneStage::All, |_| TuneStage::Fold(0));
        if !watch(TuneProgress { stage, done: 0, of: request.options.steps, loss: None }) {
            return Err(RouterError::TuneCancelled);
        }
        let judged = match request.folds {
            Some(folds) => job.cross_validate(folds, watch)?,
            None => Judged::default(),
        };
        if judged.with_negatives {
            lesson = job.lesson(&all, true)?;
        }
        let (tuned, course) = job.tune(&lesson, TuneStage::All, watch)?;
        job.finish(&lesson, tuned, &course, judged, watch)
    }
}

struct Job<'a> {
    namespace: &'a NamespaceName,
    snapshot: &'a Snapshot,
    /// What fits are asked for.
    plan: FitPlan,
    request: &'a TuneRequest<'a>,
    texts: Texts,
    base: &'a Model,
    /// The model file as it is: in less time, what `base` makes of a text.
    integers: Bert,
    /// What that made of texts so far, by their token ids.
    before: RefCell<HashMap<Vec<u32>, Box<[f32]>>>,
    kernels: Kernels,
    crew: &'a Crew,
}

/// How the steps went.
struct Course {
    steps: usize,
    /// The mean loss over the first tenth of them.
    first: f32,
    /// And over the last.
    last: f32,
}

impl Job<'_> {
    fn team(&self) -> Team<'_> {
        self.crew.keep()
    }

    /// Token ids of texts.
    fn ids<'t>(&self, texts: impl Iterator<Item = &'t str>) -> Result<Vec<Vec<u32>>, TuneError> {
        let ids = texts.map(|text| self.integers.tokenizer().encode(text).map(|tokens| tokens.ids));
        ids.collect::<Result<_, _>>().map_err(TuneError::tokenizer)
    }

    /// A model's vectors, one after the other.
    fn encode(&self, model: &Model, ids: &[Vec<u32>]) -> Vec<f32> {
        let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
        model.encode(&mut self.team(), &ids)
    }

    /// What there is to learn of a part.
    fn lesson(&self, part: &Part<'_>, with_negatives: bool) -> Result<Lesson, TuneError> {
        let negatives = if with_negatives { &*part.negatives } else { &[] };
        Lesson::new(self.integers.tokenizer(), &part.routes, negatives, &part.background)
    }

    /// Vectors of a lesson's texts before tuning. Most of a fold's are another's too: each is made
    /// once.
    fn before(&self, lesson: &Lesson) -> Vec<f32> {
        let width = self.base.width();
        let mut known = self.before.borrow_mut();
        let mut new: Vec<&[u32]> = lesson.texts().filter(|ids| !known.contains_key(*ids)).collect();
        new.sort_unstable();
        new.dedup();
        let mut vectors = vec![0.0; new.len() * width];
        self.integers.encode_ids(&mut Scratch::default(), &new, &mut vectors);
        let rows = vectors.chunks_exact(width).map(Box::from);
        known.extend(new.into_iter().map(Vec::from).zip(rows));
        lesson.texts().flat_map(|ids| known[ids].iter().copied()).collect()
    }

    /// The model after its steps; those of a part are fewer, so that each utterance is met as often. By
    /// more, a fold's model knew what it learned better, and what it held out worse, than one that has
    /// learned all.
    fn tune(
        &self,
        lesson: &Lesson,
        stage: TuneStage,
        watch: TuneWatch<'_>,
    ) -> Result<(Model, Course), RouterError> {
        let share = lesson.utterances() as f64 / self.texts.learned() as f64;
        let of_share = |steps: usize| ((steps as f64 * share).round() as usize).max(1);
        let mut options = self.request.options;
        options.steps = of_share(options.steps);
        let before = self.before(lesson);
        let mut tuner = Tuner::new(self.base.clone(), lesson, before, options)?;
        let team = &mut self.team();
        let mut losses = Vec::with_capacity(options.steps);
        let begun = Instant::now();
        while !tuner.is_done() {
            let loss = losses.last().copied();
            if let (Some(budget), PROBES) = (self.request.time_budget, losses.len()) {
                let step = begun.elapsed().as_secs_f64() / PROBES as f64;
                tuner.limit(of_share((budget.as_secs_f64() / step) as usize));
            }
            let progress = TuneProgress { stage, done: tuner.steps(), of: tuner.of(), loss };
            if !watch(progress) {
                return Err(RouterError::TuneCancelled);
            }
            losses.push(tuner.step(team)?.total());
        }
        let tenth = losses.len().div_ceil(10);
        let mean = |losses: &[f32]| losses.iter().sum::<f32>() / losses.len() as f32;
        let course = Course {
            steps: losses.len(),
            first: mean(&losses[..tenth]),
            last: mean(&losses[losses.len() - tenth..]),
        };
        Ok((tuner.into_model(), course))
    }

    /// Weights to a model file, and what it is worth.
    fn finish(
        &self,
        lesson: &Lesson,
        tuned: Model,
        course: &Course,
        judged: Judged,
        watch: TuneWatch<'_>,
    ) -> Result<Tuned, RouterError> {
        let Judged { comparison, achieved, predictions, with_negatives } = judged;
        let parent = self.request.model;
        let content = self.texts.hash(with_negatives);
        let short = &content[..8];
        let name = format!("{}-tuned-{short}", base_name(&parent.config().name));
        let learned = if with_negatives { Learned::NegativesToo } else { Learned::Utterances };
        let known = OutOfFold::new(self.texts.whole().learned(learned), &predictions).to_json();
        let calibration = self.texts.sample(CALIBRATION);
        let texts = self.texts.sample(FIDELITY);
        let expected = self.encode(&tuned, &self.ids(texts.iter().copied())?);
        let weights = tuned.into_weights();
        let job = Requantise {
            parent,
            weights: &weights,
            name: &name,
            content_sha256: &content,
            out_of_fold: comparison.is_some().then_some(known.as_bytes()),
            calibration: &calibration,
            threads: self.request.threads,
        };
        let mut called_off = false;
        let converted = requantise(&job, |done, of| {
            called_off |= !watch(TuneProgress { stage: TuneStage::Quantise, done, of, loss: None });
        })
        .map_err(|error| RouterError::Requantise(Box::new(error)))?;
        if called_off {
            return Err(RouterError::TuneCancelled);
        }
        let file = ModelFile::from_bytes(&converted.bytes)?;
        let bert = Bert::new(&file, self.kernels)?;
        let vectors = bert.encode(&texts)?.into_iter().flat_map(|embedding| embedding.vector);
        let cosines: f64 = vectors.zip(&expected).map(|(a, b)| f64::from(a * b)).sum();
        let report = TuneReport {
            model: name,
            fingerprint: file.fingerprint().to_string(),
            parent: parent.fingerprint().to_string(),
            content,
            namespace: self.namespace.clone(),
            revision: self.snapshot.revision(),
            routes: lesson.routes(),
            utterances: lesson.utterances(),
            negatives: self.texts.negatives(),
            with_negatives,
            steps: course.steps,
            loss_before: course.first,
            loss_after: course.last,
            fidelity: cosines / texts.len() as f64,
            verdict: Verdict::of(achieved, comparison.as_ref()),
            objective: self.plan.objective,
            achieved,
            comparison,
        };
        Ok(Tuned { file: converted.bytes, report })
    }
}

/// A model's name without what earlier tuning added.
fn base_name(name: &str) -> &str {
    name.split_once("-tuned-").map_or(name, |(base, _)| base)
}
