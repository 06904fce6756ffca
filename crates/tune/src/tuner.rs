//! The loop: batch, forward, loss, backward, step.

use synaptoroute_kernels::Team;

use crate::adamw::AdamW;
use crate::batches::Batches;
use crate::error::TuneError;
use crate::lesson::Lesson;
use crate::loss::{Loss, loss};
use crate::model::{Model, Tape, pieces};
use crate::parts::Parts;

/// Tokens of a batch whose intermediate results are kept for the way back, about 260 KB each
/// token at hidden width 384 and 12 layers. Longer batches go forwards twice, in pieces (Gao et
/// al., *Scaling deep contrastive learning batch size under memory limited setup*, 2021).
const TAPED_TOKENS: usize = 1024;

/// How to tune.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TuneOptions {
    /// Batches to learn from.
    pub steps: usize,
    /// The rate at its height: what a number changes by in a step, about.
    pub rate: f32,
    /// The last so many layers are tuned; all of them, and the embeddings' normalisation, by
    /// default.
    pub layers: Option<usize>,
    /// Of the order in which texts meet.
    pub seed: u64,
}

impl Default for TuneOptions {
    fn default() -> Self {
        Self { steps: 100, rate: 5e-5, layers: None, seed: 0 }
    }
}

impl TuneOptions {
    /// Whether this model can be tuned so.
    ///
    /// # Errors
    ///
    /// There are no steps, or not as many layers.
    pub fn check(&self, model: &Model) -> Result<(), TuneError> {
        if self.steps == 0 {
            return Err(TuneError::NoSteps);
        }
        match self.layers {
            Some(found) if !(1..=model.layers()).contains(&found) => {
                Err(TuneError::Layers { found, layers: model.layers() })
            }
            _ => Ok(()),
        }
    }

    /// The rate of a step, from 0: it rises over the first quarter and then falls to a fiftieth.
    fn rate(&self, step: usize) -> f32 {
        let (step, steps) = (step as f32, self.steps as f32);
        let rise = ((step + 1.0) / (steps / 4.0)).min(1.0);
        self.rate * rise * (1.0 - step / steps).max(0.02)
    }
}

/// Tuning under way: the caller makes its steps, and may stop after any.
#[derive(Debug)]
pub struct Tuner<'a> {
    model: Model,
    lesson: &'a Lesson,
    options: TuneOptions,
    layers: usize,
    /// Vectors of the lesson's texts before tuning.
    before: Vec<f32>,
    batches: Batches<'a>,
    gradient: Parts,
    optimiser: AdamW,
    done: usize,
    /// [`TAPED_TOKENS`]; tests have less.
    taped_tokens: usize,
}

impl<'a> Tuner<'a> {
    /// Begins. `before` are the unit vectors of the lesson's texts before tuning,
    /// `[texts][width]`: by the model itself or, in less time, by the integers that it came from.
    ///
    /// # Errors
    ///
    /// There are no steps, or not as many layers.
    ///
    /// # Panics
    ///
    /// If there are more or fewer vectors than texts.
    pub fn new(
        model: Model,
        lesson: &'a Lesson,
        before: Vec<f32>,
        options: TuneOptions,
    ) -> Result<Self, TuneError> {
        options.check(&model)?;
        assert_eq!(before.len(), lesson.ids.len() * model.width(), "one vector a text");
        let layers = options.layers.unwrap_or(model.layers());
        let batches = Batches::new(lesson, &before, model.kernels, options.seed);
        let gradient = model.parts.zeros(layers);
        let optimiser = AdamW::new(&model.parts, layers);
        Ok(Self {
            model,
            lesson,
            options,
            layers,
            before,
            batches,
            gradient,
            optimiser,
            done: 0,
            taped_tokens: TAPED_TOKENS,
        })
    }

    /// Whether the last step is made.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.done >= self.options.steps
    }

    /// Steps that were made.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.done
    }

    /// Steps that there are to be.
    #[must_use]
    pub fn of(&self) -> usize {
        self.options.steps
    }

    /// Makes fewer steps of it, at least one more than were made; the rate falls accordingly.
    pub fn limit(&mut self, steps: usize) {
        self.options.steps = steps.clamp(self.done + 1, self.options.steps.max(self.done + 1));
    }

    /// Makes a step; says what the batch's loss was before it.
    ///
    /// # Errors
    ///
    /// The loss is no number.
    pub fn step(&mut self, team: &mut Team<'_>) -> Result<Loss, TuneError> {
        let batch = self.batches.next();
        let loss = self.learn(team, &batch);
        if !loss.total().is_finite() {
            return Err(TuneError::Diverged { steps: self.done });
        }
        self.apply(team);
        Ok(loss)
    }

    /// Moves the weights along the gradient that was added up.
    fn apply(&mut self, team: &mut Team<'_>) {
        let rate = self.options.rate(self.done);
        self.optimiser.step(team, &mut self.model.parts, &mut self.gradient, rate);
        self.done += 1;
    }

    /// The model as it is now.
    #[must_use]
    pub fn into_model(self) -> Model {
        self.model
    }

    /// The loss of a batch, given as places in the lesson; its gradient is added up.
    fn learn(&mut self, team: &mut Team<'_>, batch: &[usize]) -> Loss {
        let ids: Vec<&[u32]> = batch.iter().map(|&i| self.lesson.ids[i].as_slice()).collect();
        let labels: Vec<_> = batch.iter().map(|&i| self.lesson.labels[i]).collect();
        let width = self.model.width();
        let row = |&i: &usize| &self.before[i * width..][..width];
        let before: Vec<f32> = batch.iter().flat_map(row).copied().collect();

        let pieces = pieces(&ids, self.taped_tokens);
        let mut vectors = Vec::with_capacity(before.len());
        let mut tape: Option<Tape> = None;
        for piece in &pieces {
            let kept = if pieces.len() == 1 { self.layers } else { 0 };
            let (some, taped) = self.model.forward(team, piece, kept);
            vectors.extend(some);
            tape = Some(taped).filter(|_| kept > 0);
        }
        let (loss, gradient) = loss(self.model.kernels, &vectors, &labels, &before);
        let mut gradient = gradient.as_slice();
        for piece in &pieces {
            let (by, rest) = gradient.split_at(piece.len() * width);
            gradient = rest;
            let tape =
                tape.take().unwrap_or_else(|| self.model.forward(team, piece, self.layers).1);
            self.model.backward(team, &tape, by, &mut self.gradient);
        }
        loss
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
