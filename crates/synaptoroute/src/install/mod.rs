//! Another model for a database, while it is in use.
//!
//! All that takes long is done beside those who decide and change: texts are encoded, and fits made of
//! the new vectors. Then, while changes wait and decisions go on, one transaction puts the vectors, the fits
//! and the model into the store; and only then is each namespace's content published together with
//! the model, so that no query meets vectors of another.
//!
//! - `vectors`: every text by the new model.
//! - `lint`: when a tuned model has fallen behind the routes.

mod lint;
mod vectors;

use std::num::NonZero;
use std::sync::Arc;

use synaptoroute_encoder::ModelFile;
use synaptoroute_router::{FitPlan, NamespaceName, Snapshot, Text};
use synaptoroute_store::{
    Learned, ModelEntry, NewFit, NewModel, Reads, Reembedding, Store, StoreError,
};

use self::vectors::{Vectors, with_vectors};
use crate::core::{Core, Request, load, load_snapshots, unix_ms};
use crate::error::RouterError;
use crate::executor::Threads;
use crate::fit::kept;
use crate::models::{Models, identity_of};
use crate::router::Router;
use crate::tune::Tuned;
use crate::view::{ModelInUse, View};

/// Bytes of a text's row in the store besides its vector, generously.
const ROW: u64 = 1024;

/// What installing a model is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstallStage {
    /// All texts are encoded by the new model.
    Embed,
    /// Namespaces that were fitted are fitted to the new vectors.
    Fit,
    /// Everything goes to the store in one step, which nobody calls off any more.
    Store,
}

/// How far installing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstallProgress {
    /// What it is at.
    pub stage: InstallStage,
    /// Texts or namespaces that are done,
    pub done: usize,
    /// and of how many.
    pub of: usize,
}

/// Told how far installing is; false calls it off.
pub type InstallWatch<'a> = &'a mut dyn FnMut(InstallProgress) -> bool;

impl Router {
    /// The models that made vectors of this store, the newest first.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn models(&self) -> Result<Vec<ModelEntry>, RouterError> {
        self.open.read(Reads::models)
    }

    /// What this router makes encoders of, if it was opened with model files.
    #[must_use]
    pub fn model_files(&self) -> Option<&Arc<Models>> {
        self.open.models.as_ref()
    }

    /// Has all namespaces decide by a tuned model from now on: encodes every text by it, fits anew what
    /// was fitted, and puts all of that and the model file into the store in one transaction.
    ///
    /// Decisions go on meanwhile, each by the old model or by the new one as a whole; changes wait
    /// during the transaction alone, some two seconds for 100,000 texts. `threads` are at work. Says
    /// whether it was another model that was in use.
    ///
    /// # Errors
    ///
    /// This router was not opened with model files, there is no room on the disk, the model cannot be
    /// used, a text could not be encoded, `watch` called it off, or the store failed; then all is as it
    /// was.
    pub fn install(
        &self,
        tuned: &Tuned,
        threads: NonZero<usize>,
        watch: InstallWatch<'_>,
    ) -> Result<bool, RouterError> {
        let file = ModelFile::from_bytes(&tuned.file)?;
        let report = &tuned.report;
        let new = NewModel {
            identity: identity_of(&file),
            file: Some(tuned.file.clone()),
            learned: Some(Learned {
                namespace: report.namespace.clone(),
                revision: report.revision,
            }),
            report: Some(serde_json::to_string(report).expect("a report is numbers and names")),
        };
        self.switch(&file, new, Threads::new(threads), watch)
    }

    /// Goes back, or forth, to a model that made vectors of this store before; else as
    /// [`Router::install`].
    ///
    /// # Errors
    ///
    /// There is no such model or its file is not at hand, or as of [`Router::install`].
    pub fn use_model(
        &self,
        number: u64,
        threads: NonZero<usize>,
        watch: InstallWatch<'_>,
    ) -> Result<bool, RouterError> {
        let models = self.open.models()?;
        let entry = self.open.read(|reads| reads.model_entry(number))?;
        let file = self.open.read(|reads| models.file(reads, &entry.identity.fingerprint))?;
        let elsewhere = || StoreError::ModelElsewhere { number, name: entry.identity.name.clone() };
        let file = file.ok_or_else(elsewhere)?;
        self.switch(&file, NewModel::elsewhere(entry.identity), Threads::new(threads), watch)
    }

    /// Forgets a model that is not in use, and its file.
    ///
    /// # Errors
    ///
    /// There is none of this number, it is in use, or the store failed.
    pub fn remove_model(&self, number: u64) -> Result<(), RouterError> {
        self.core().submit(Request::RemoveModel(number)).map(drop)
    }

    /// Makes sure that there is room on the disk for a model of so many bytes and its vectors.
    ///
    /// # Errors
    ///
    /// There is not, or nothing can be written here.
    pub fn try_room(&self, model_bytes: usize) -> Result<(), RouterError> {
        if self.core().is_read_only() {
            return Err(StoreError::ReadOnly.into());
        }
        let texts: usize = self
            .core()
            .spaces
            .get()
            .values()
            .map(|space| space.view.get().snapshot.text_count())
            .sum();
        let row = ROW + 4 * self.model().dimensions as u64;
        // Once in the log, and the model once more in the file.
        let bytes = 2 * model_bytes as u64 + texts as u64 * row;
        self.open.read(|reads| reads.try_room(bytes))
    }

    fn switch(
        &self,
        file: &ModelFile,
        new: NewModel,
        threads: Threads,
        watch: InstallWatch<'_>,
    ) -> Result<bool, RouterError> {
        let (core, models) = (self.core(), self.open.models()?);
        if core.model.get().info().fingerprint == file.fingerprint() {
            return Ok(false);
        }
        self.try_room(file.len_bytes())?;
        let next = Arc::new(ModelInUse::new(models.encoder(file)?));
        let texts = self.open.read(Reads::texts)?;
        let vectors = Vectors::encode(&next, &texts, threads, watch)?;
        let fits = self.fits_of(&next, &vectors, threads, watch)?;
        if !watch(InstallProgress { stage: InstallStage::Store, done: 0, of: texts.len() }) {
            return Err(RouterError::InstallCancelled);
        }
        let mut store = core.committer.worker();
        // One that lies elsewhere may be gone when somebody wants it back.
        let brought = models.find_brought(&core.model.get().info().fingerprint.to_string());
        let new = Reembedding {
            model: &new,
            before: brought.map(|file| file.as_bytes()),
            fits: &fits,
            at_unix_ms: unix_ms(),
        };
        core.put_model(&mut store, Arc::clone(&next), new, &vectors)?;
        drop(store);
        core.wake_refitter();
        Ok(true)
    }

    /// What was fitted, fitted to the new vectors.
    fn fits_of(
        &self,
        next: &Arc<ModelInUse>,
        vectors: &Vectors<'_>,
        threads: Threads,
        watch: InstallWatch<'_>,
    ) -> Result<Vec<(NamespaceName, NewFit)>, RouterError> {
        let core = self.core();
        let mut fits = Vec::new();
        let mut missing = None;
        let read = |reads: &Reads| {
            load_snapshots(reads, core.kernels, next.info().dimensions, |edit| {
                with_vectors(edit, |text| {
                    vectors.of(text).unwrap_or_else(|error| {
                        missing = Some(error);
                        vec![0.0; next.info().dimensions].into()
                    })
                })
            })
        };
        let snapshots = self.open.read(read)?;
        if let Some(error) = missing {
            return Err(error);
        }
        let spaces = core.spaces.get();
        let fitted = |(name, snapshot): (NamespaceName, Snapshot)| {
            let before = Arc::clone(&spaces.get(&name)?.view.get().snapshot);
            before.fitted().is_some().then_some((name, snapshot, before))
        };
        let wanted: Vec<_> = snapshots.into_iter().filter_map(fitted).collect();
        let of = wanted.len();
        for (done, (name, snapshot, before)) in wanted.into_iter().enumerate() {
            if !watch(InstallProgress { stage: InstallStage::Fit, done, of }) {
                return Err(RouterError::InstallCancelled);
            }
            let view = View::new(snapshot, next);
            let plan = FitPlan::next(&before);
            let samples = view.encode_samples(&plan, threads)?;
            let mut fitted = view.fit(&view.snapshot, &plan, &samples, &threads)?;
            if let Some(fit) = fitted.fit {
                fitted.report.installed = true;
                fits.push((name, kept(&fit, &fitted.report, true)));
            }
        }
        Ok(fits)
    }
}

impl Core {
    /// First durable, then visible.
    fn put_model(
        &self,
        store: &mut Store,
        next: Arc<ModelInUse>,
        new: Reembedding<'_>,
        vectors: &Vectors<'_>,
    ) -> Result<(), RouterError> {
        let embed = |texts: &[Text]| {
            let vector = |text| vectors.of(text).map(|vector| vector.to_vec());
            texts.iter().map(vector).collect::<Result<_, RouterError>>()
        };
        let read = |reads: &Reads| load(reads, self.kernels, &next);
        let spaces = store.reembed(new, embed, read, &|_, _| ());
        let spaces = spaces.map_err(RouterError::of_reembedding)?;
        self.model.publish(next);
        self.replace(spaces);
        Ok(())
    }
}
