//! Samples where there are none but the utterances: cross-validation.
//!
//! In each fold some utterances of every route are held out: the router forgets them, and is
//! asked where they belong. Over all folds each has been asked once.

use std::collections::HashSet;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Evaluation, Judged, Report};
use crate::checked;
use crate::decide::Query;
use crate::edit::{Edit, Owner, Place};
use crate::name::RouteName;
use crate::samples::Sample;
use crate::snapshot::Snapshot;
use crate::text::Text;
use crate::text_order::{by_hash, hash};

/// A number of folds, 2 to 20; 5 unless set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "u64")]
pub struct FoldCount(usize);

impl FoldCount {
    const MAX: u64 = 20;

    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

impl Default for FoldCount {
    fn default() -> Self {
        Self(5)
    }
}

impl TryFrom<u64> for FoldCount {
    type Error = String;

    fn try_from(value: u64) -> Result<Self, String> {
        match usize::try_from(value) {
            Ok(count) if (2..=Self::MAX).contains(&value) => Ok(Self(count)),
            _ => Err(format!("{value} is no number of folds: it lies between 2 and {}", Self::MAX)),
        }
    }
}

impl<'de> Deserialize<'de> for FoldCount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        checked::whole(from)
    }
}

impl From<FoldCount> for u64 {
    fn from(count: FoldCount) -> Self {
        count.0 as Self
    }
}

/// Which texts are held out when. It depends on what the texts are, and not on the order in
/// which they came.
#[derive(Clone, Debug)]
pub struct CrossValidation {
    folds: Vec<Fold>,
}

#[derive(Clone, Debug, Default)]
struct Fold {
    /// What the router forgets.
    forgotten: Vec<Edit>,
    /// What it is asked.
    asked: Vec<(Sample, Arc<[f32]>)>,
}

impl CrossValidation {
    /// Shares a snapshot's texts out to the folds: of each route as evenly as they go, and the
    /// namespace's negatives. Texts that belong to no route, with their vectors, can be given beside;
    /// they are asked once each. Routes of a single utterance are never held out.
    #[must_use]
    pub fn new(
        snapshot: &Snapshot,
        count: FoldCount,
        out_of_scope: impl IntoIterator<Item = (Text, Arc<[f32]>)>,
    ) -> Self {
        let mut folds = vec![Fold::default(); count.get()];
        for route in snapshot.routes().filter(|route| route.utterances > 1) {
            share_out(&mut folds, snapshot, &Owner::Utterances(route.name.clone()));
        }
        share_out(&mut folds, snapshot, &Owner::Namespace);
        let negatives: HashSet<Text> = snapshot.texts(&Owner::Namespace).into_iter().collect();
        let beside = out_of_scope.into_iter().filter(|(text, _)| !negatives.contains(text));
        let beside = by_hash(beside, |(text, _)| text.as_str());
        for (rank, (_, (text, vector))) in beside.into_iter().enumerate() {
            folds[rank % count.get()].asked.push((Sample { text, intent: None }, vector));
        }
        Self { folds }
    }

    /// How many texts are asked, over all folds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.folds.iter().map(|fold| fold.asked.len()).sum()
    }

    /// Asks them, and merges what comes of it. `refit` gets the snapshot of each fold without what is
    /// held out, and gives the one that decides: whatever is fitted must be fitted there, or it
    /// has seen the answers. `progress` is told how many texts were asked.
    ///
    /// None where nothing can be asked: no route has two utterances, and there are no negatives.
    ///
    /// # Panics
    ///
    /// If this was made of another snapshot.
    pub fn run(
        &self,
        snapshot: &Snapshot,
        model: &str,
        refit: &dyn Fn(&Snapshot) -> Snapshot,
        progress: &dyn Fn(usize),
    ) -> Option<Report> {
        let mut evaluation = Evaluation::new(snapshot, model).in_folds(self.folds.len());
        let mut asked = 0;
        for fold in self.folds.iter().filter(|fold| !fold.asked.is_empty()) {
            let without = snapshot.with(snapshot.revision(), fold.forgotten.iter().cloned());
            let decider = refit(&without);
            evaluation.add(fold.asked.iter().map(|(sample, vector)| -> Judged {
                let query = Query { text: sample.text.as_str(), vector };
                let judged = decider.judge(query, sample);
                asked += 1;
                progress(asked);
                judged
            }));
        }
        evaluation.report()
    }
}

/// Each fold gets every so-manieth of an owner's texts, in the order of their hashes. The first goes
/// to a fold that the owner's name picks, or the last folds would get nothing of many small routes.
fn share_out(folds: &mut [Fold], snapshot: &Snapshot, owner: &Owner) {
    let intent: Option<RouteName> = owner.route().cloned();
    let texts = by_hash(snapshot.placed_texts(owner), |placed| placed.text.as_str());
    let [begin, ..] = hash(intent.as_ref().map_or("", RouteName::as_str)).to_be_bytes();
    let mut places: Vec<Vec<Place>> = vec![Vec::new(); folds.len()];
    for (rank, (_, placed)) in texts.into_iter().enumerate() {
        let number = (usize::from(begin) + rank) % folds.len();
        places[number].push(placed.place);
        let sample = Sample { text: placed.text, intent: intent.clone() };
        folds[number].asked.push((sample, placed.vector));
    }
    for (fold, places) in folds.iter_mut().zip(places) {
        if !places.is_empty() {
            fold.forgotten.push(Edit::Remove(owner.clone(), places));
        }
    }
}
