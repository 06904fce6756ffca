//! Fitting a namespace: when it is asked for, and in the background when texts change.

use std::num::NonZero;
use std::sync::Arc;

use synaptoroute_router::{
    EvidenceSet, Executor, FileFit, Fit, FitInputs, FitPlan, FitReport, Fitted, Labelled,
    Objective, Revision, RoutesFile, Samples, Snapshot,
};
use synaptoroute_store::{FitEntry, NewFit};

use crate::background::background_texts;
use crate::core::{Committed, Core, Request, Space, Wish};
use crate::embed::{Progress, embed_all};
use crate::error::RouterError;
use crate::executor::Threads;
use crate::router::Router;
use crate::view::{ModelInUse, View, labelled};

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
        // Should another model come meanwhile, this one's fit is worth nothing.
        loop {
            match self.try_fit(options, progress) {
                Err(RouterError::ModelReplaced) => {}
                done => return done,
            }
        }
    }

    fn try_fit(
        &self,
        options: FitOptions<'_>,
        progress: Progress<'_>,
    ) -> Result<FitReport, RouterError> {
        let view = self.view();
        let snapshot = &view.snapshot;
        let mut plan = FitPlan::of(snapshot.settings());
        plan.objective = options.objective.unwrap_or(plan.objective);
        plan.evidence = options.evidence.unwrap_or(plan.evidence);
        let mut samples = Vec::new();
        if let Some(given) = options.samples {
            given.check(snapshot)?;
            let vectors = view.vectors_of(given, |_| true, progress)?;
            samples.extend(vectors.into_iter().map(labelled));
        }
        let Fitted { fit, mut report, .. } =
            view.fit(snapshot, &plan, &samples, &Threads::all())?;
        let refusal = refusal(snapshot, &report, options.dry_run);
        report.installed = refusal.is_none();
        report.reason = refusal;
        if let (true, Some(fit)) = (report.installed, fit) {
            self.core().put_fit(&self.space, &view.model, fit, &report, Wish::Asked)?;
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
        Ok(self.view().model.background()?)
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
        let view = self.view();
        let snapshot = &view.snapshot;
        let mut file = snapshot.content();
        let model = view.model().fingerprint.to_string();
        file.fit = snapshot.fitted().map(|fit| fit.to_file(model));
        (snapshot.revision(), file)
    }
}

impl ModelInUse {
    /// The fit of a routes file.
    pub(crate) fn read_fit(&self, file: &FileFit) -> Result<Fit, RouterError> {
        let model = self.info();
        file.read(&model.fingerprint.to_string(), model.dimensions)
            .map_err(|source| RouterError::FileFit { source })
    }
}

impl Router {
    /// Puts a fit in force that came with the content of this revision.
    pub(crate) fn take_fit(
        &self,
        model: &Arc<ModelInUse>,
        fit: Fit,
        revision: Revision,
    ) -> Result<(), RouterError> {
        let fit = fit.at(revision);
        let report = FitReport::of_import(&fit);
        self.core().put_fit(&self.space, model, Arc::new(fit), &report, Wish::Asked).map(drop)
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

/// What is kept of a fit.
pub(crate) fn kept(fit: &Fit, report: &FitReport, automatic: bool) -> NewFit {
    NewFit {
        revision: fit.revision(),
        automatic,
        report: serde_json::to_string(report).expect("a report is numbers and names"),
        fit: fit.to_json(),
    }
}

impl View {
    /// A fit by a plan, whose samples were encoded.
    pub(crate) fn fit(
        &self,
        snapshot: &Snapshot,
        plan: &FitPlan,
        samples: &[Labelled],
        executor: &dyn Executor,
    ) -> Result<Fitted, RouterError> {
        let background = self.model.background()?;
        let inputs = FitInputs {
            objective: plan.objective,
            evidence: plan.evidence,
            background: &background,
            samples,
            out_of_fold: self.model.out_of_fold()?,
        };
        Ok(snapshot.fit(&inputs, executor)?)
    }

    /// The plan's samples, encoded.
    pub(crate) fn encode_samples(
        &self,
        plan: &FitPlan,
        threads: Threads,
    ) -> Result<Vec<Labelled>, RouterError> {
        let texts: Vec<&str> = plan.samples.iter().map(|sample| sample.text.as_str()).collect();
        let vectors = embed_all(&*self.model.encoder, &texts, threads, &|_, _| ());
        let vectors = vectors.map_err(|(_, source)| source)?;
        Ok(plan.samples.iter().zip(vectors).map(labelled).collect())
    }
}

impl Core {
    fn put_fit(
        &self,
        space: &Arc<Space>,
        model: &Arc<ModelInUse>,
        fit: Arc<Fit>,
        report: &FitReport,
        wish: Wish,
    ) -> Result<Committed, RouterError> {
        let kept = kept(&fit, report, matches!(wish, Wish::Background(_)));
        let (space, model) = (Arc::clone(space), Arc::clone(model));
        self.submit(Request::PutFit { space, model, fit, kept, wish })
    }

    /// Fits a namespace anew, if its texts or what is asked for have changed since. Says whether
    /// another fit is in force now, or none any more.
    pub(crate) fn refit(
        &self,
        space: &Arc<Space>,
        executor: &dyn Executor,
    ) -> Result<bool, RouterError> {
        let view = space.view.get();
        let snapshot = &view.snapshot;
        if !snapshot.settings().auto_fit || self.is_read_only() {
            return Ok(false);
        }
        let plan = FitPlan::next(snapshot);
        let before = snapshot.fitted();
        let wish = Wish::Background(before.cloned());
        if plan.unfitted(snapshot).is_some() {
            // What is left of the routes is too little: what was learned of others says nothing.
            if before.is_none() {
                return Ok(false);
            }
            let space = Arc::clone(space);
            return Ok(self.submit(Request::DropFit { space, wish })?.changed);
        }
        let inputs = plan.hash(snapshot, background_texts().map(|background| background.text));
        if before.is_some_and(|fit| fit.inputs() == inputs) {
            return Ok(false);
        }
        let samples = view.encode_samples(&plan, Threads::new(NonZero::<usize>::MIN))?;
        let Fitted { fit, mut report, .. } = view.fit(snapshot, &plan, &samples, executor)?;
        let Some(fit) = fit else { return Ok(false) };
        report.installed = true;
        Ok(self.put_fit(space, &view.model, fit, &report, wish)?.changed)
    }
}
