//! Whether tuning is worth it: models tuned on parts, asked what they have not learned.

use std::num::NonZero;

use synaptoroute_router::{Comparison, Difference, Pair, Prediction, Text};

use super::trial::{Learned, Outcome, Trial};
use super::{Job, TuneStage, TuneWatch};
use crate::error::RouterError;

/// Fewest negatives of a namespace that are tried as what routes are to be told from: with fewer a
/// fold says nothing of them.
const FEWEST_NEGATIVES: usize = 8;

/// What came of judging.
#[derive(Default)]
pub(super) struct Judged {
    /// Nothing where nothing was held out.
    pub(super) comparison: Option<Comparison>,
    pub(super) achieved: Option<Pair>,
    /// What was said of what was held out by models that had not learned it.
    pub(super) predictions: Vec<Prediction>,
    /// Whether it helps to push the namespace's negatives away.
    pub(super) with_negatives: bool,
}

impl Job<'_> {
    /// What tuning changes on what it has not seen; nothing where nothing can be held out.
    pub(super) fn cross_validate(
        &self,
        folds: NonZero<usize>,
        watch: TuneWatch<'_>,
    ) -> Result<Judged, RouterError> {
        // It has learned none of it, but its fits are told the same as the others': then what differs is
        // the model's doing, and one that is no other is no better.
        let mut before = Trial::new(self, Learned::Utterances);
        let mut after = Trial::new(self, Learned::Utterances);
        let mut away = (self.texts.negatives() >= FEWEST_NEGATIVES)
            .then(|| Trial::new(self, Learned::NegativesToo));
        let ids = self.ids(self.texts.all().map(Text::as_str))?;
        let as_it_is = self.read(self.base, &ids);
        for fold in 0..folds.get() {
            let part = self.texts.fold(fold, folds.get());
            let Ok(lesson) = self.lesson(&part, false) else {
                return Ok(Judged::default()); // What is left of so few utterances teaches nothing.
            };
            let (tuned, _) = self.tune(&lesson, TuneStage::Fold(fold), watch)?;
            before.add(part.clone(), &as_it_is)?;
            after.add(part.clone(), &self.read(&tuned, &ids))?;
            if let Some(away) = &mut away {
                let lesson = self.lesson(&part, true)?;
                let (tuned, _) = self.tune(&lesson, TuneStage::FoldWithNegatives(fold), watch)?;
                away.add(part, &self.read(&tuned, &ids))?;
            }
        }
        let Some((before, after)) = before.outcome()?.zip(after.outcome()?) else {
            return Ok(Judged::default());
        };
        let away = away.map(Trial::outcome).transpose()?.flatten();
        let away = away.filter(|away| helps(&Comparison::new(&after.report, &away.report)));
        let with_negatives = away.is_some();
        let after = away.unwrap_or(after);
        let comparison = Some(Comparison::new(&before.report, &after.report));
        let achieved = |outcome: &Outcome| self.plan.objective.achieved(&outcome.report.samples);
        let achieved = achieved(&before).zip(achieved(&after));
        let achieved = achieved.map(|(before, after)| Pair::new(before, after));
        Ok(Judged { comparison, achieved, predictions: after.predictions, with_negatives })
    }
}

/// Whether what belongs nowhere is told apart better, and no fewer utterances find their route.
fn helps(away: &Comparison) -> bool {
    let change = |difference: Option<Difference>| difference.map_or(0.0, |d| d.difference);
    change(away.auroc) > 0.0 && change(away.forced_accuracy) >= 0.0
}
