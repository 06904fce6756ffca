//! The texts of a namespace in canonical order, and what is held out when.

use synaptoroute_encoder::Fingerprint;
use synaptoroute_router::{Owner, RouteName, Snapshot, Text, by_hash};
use synaptoroute_tune::{FEWEST_ROUTES, learned};

use super::trial::Learned;
use crate::background::background_texts;

/// In each fold, one route of so many is left out whole: its utterances are questions near to the
/// others that belong nowhere.
const LEFT_OUT: usize = 5;

/// Routes by name, each with its utterances by their hashes; and texts that belong nowhere.
pub(super) struct Texts {
    routes: Vec<(RouteName, Vec<Text>)>,
    /// The namespace's negatives, by their hashes.
    negatives: Vec<Text>,
    /// Those that most likely belong nowhere.
    foreign: Vec<Text>,
}

/// What is learned from and what is asked in one fold.
#[derive(Clone, Default)]
pub(super) struct Part<'a> {
    /// Of each route that is learned, what is learned from.
    pub(super) routes: Vec<Vec<&'a Text>>,
    /// Their names.
    pub(super) names: Vec<&'a RouteName>,
    /// The namespace's negatives, but for those that are held out.
    pub(super) negatives: Vec<&'a Text>,
    /// Other texts by which a model and its fit are taught what belongs nowhere.
    pub(super) background: Vec<&'a Text>,
    /// More of these, by which only a fit is taught.
    pub(super) spare: Vec<&'a Text>,
    /// Texts that are held out, each with its route; with none if it belongs nowhere, or that route
    /// is left out.
    pub(super) asked: Vec<(&'a Text, Option<&'a RouteName>)>,
    /// Of `background`'s kind, those that are held out.
    pub(super) foreign: Vec<&'a Text>,
}

impl<'a> Part<'a> {
    /// All that a model learns that was tuned on it.
    pub(super) fn learned(&self, what: Learned) -> impl Iterator<Item = &'a Text> {
        let utterances = self.routes.iter().flat_map(|texts| learned(texts));
        let utterances = utterances.chain(&self.background);
        let negatives = self.negatives.iter().filter(move |_| what == Learned::NegativesToo);
        utterances.chain(negatives).copied()
    }
}

impl Texts {
    /// `background` are texts that belong nowhere; the built-in ones if there are none.
    pub(super) fn of(snapshot: &Snapshot, background: Option<&[Text]>) -> Self {
        let in_order = |owner: &Owner| -> Vec<Text> {
            let texts = by_hash(snapshot.texts(owner), Text::as_str).into_iter();
            texts.map(|(_, text)| text).collect()
        };
        let route = |name: &RouteName| (name.clone(), in_order(&Owner::Utterances(name.clone())));
        let built_in = |text| Text::try_from(text).expect("a text of the built-in set");
        let foreign = match background {
            Some(texts) => texts.to_vec(),
            None => background_texts().map(|background| built_in(background.text)).collect(),
        };
        Self {
            routes: snapshot.routes().map(|known| route(&known.name)).collect(),
            negatives: in_order(&Owner::Namespace),
            foreign,
        }
    }

    /// Everything, nothing asked.
    pub(super) fn whole(&self) -> Part<'_> {
        Part { negatives: self.negatives.iter().collect(), ..self.part(|_| false, |_, _| false) }
    }

    /// One of `folds` parts: of each route every so many utterances are asked, and of some routes
    /// all, if enough routes remain; and its share of every other text that belongs nowhere, those
    /// by which nothing is taught.
    pub(super) fn fold(&self, fold: usize, folds: usize) -> Part<'_> {
        let spare = self.routes.len() - self.routes.len().div_ceil(LEFT_OUT);
        let left_out = |route: usize| spare >= FEWEST_ROUTES && route % LEFT_OUT == fold % LEFT_OUT;
        let mut part = self.part(left_out, |route, rank| (rank + route) % folds.max(2) == fold);
        for (rank, negative) in self.negatives.iter().enumerate() {
            match rank % folds.max(2) == fold {
                true => part.asked.push((negative, None)),
                false => part.negatives.push(negative),
            }
        }
        for (rank, text) in self.foreign.iter().skip(1).step_by(2).enumerate() {
            match rank % folds == fold {
                true => part.foreign.push(text),
                false => part.spare.push(text),
            }
        }
        part
    }

    /// About as many utterances, evenly from all routes.
    pub(super) fn sample(&self, count: usize) -> Vec<&str> {
        let all: Vec<&str> = self.utterances().map(Text::as_str).collect();
        all.iter().step_by(all.len().div_ceil(count).max(1)).copied().collect()
    }

    /// All that there are.
    pub(super) fn all(&self) -> impl Iterator<Item = &Text> {
        self.utterances().chain(&self.negatives).chain(&self.foreign)
    }

    /// Of the utterances, how many are learned from where none is held out.
    pub(super) fn learned(&self) -> usize {
        self.routes.iter().map(|(_, texts)| learned(texts).count()).sum()
    }

    /// Of the namespace's negatives.
    pub(super) fn negatives(&self) -> usize {
        self.negatives.len()
    }

    /// SHA-256 of names and utterances, and of the negatives if they are learned too.
    pub(super) fn hash(&self, with_negatives: bool) -> String {
        let mut bytes = Vec::new();
        let mut part = |text: &str| {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.as_bytes());
        };
        for (name, texts) in &self.routes {
            part(name.as_str());
            part(&texts.len().to_string());
            texts.iter().for_each(|text| part(text.as_str()));
        }
        if with_negatives {
            self.negatives.iter().for_each(|text| part(text.as_str()));
        }
        Fingerprint::of(&bytes).to_string()
    }

    fn utterances(&self) -> impl Iterator<Item = &Text> {
        self.routes.iter().flat_map(|(_, texts)| texts)
    }

    fn part(
        &self,
        left_out: impl Fn(usize) -> bool,
        held_out: impl Fn(usize, usize) -> bool,
    ) -> Part<'_> {
        let mut part =
            Part { background: self.foreign.iter().step_by(2).collect(), ..Part::default() };
        for (number, (name, texts)) in self.routes.iter().enumerate() {
            let mut learned = Vec::new();
            let known = !left_out(number);
            for (rank, text) in texts.iter().enumerate() {
                // A route's only one cannot be missed.
                if held_out(number, rank) && (texts.len() > 1 || !known) {
                    part.asked.push((text, known.then_some(name)));
                } else if known {
                    learned.push(text);
                }
            }
            if !learned.is_empty() {
                part.names.push(name);
                part.routes.push(learned);
            }
        }
        part
    }
}
