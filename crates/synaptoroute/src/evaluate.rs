//! How good a router's decisions are.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use synaptoroute_encoder::EncodeError;
use synaptoroute_router::{
    CrossValidation, FitPlan, FoldCount, Query, Report, Sample, SamplePlace, Samples, Snapshot,
    Text,
};

use crate::embed::{Progress, embed_all};
use crate::error::RouterError;
use crate::executor::Threads;
use crate::router::Router;
use crate::view::View;

impl Router {
    /// Decides for every sample, all on one snapshot, and says how good that was. `progress` is told
    /// how many were encoded.
    ///
    /// # Errors
    ///
    /// A label names no route, or a text could not be encoded.
    pub fn evaluate(
        &self,
        samples: &Samples,
        progress: Progress<'_>,
    ) -> Result<Report, RouterError> {
        let view = self.view();
        samples.check(&view.snapshot)?;
        let readings: Vec<Cow<'_, str>> =
            samples.iter().map(|sample| view.reading(&sample.text)).collect();
        let texts: Vec<&str> = readings.iter().map(AsRef::as_ref).collect();
        let vectors = embed_all(&*view.model.encoder, &texts, Threads::all(), progress);
        let vectors = vectors.map_err(|(index, source)| place_of(samples, index, source))?;
        let queries = texts.iter().zip(&vectors).map(|(&text, vector)| Query { text, vector });
        let judged =
            queries.zip(samples.iter()).map(|(query, sample)| view.snapshot.judge(query, sample));
        Ok(view.report(samples, judged))
    }

    /// Decides for utterances that are held out in turn, by routes without them; and for what belongs
    /// to no route: the namespace's negatives, held out too, and the samples of that kind. Samples that
    /// belong to a route are checked and left aside: [`Router::evaluate`] is for those.
    ///
    /// Routes of a single utterance are never held out; the report names them. `progress` is told how
    /// many texts were encoded, then how many were decided.
    ///
    /// # Errors
    ///
    /// A label names no route, a text could not be encoded, or there is nothing to hold out.
    pub fn cross_validate(
        &self,
        folds: FoldCount,
        samples: Option<&Samples>,
        progress: Progress<'_>,
    ) -> Result<Report, RouterError> {
        let view = self.view();
        let snapshot = &view.snapshot;
        let mut beside: Vec<(Text, Arc<[f32]>)> = Vec::new();
        if let Some(samples) = samples {
            samples.check(snapshot)?;
            let foreign = view.vectors_of(samples, |sample| sample.intent.is_none(), progress)?;
            beside.extend(foreign.into_iter().map(|(sample, v)| (sample.text.clone(), v.into())));
        }
        let plan = CrossValidation::new(snapshot, folds, beside);
        let asked = plan.count();
        // What was fitted must not have seen what is held out: each fold gets a fit of its own, asked
        // for the same. Of what is left too little may be known; then it is as if nothing were fitted.
        let again = match snapshot.fitted() {
            Some(_) => {
                let plan = FitPlan::next(snapshot);
                let samples = view.encode_samples(&plan, Threads::all())?;
                Some((plan, samples))
            }
            None => None,
        };
        let failure = RefCell::new(None);
        let refit = |without: &Snapshot| {
            let Some((plan, samples)) = &again else { return without.clone() };
            let fitted = view.fit(without, plan, samples, &Threads::all());
            without.with_fit(fitted.map_or_else(
                |error| {
                    *failure.borrow_mut() = Some(error);
                    None
                },
                |fitted| fitted.fit,
            ))
        };
        let report = plan.run(snapshot, &view.model().name, &refit, &|done| progress(done, asked));
        match failure.into_inner() {
            Some(error) => Err(error),
            None => report.ok_or(RouterError::NothingToHoldOut),
        }
    }
}

impl View {
    /// Those of the samples that are wanted, each with its vector.
    pub(crate) fn vectors_of<'a>(
        &self,
        samples: &'a Samples,
        wanted: impl Fn(&Sample) -> bool,
        progress: Progress<'_>,
    ) -> Result<Vec<(&'a Sample, Vec<f32>)>, RouterError> {
        let wanted: Vec<(usize, &Sample)> =
            samples.iter().enumerate().filter(|(_, sample)| wanted(sample)).collect();
        let texts: Vec<&str> = wanted.iter().map(|(_, sample)| sample.text.as_str()).collect();
        let vectors = embed_all(&*self.model.encoder, &texts, Threads::all(), progress);
        let vectors = vectors.map_err(|(index, source)| {
            place_of(samples, wanted.get(index).map_or(index, |(index, _)| *index), source)
        })?;
        Ok(wanted.into_iter().map(|(_, sample)| sample).zip(vectors).collect())
    }
}

/// A sample that could not be encoded.
fn place_of(samples: &Samples, index: usize, source: EncodeError) -> RouterError {
    let place = samples.place(index).unwrap_or(SamplePlace::Item(index)).to_string();
    RouterError::EncodeText { place, source }
}
