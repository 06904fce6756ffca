//! Out-of-fold predictions: what was said of a tuned model's texts where it had not learned them.
//!
//! A model that has learned an utterance puts it nearer to its route, and further from others, than
//! it will put a new question. A fit that took such texts for new ones would be too sure, and its cuts
//! too strict: `keep=0.95` kept 76 % of HWU64's validation texts. When a model is tuned in folds, each
//! fold's model meets texts that are new to it; the fit learns confidence and cuts from what was said
//! there, as stacking does (Wolpert, *Stacked generalization*, 1992).
//!
//! What a fold's fit was sure of is told by its log-odds, and brought to the evidence of this fit by
//! what both say of texts that were learned: each has a logistic from those alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::corpus::ENOUGH;
use super::judged::{Judged, Origin, weigh};
use super::trials::{Trial, acceptance};
use super::wire::{Floats, Hashes, Words};
use crate::evaluation;
use crate::name::RouteName;
use crate::text::Text;
use crate::text_order::hash;

/// The only layout so far.
const VERSION: u32 = 1;

/// The texts that a tuned model learned, and what was said of them by models that had not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutOfFold {
    /// By the texts' hashes.
    texts: BTreeMap<u64, Option<Prediction>>,
    /// Ascending.
    routes: Vec<RouteName>,
}

/// What was said of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Prediction {
    /// The best route; one of [`OutOfFold::routes`].
    first: usize,
    /// Of the confidence.
    log_odds: f32,
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
    Predicted { first: usize, log_odds: f64, in_scope: bool },
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
    log_odds: Floats,
}

impl OutOfFold {
    /// Of texts that a model learned, and of what was said where some were held out: of those whose
    /// route was not there, that they belong nowhere.
    pub fn new<'a>(
        learned: impl IntoIterator<Item = &'a Text>,
        judged: impl IntoIterator<Item = &'a evaluation::Judged>,
    ) -> Self {
        let mut texts: BTreeMap<u64, Option<Prediction>> =
            learned.into_iter().map(|text| (hash(text.as_str()), None)).collect();
        let said: Vec<(&evaluation::Judged, &RouteName)> = judged
            .into_iter()
            .filter_map(|judged| Some((judged, judged.first.as_ref()?)))
            .collect();
        let mut routes: Vec<RouteName> = said.iter().map(|(_, first)| (*first).clone()).collect();
        routes.sort_unstable();
        routes.dedup();
        for (judged, first) in said {
            // A text that was not learned speaks for itself.
            if let Some(known) = texts.get_mut(&hash(judged.text.as_str())) {
                let first = routes.binary_search(first).expect("it is one of them");
                let log_odds = (judged.confidence / (1.0 - judged.confidence)).ln() as f32;
                let in_scope = judged.is_in_scope();
                *known =
                    Some(Prediction { first, log_odds: log_odds.clamp(-99.0, 99.0), in_scope });
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
                log_odds: Floats(own.iter().map(|(_, said)| said.log_odds).collect()),
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
        let mut texts: BTreeMap<u64, Option<Prediction>> =
            wire.learned.0.into_iter().map(|text| (text, None)).collect();
        for (said, in_scope) in [(wire.in_scope, true), (wire.out_of_scope, false)] {
            let WirePredictions { texts: hashes, first, log_odds } = said;
            if (hashes.0.len(), hashes.0.len()) != (first.0.len(), log_odds.0.len()) {
                return Err(broken("there is not one a text"));
            }
            if !log_odds.are_numbers() {
                return Err(broken("one of their numbers cannot be"));
            }
            for ((text, first), log_odds) in hashes.0.into_iter().zip(first.0).zip(log_odds.0) {
                let first = first as usize;
                if first >= count {
                    return Err(broken("they name a route that is not there"));
                }
                texts.insert(text, Some(Prediction { first, log_odds, in_scope }));
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
                let (log_odds, in_scope) = (f64::from(said.log_odds), said.in_scope);
                Tuning::Predicted { first, log_odds, in_scope }
            }
            Err(_) => Tuning::Learned,
        }
    }
}

/// Texts as they are judged, but in the place of those that were learned what was said of them before,
/// if anything was. Nothing where none was learned, or too little would be left.
pub(super) fn unlearn(trials: &[Trial<'_>], judged: &[Judged]) -> Option<Vec<Judged>> {
    let both = || trials.iter().map(|trial| trial.tuning).zip(judged);
    let learned = both().filter(|(tuning, _)| *tuning != Tuning::Unseen);
    let mut learned: Vec<Judged> = learned.map(|(_, judged)| *judged).collect();
    if learned.is_empty() {
        return None;
    }
    weigh(&mut learned);
    let known = acceptance(learned.iter());
    let unlearned = |(tuning, judged): (Tuning, &Judged)| match tuning {
        Tuning::Unseen => Some(*judged),
        Tuning::Learned => None,
        Tuning::Predicted { first, log_odds, in_scope } => {
            // A text that was held out with its whole route stands for that, and no other for it.
            let same = match judged.origin {
                Origin::Utterance => in_scope,
                Origin::ForeignRoute | Origin::Negative => !in_scope,
                Origin::Background | Origin::Sample => false,
            };
            same.then(|| Judged { first, evidence: known.evidence_at(log_odds), ..*judged })
        }
    };
    let mut unlearned: Vec<Judged> = both().filter_map(unlearned).collect();
    if unlearned.iter().filter(|judged| judged.belongs.is_some()).count() < ENOUGH {
        return None;
    }
    weigh(&mut unlearned);
    Some(unlearned)
}
