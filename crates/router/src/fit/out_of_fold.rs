//! Out-of-fold predictions: what was said of a tuned model's texts where it had not learned them.
//!
//! A model that has learned an utterance puts it nearer to its route, and further from others, than
//! it will put a new question. A fit that took such texts for new ones would be too sure, and its cuts
//! too strict: `keep=0.95` kept 76 % of HWU64's validation texts. When a model is tuned in folds, each
//! fold's model meets texts that are new to it; the fit learns confidence and cuts from what was said
//! there, as stacking does (Wolpert, *Stacked generalization*, 1992).
//!
//! Evidence of two fits has no common unit: [`Scale`] gives it one. Log-odds did worse: how steep a
//! fit's confidence is hangs on how well its model has learned, and a fold's has fewer texts to learn.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::corpus::ENOUGH;
use super::judged::{Judged, Origin, weigh};
use super::trials::{Sums, Trial};
use super::wire::{Floats, Hashes, Words};
use crate::name::RouteName;
use crate::text::Text;
use crate::text_order::hash;

/// The only layout so far.
const VERSION: u32 = 1;

/// The texts that a tuned model learned, and what was said of them by models that had not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutOfFold {
    /// By the texts' hashes.
    texts: BTreeMap<u64, Option<Said>>,
    /// Ascending.
    routes: Vec<RouteName>,
}

/// What was said of a text by a model that had not learned it.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    text: Text,
    first: RouteName,
    position: f32,
    in_scope: bool,
}

/// What is kept of it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Said {
    /// The best route; one of [`OutOfFold::routes`].
    first: usize,
    /// Of what speaks for that, on the [`Scale`] of the fit that said so.
    position: f32,
    /// Whether the text's route was among those that it was asked of.
    in_scope: bool,
}

/// What tuning makes of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Tuning {
    /// The model has not learned it.
    Unseen,
    /// It has, and nobody asked before.
    Learned,
    /// It has, and this was said of it before; the route by its number in the corpus.
    Predicted { first: usize, position: f64, in_scope: bool },
}

/// Where evidence stands between two points that every fit on a tuned model has.
struct Scale {
    /// What speaks for any route, in the mean over texts that were learned: 0.
    any: f64,
    /// What speaks for their best: 1.
    best: f64,
}

/// What cannot be read as out-of-fold predictions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its out-of-fold predictions cannot be read: {0}; tune again")]
pub struct OutOfFoldError(String);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    version: u32,
    routes: Vec<RouteName>,
    /// Texts of which nothing was said.
    learned: Hashes,
    in_scope: WirePredictions,
    out_of_scope: WirePredictions,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WirePredictions {
    texts: Hashes,
    first: Words,
    positions: Floats,
}

impl OutOfFold {
    /// Of texts that a model learned, and of what was said where some were held out.
    pub fn new<'a>(
        learned: impl IntoIterator<Item = &'a Text>,
        predictions: impl IntoIterator<Item = &'a Prediction>,
    ) -> Self {
        let mut texts: BTreeMap<u64, Option<Said>> =
            learned.into_iter().map(|text| (hash(text.as_str()), None)).collect();
        let predictions: Vec<&Prediction> = predictions.into_iter().collect();
        let mut routes: Vec<RouteName> =
            predictions.iter().map(|said| said.first.clone()).collect();
        routes.sort_unstable();
        routes.dedup();
        for &Prediction { ref text, ref first, position, in_scope } in predictions {
            // A text that was not learned speaks for itself.
            if let Some(known) = texts.get_mut(&hash(text.as_str())) {
                let first = routes.binary_search(first).expect("it is one of them");
                *known = Some(Said { first, position, in_scope });
            }
        }
        Self { texts, routes }
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let said = |in_scope: bool| {
            let all = self.texts.iter().filter_map(|(&text, said)| Some((text, (*said)?)));
            let own: Vec<_> = all.filter(|(_, said)| said.in_scope == in_scope).collect();
            WirePredictions {
                texts: Hashes(own.iter().map(|&(text, _)| text).collect()),
                first: Words(own.iter().map(|(_, said)| said.first as u32).collect()),
                positions: Floats(own.iter().map(|(_, said)| said.position).collect()),
            }
        };
        let silent = self.texts.iter().filter(|(_, said)| said.is_none());
        let wire = Wire {
            version: VERSION,
            routes: self.routes.clone(),
            learned: Hashes(silent.map(|(&text, _)| text).collect()),
            in_scope: said(true),
            out_of_scope: said(false),
        };
        serde_json::to_string(&wire).expect("they are numbers and names")
    }

    /// What [`OutOfFold::to_json`] wrote.
    ///
    /// # Errors
    ///
    /// It is of another layout, or its parts do not fit together.
    pub fn from_json(json: &[u8]) -> Result<Self, OutOfFoldError> {
        let broken = |what: &str| OutOfFoldError(what.to_owned());
        let wire: Wire =
            serde_json::from_slice(json).map_err(|error| OutOfFoldError(error.to_string()))?;
        if wire.version != VERSION {
            return Err(broken("they are of a later version"));
        }
        let count = wire.routes.len();
        if !wire.routes.is_sorted_by(|a, b| a < b) {
            return Err(broken("their routes are not in order"));
        }
        let mut texts: BTreeMap<u64, Option<Said>> =
            wire.learned.0.into_iter().map(|text| (text, None)).collect();
        for (said, in_scope) in [(wire.in_scope, true), (wire.out_of_scope, false)] {
            let WirePredictions { texts: hashes, first, positions } = said;
            if [first.0.len(), positions.0.len()] != [hashes.0.len(); 2] {
                return Err(broken("there is not one a text"));
            }
            if !positions.are_numbers() {
                return Err(broken("one of their numbers cannot be"));
            }
            for ((text, first), position) in hashes.0.into_iter().zip(first.0).zip(positions.0) {
                let first = first as usize;
                if first >= count {
                    return Err(broken("they name a route that is not there"));
                }
                texts.insert(text, Some(Said { first, position, in_scope }));
            }
        }
        Ok(Self { texts, routes: wire.routes })
    }

    /// What tuning makes of a text, for routes of these names, which ascend.
    pub(super) fn of(&self, text: &str, names: &[RouteName]) -> Tuning {
        let Some(known) = self.texts.get(&hash(text)) else { return Tuning::Unseen };
        let Some(said) = known else { return Tuning::Learned };
        match names.binary_search(&self.routes[said.first]) {
            Ok(first) => {
                let (position, in_scope) = (f64::from(said.position), said.in_scope);
                Tuning::Predicted { first, position, in_scope }
            }
            Err(_) => Tuning::Learned,
        }
    }
}

impl Scale {
    /// Nothing where no utterance was learned that a fold of the fit holds out, or all routes are alike
    /// to them.
    fn of(trials: &[Trial<'_>], judged: &[Judged], sums: &Sums) -> Option<Self> {
        let (mut any, mut best, mut count) = (0.0, 0.0, 0.0);
        for (trial, judged) in trials.iter().zip(judged) {
            if trial.tuning != Tuning::Unseen && judged.origin == Origin::Utterance {
                any += trial.mean(sums);
                best += judged.evidence;
                count += 1.0;
            }
        }
        let scale = Self { any: any / count, best: best / count };
        (scale.best - scale.any > 1e-6).then_some(scale)
    }

    fn position(&self, evidence: f64) -> f64 {
        (evidence - self.any) / (self.best - self.any)
    }

    fn evidence(&self, position: f64) -> f64 {
        self.any + position * (self.best - self.any)
    }
}

/// What is said of the utterances and samples that the model has not learned.
pub(super) fn predict(
    trials: &[Trial<'_>],
    judged: &[Judged],
    sums: &Sums,
    names: &[RouteName],
) -> Vec<Prediction> {
    let Some(scale) = Scale::of(trials, judged, sums) else { return Vec::new() };
    let unseen = trials.iter().zip(judged).filter(|(trial, _)| trial.tuning == Tuning::Unseen);
    let predict = |(trial, judged): (&Trial<'_>, &Judged)| {
        let is_asked = matches!(judged.origin, Origin::Utterance | Origin::Sample);
        let text = trial.text.filter(|_| is_asked)?;
        Some(Prediction {
            text: text.clone(),
            first: names[judged.first].clone(),
            position: scale.position(judged.evidence) as f32,
            in_scope: judged.belongs.is_some(),
        })
    };
    unseen.filter_map(predict).collect()
}

/// Texts as they are judged, but in the place of those that were learned what was said of them before,
/// if anything was. Nothing where none was learned, or too little would be left.
pub(super) fn unlearn(trials: &[Trial<'_>], judged: &[Judged], sums: &Sums) -> Option<Vec<Judged>> {
    if trials.iter().all(|trial| trial.tuning == Tuning::Unseen) {
        return None;
    }
    let scale = Scale::of(trials, judged, sums);
    let unlearned = |(trial, judged): (&Trial<'_>, &Judged)| match trial.tuning {
        Tuning::Unseen => Some(*judged),
        Tuning::Learned => None,
        Tuning::Predicted { first, position, in_scope } => {
            // A text that was held out with its whole route stands for that, and no other for it.
            let same = match judged.origin {
                Origin::Utterance => in_scope,
                Origin::ForeignRoute | Origin::Negative => !in_scope,
                Origin::Sample => in_scope == judged.belongs.is_some(),
                Origin::Background => false,
            };
            let evidence = scale.as_ref().filter(|_| same)?.evidence(position);
            Some(Judged { first, evidence, ..*judged })
        }
    };
    let mut unlearned: Vec<Judged> = trials.iter().zip(judged).filter_map(unlearned).collect();
    if unlearned.iter().filter(|judged| judged.belongs.is_some()).count() < ENOUGH {
        return None;
    }
    weigh(&mut unlearned);
    Some(unlearned)
}
