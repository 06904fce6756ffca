//! Fitting a namespace: when it is asked for, and in the background when texts change.

use std::sync::Arc;

use synaptoroute_router::{
    EvidenceSet, Executor, FileFit, Fit, FitInputs, FitPlan, FitReport, Fitted, Labelled,
    Objective, Revision, RoutesFile, Sample, Samples, Snapshot,
};
use synaptoroute_store::{FitEntry, NewFit};

use crate::background::background_texts;
use crate::core::{Committed, Core, Request, Space, Wish};
use crate::embed::{Progress, embed_all};
use crate::error::RouterError;
use crate::executor::Threads;
use crate::router::Router;

/// What a fit is to be made for.
#[derive(Clone, Copy, Debug, Default)]
pub struct FitOptions<'a> {
    /// What cuts are chosen for; what the namespace's settings say, if it is not given.
    pub objective: Option<Objective>,
    /// Which evidence may count; what the namespace's settings say, if it is not given.
    pub evidence: Option<EvidenceSet>,
    /// Labelled samples, which cuts are then chosen by; the routes alone, if there are none.
    pub samples: Option<&'a Samples>,
    /// Whether the result is only to be told of.
    pub dry_run: bool,
}

impl Router {
    /// Fits evidence, confidence and cuts to the routes as they are now, on all cores, and decides
    /// by the result from then on. Later fits in the background are asked for the same.
    ///
    /// Nothing changes if the rule as it is does better by the objective, on texts that were held
    /// out; the report says so. `progress` is told how many samples were encoded.
    ///
    /// # Errors
    ///
    /// A sample's label is no route, a text could not be encoded, or the store failed; then nothing
    /// changed.
    pub fn fit(
        &self,
        options: FitOptions<'_>,
        progress: Progress<'_>,
    ) -> Result<FitReport, RouterError> {
        let core = self.core();
        let snapshot = self.snapshot();
        let mut plan = FitPlan::of(snapshot.settings());
        plan.objective = options.objective.unwrap_or(plan.objective);
        plan.evidence = options.evidence.unwrap_or(plan.evidence);
        let mut labelled = Vec::new();
        if let Some(samples) = options.samples {
            samples.check(&snapshot)?;
            let vectors = self.vectors_of(samples, |_| true, progress)?;
            labelled.extend(vectors.into_iter().map(with_vector));
        }
        let Fitted { fit, mut report, .. } =
            core.fit(&snapshot, &plan, &labelled, &Threads::all())?;
        let refusal = refusal(&snapshot, &report, options.dry_run);
        report.installed = refusal.is_none();
        report.reason = refusal;
        if let (true, Some(fit)) = (report.installed, fit) {
            core.put_fit(&self.space, fit, &report, Wish::Asked)?;
        }
        Ok(report)
    }

    /// Fits now what would be fitted in the background; nothing where the fit in force is that of
    /// the content already, or too little is known. Says whether there is a new one.
    ///
    /// # Errors
    ///
    /// A text could not be encoded, or the store failed.
    pub fn refit(&self) -> Result<bool, RouterError> {
        self.core().refit(&self.space, &Threads::all())
    }

    /// The built-in texts that belong nowhere, with their vectors by this router's model: what its
    /// fits are taught by.
    ///
    /// # Errors
    ///
    /// A text could not be encoded.
    pub fn background(&self) -> Result<Arc<[synaptoroute_router::Background]>, RouterError> {
        Ok(self.core().background.get(&*self.core().encoder)?)
    }

    /// The kept fits, the newest first.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or the namespace was deleted.
    pub fn fits(&self) -> Result<Vec<FitEntry>, RouterError> {
        self.read(|reads| reads.fits(self.name()))
    }

    /// Goes back to a kept fit, and to what it was asked for. Where texts have changed since, it is
    /// refitted in the background with that.
    ///
    /// # Errors
    ///
    /// It is not kept, or the store failed.
    pub fn use_fit(&self, number: u64) -> Result<(), RouterError> {
        let space = Arc::clone(&self.space);
        self.core().submit(Request::ChooseFit { space, number }).map(drop)
    }

    /// As [`Router::export`], with the fit in force, for decisions that are the same elsewhere to the
    /// bit.
    #[must_use]
    pub fn export_with_fit(&self) -> (Revision, RoutesFile) {
        let snapshot = self.snapshot();
        let mut file = snapshot.content();
        let model = self.model().fingerprint.to_string();
        file.fit = snapshot.fitted().map(|fit| fit.to_file(model));
        (snapshot.revision(), file)
    }
}

impl Router {
    /// The fit of a routes file.
    pub(crate) fn read_fit(&self, file: &FileFit) -> Result<Fit, RouterError> {
        let model = self.model();
        file.read(&model.fingerprint.to_string(), model.dimensions)
            .map_err(|source| RouterError::FileFit { source })
    }

    /// Puts a fit in force that came with the content of this revision.
    pub(crate) fn take_fit(&self, fit: Fit, revision: Revision) -> Result<(), RouterError> {
        let fit = fit.at(revision);
        let report = FitReport::of_import(&fit);
        self.core().put_fit(&self.space, Arc::new(fit), &report, Wish::Asked).map(drop)
    }
}

/// Why a fit is not to be put in force.
fn refusal(snapshot: &Snapshot, report: &FitReport, dry_run: bool) -> Option<String> {
    if let Some(unfitted) = report.unfitted {
        return Some(unfitted.advice().to_owned());
    }
    if dry_run {
        return Some("it was a dry run: nothing changed".to_owned());
    }
    let (before, after) = (report.before?.objective, report.after?.objective);
    (snapshot.fitted().is_some() && after < before - 1e-9).then(|| {
        format!(
            "the fit in force does better by this objective on held-out texts ({before:.4}, and the new \
             one {after:.4}): it stays"
        )
    })
}

/// A sample as a fit takes it.
fn with_vector((sample, vector): (&Sample, Vec<f32>)) -> Labelled {
    Labelled { text: sample.text.clone(), vector: vector.into(), route: sample.intent.clone() }
}

impl Core {
    /// A fit by a plan, whose samples were encoded.
    pub(crate) fn fit(
        &self,
        snapshot: &Snapshot,
        plan: &FitPlan,
        samples: &[Labelled],
        executor: &dyn Executor,
    ) -> Result<Fitted, RouterError> {
        let background = self.background.get(&*self.encoder)?;
        let inputs = FitInputs {
            objective: plan.objective,
            evidence: plan.evidence,
            background: &background,
            samples,
        };
        Ok(snapshot.fit(&inputs, executor)?)
    }

    /// The plan's samples, encoded.
    pub(crate) fn encode_samples(&self, plan: &FitPlan) -> Result<Vec<Labelled>, RouterError> {
        let texts: Vec<&str> = plan.samples.iter().map(|sample| sample.text.as_str()).collect();
        let vectors = embed_all(&*self.encoder, &texts, &|_, _| ());
        let vectors = vectors.map_err(|(_, source)| source)?;
        Ok(plan.samples.iter().zip(vectors).map(with_vector).collect())
    }

    fn put_fit(
        &self,
        space: &Arc<Space>,
        fit: Arc<Fit>,
        report: &FitReport,
        wish: Wish,
    ) -> Result<Committed, RouterError> {
        let kept = NewFit {
            revision: fit.revision(),
            automatic: matches!(wish, Wish::Background(_)),
            report: serde_json::to_string(report).expect("a report is numbers and names"),
            fit: fit.to_json(),
        };
        self.submit(Request::PutFit { space: Arc::clone(space), fit, kept, wish })
    }

    /// Fits a namespace anew, if its texts or what is asked for have changed since. Says whether
    /// another fit is in force now, or none any more.
    pub(crate) fn refit(
        &self,
        space: &Arc<Space>,
        executor: &dyn Executor,
    ) -> Result<bool, RouterError> {
        let snapshot = space.snapshot.get();
        if !snapshot.settings().auto_fit || self.is_read_only() {
            return Ok(false);
        }
        let plan = FitPlan::next(&snapshot);
        let before = snapshot.fitted();
        let wish = Wish::Background(before.cloned());
        if plan.unfitted(&snapshot).is_some() {
            // What is left of the routes is too little: what was learned of others says nothing.
            if before.is_none() {
                return Ok(false);
            }
            let space = Arc::clone(space);
            return Ok(self.submit(Request::DropFit { space, wish })?.changed);
        }
        let inputs = plan.hash(&snapshot, background_texts().map(|background| background.text));
        if before.is_some_and(|fit| fit.inputs() == inputs) {
            return Ok(false);
        }
        let samples = self.encode_samples(&plan)?;
        let Fitted { fit, mut report, .. } = self.fit(&snapshot, &plan, &samples, executor)?;
        let Some(fit) = fit else { return Ok(false) };
        report.installed = true;
        Ok(self.put_fit(space, fit, &report, wish)?.changed)
    }
}
