//! What is to be tuned, and what becomes of it.

use std::num::NonZero;
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use synaptoroute::{Router, RouterError, TUNE_FOLDS, TuneOptions, TuneRequest, Verdict};
use utoipa::ToSchema;

use super::job::{Outcome, Work};
use crate::failure::{Failure, Fault};
use crate::request::{Whole, positive};

const MAX_STEPS: u64 = 100_000;
const MAX_RATE: f64 = 0.01;
const MAX_FOLDS: u64 = 20;
/// The largest number that every reader of JSON has exactly.
const MAX_SEED: u64 = (1 << 53) - 1;
/// A year: more is no budget.
const MAX_BUDGET_S: f64 = 31_536_000.0;

/// How to tune; nothing of it is needed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Tune, example = json!({"steps": 100, "folds": 3}))]
pub(crate) struct Asked {
    /// Batches to learn from; 100 unless given, a minute or two of two cores.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 100000)]
    steps: Option<Whole>,
    /// Fewer steps are made if they would take longer than so many seconds, in each fold and on
    /// everything.
    #[schema(exclusive_minimum = 0, maximum = 31536000)]
    time_budget_s: Option<f64>,
    /// The last so many layers are tuned; all of them unless given.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 4294967295_u64)]
    layers: Option<Whole>,
    /// What a number changes by in a step, about; 0.00005 unless given.
    #[schema(exclusive_minimum = 0, maximum = 0.01)]
    rate: Option<f64>,
    /// Of the order in which texts meet; 0 unless given.
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 9007199254740991_u64)]
    seed: Option<Whole>,
    /// Folds of the cross-validation by which it is judged, each of which takes as long as the
    /// tuning itself; 2 unless given. With 0 nobody knows whether it is better.
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 20)]
    folds: Option<Whole>,
    /// Threads at work, 1 unless given, and never more than there are cores. The result is the same
    /// whatever their number; the more there are, the longer decisions take meanwhile.
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 4294967295_u64)]
    threads: Option<Whole>,
    /// Whether the tuned model is to be used if it is better; it is unless told otherwise.
    install: Option<bool>,
    /// Whether it is to be used even if it is not better, or nobody knows.
    force: Option<bool>,
}

/// The same, checked.
pub(super) struct Plan {
    options: TuneOptions,
    time_budget: Option<Duration>,
    folds: Option<NonZero<usize>>,
    threads: NonZero<usize>,
    pub(super) install: bool,
    force: bool,
}

impl Asked {
    pub(super) fn plan(self) -> Result<Plan, Failure> {
        let default = TuneOptions::default();
        let whole = |given: Option<Whole>, field, least, most| {
            let number = given.map(|given| given.within(field, least..=most)).transpose()?;
            Ok::<_, Failure>(number.and_then(|number| usize::try_from(number).ok()))
        };
        let rate = self.rate.map(|rate| positive("rate", rate, MAX_RATE)).transpose()?;
        let options = TuneOptions {
            steps: whole(self.steps, "steps", 1, MAX_STEPS)?.unwrap_or(default.steps),
            rate: rate.map_or(default.rate, |rate| rate as f32),
            layers: whole(self.layers, "layers", 1, u64::from(u32::MAX))?,
            seed: match self.seed {
                Some(seed) => seed.within("seed", 0..=MAX_SEED)?,
                None => default.seed,
            },
        };
        let budget = |seconds| positive("time_budget_s", seconds, MAX_BUDGET_S);
        let time_budget = self.time_budget_s.map(budget).transpose()?.map(Duration::from_secs_f64);
        let folds = whole(self.folds, "folds", 0, MAX_FOLDS)?.unwrap_or(TUNE_FOLDS.into());
        let cores = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
        let threads = whole(self.threads, "threads", 1, u64::from(u32::MAX))?;
        let threads = threads.and_then(NonZero::new).unwrap_or(NonZero::<usize>::MIN).min(cores);
        let (install, force) = (self.install.unwrap_or(true), self.force.unwrap_or_default());
        let folds = NonZero::new(folds);
        if folds.is_none() && install && !force {
            return Err(Fault::Unjudged.at("folds"));
        }
        Ok(Plan { options, time_budget, folds, threads, install, force })
    }
}

impl Plan {
    /// Tunes, and installs what is worth it.
    pub(super) fn carry_out(
        &self,
        router: &Router,
        work: &mut Work,
    ) -> Result<Outcome, RouterError> {
        let models = router.model_files().ok_or(RouterError::NoModelFiles)?;
        if self.install {
            // A tuned model is about as large as the one that it begins from.
            router.try_room(models.first().len_bytes())?;
        }
        let request = TuneRequest {
            options: self.options,
            time_budget: self.time_budget,
            folds: self.folds,
            ..TuneRequest::new(models.first(), self.threads)
        };
        let tuned = router.tune(&request, &mut |progress| work.tuning(progress))?;
        let verdict = tuned.report.verdict;
        work.tuned(tuned.report.clone());
        if !self.install {
            return Ok(Outcome::Left("it was asked for without installing it".to_owned()));
        }
        if verdict != Verdict::Better && !self.force {
            return Ok(Outcome::Left(verdict.advice().to_owned()));
        }
        let shared = work.shared();
        let _alone = shared.installing();
        router.install(&tuned, self.threads, &mut |progress| work.installing(progress))?;
        Ok(Outcome::Installed)
    }
}
