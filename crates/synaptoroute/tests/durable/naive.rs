//! What a namespace should hold and decide, worked out in the plainest way.

use std::collections::BTreeMap;

use synaptoroute::{
    Change, ImportMode, Outcome, Owner, Reason, Revision, Route, RouteName, RouteOptions, Router,
    RoutesFile, Settings, Text,
};

use crate::support::cosine;

/// The content at one revision.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) negatives: Vec<Text>,
    pub(crate) routes: BTreeMap<RouteName, Route>,
}

/// Why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownRoute,
    UnknownText,
    LastUtterance,
    Gone,
    NeverMade,
}

/// All that a namespace went through.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    /// By revision.
    states: Vec<State>,
    /// How many stay readable.
    keep: u64,
}

impl Space {
    pub(crate) fn new(keep: u64) -> Self {
        Self { states: vec![State::default()], keep }
    }

    pub(crate) fn revision(&self) -> u64 {
        self.states.len() as u64 - 1
    }

    pub(crate) fn oldest(&self) -> u64 {
        (self.revision() + 1).saturating_sub(self.keep)
    }

    pub(crate) fn now(&self) -> &State {
        self.at(self.revision())
    }

    pub(crate) fn at(&self, revision: u64) -> &State {
        &self.states[revision as usize]
    }

    pub(crate) fn push(&mut self, state: State) {
        self.states.push(state);
        // What nobody can go back to need not be remembered.
        if let Some(gone) = self.oldest().checked_sub(1) {
            self.states[gone as usize] = State::default();
        }
    }

    /// What the change makes of the content of a revision.
    pub(crate) fn apply(&self, to: u64, change: &Change) -> Result<State, Refusal> {
        let mut state = self.at(to).clone();
        match change {
            Change::Rollback(revision) => return self.kept(*revision).cloned(),
            Change::Import(file, ImportMode::Replace) => {
                state = State {
                    settings: file.settings,
                    negatives: file.negatives.clone(),
                    ..State::default()
                };
                file.routes.iter().for_each(|route| state.upsert(route));
            }
            Change::Import(file, ImportMode::Merge) => state.merge(file),
            Change::Upsert(route) => state.upsert(route),
            Change::Patch(name, patch) => {
                let route = state.route(name)?;
                let attributes = patch.clone().apply(&route.attributes());
                *route = route.clone().with_attributes(attributes);
            }
            Change::DeleteRoute(name) => {
                state.routes.remove(name).ok_or(Refusal::UnknownRoute)?;
            }
            Change::AddTexts(owner, texts) => add(state.texts(owner)?, texts),
            Change::RemoveTexts(owner, texts) => {
                let list = state.texts(owner)?;
                if texts.iter().any(|text| !list.contains(text)) {
                    return Err(Refusal::UnknownText);
                }
                list.retain(|text| !texts.contains(text));
                if list.is_empty() && matches!(owner, Owner::Utterances(_)) {
                    return Err(Refusal::LastUtterance);
                }
            }
            Change::Settings(patch) => state.settings = patch.apply(&state.settings),
            _ => unreachable!("a kind of change that this model does not know"),
        }
        Ok(state)
    }

    pub(crate) fn kept(&self, revision: Revision) -> Result<&State, Refusal> {
        match revision.get() {
            number if number > self.revision() => Err(Refusal::NeverMade),
            number if number < self.oldest() => Err(Refusal::Gone),
            number => Ok(self.at(number)),
        }
    }
}

impl State {
    fn upsert(&mut self, route: &Route) {
        self.routes.insert(route.name.clone(), route.clone());
    }

    fn merge(&mut self, file: &RoutesFile) {
        let default = Settings::default();
        if file.settings.margin != default.margin {
            self.settings.margin = file.settings.margin;
        }
        if file.settings.top_k != default.top_k {
            self.settings.top_k = file.settings.top_k;
        }
        if file.settings.auto_fit != default.auto_fit {
            self.settings.auto_fit = file.settings.auto_fit;
        }
        add(&mut self.negatives, &file.negatives);
        file.routes.iter().for_each(|route| self.upsert(route));
    }

    fn route(&mut self, name: &RouteName) -> Result<&mut Route, Refusal> {
        self.routes.get_mut(name).ok_or(Refusal::UnknownRoute)
    }

    fn texts(&mut self, owner: &Owner) -> Result<&mut Vec<Text>, Refusal> {
        Ok(match owner {
            Owner::Namespace => &mut self.negatives,
            Owner::Utterances(name) => &mut self.route(name)?.utterances,
            Owner::Negatives(name) => &mut self.route(name)?.negatives,
        })
    }

    /// As an export has it.
    pub(crate) fn file(&self) -> RoutesFile {
        RoutesFile::new(
            self.settings,
            self.negatives.clone(),
            self.routes.values().cloned().collect(),
        )
    }

    /// Panics unless the router decides as the rules say, to the last bit.
    #[track_caller]
    pub(crate) fn assert_decides(&self, router: &Router, query: &Text) {
        let options =
            RouteOptions { top_k: Some(100.try_into().unwrap()), ..RouteOptions::default() };
        let decision = router.route(query, options).unwrap().decision;
        let (outcome, intent, reason, ranking) = self.decide(query);
        let found: Vec<(RouteName, f64)> =
            decision.candidates.iter().map(|c| (c.route.clone(), c.score)).collect();
        let expected = (outcome, intent.as_ref(), reason, ranking);
        assert_eq!(
            (decision.outcome, decision.intent.as_ref(), decision.reason, found),
            expected,
            "{query}"
        );
        for candidate in &decision.candidates {
            let own = &self.routes[&candidate.route].utterances;
            for near in &candidate.nearest {
                assert!(own.contains(&near.utterance), "{} of {}", near.utterance, candidate.route);
                assert_eq!(near.similarity, cosine(query, &near.utterance), "{query}");
            }
        }
    }

    /// Outcome, intent, reason, and all routes in order with their scores.
    fn decide(&self, query: &Text) -> (Outcome, Option<RouteName>, Reason, Vec<(RouteName, f64)>) {
        let mut judged: Vec<(Option<Reason>, f64, &RouteName)> = self
            .routes
            .values()
            .map(|route| {
                let (score, refusal) = self.judge(route, query);
                (refusal, score, &route.name)
            })
            .collect();
        judged.sort_by(|a, b| {
            let passing = a.0.is_some().cmp(&b.0.is_some());
            passing.then(b.1.total_cmp(&a.1)).then(a.2.cmp(b.2))
        });
        let margin = self.settings.margin.get();
        let (outcome, intent, reason) = match judged[..] {
            [] => (Outcome::None, None, Reason::NoRoutes),
            [(Some(reason), ..), ..] => (Outcome::None, None, reason),
            [(_, first, _), (None, second, _), ..] if margin > 0.0 && first - second <= margin => {
                (Outcome::Ambiguous, None, Reason::WithinMargin)
            }
            [(_, _, name), ..] => (Outcome::Matched, Some(name.clone()), Reason::Accepted),
        };
        let ranking = judged.into_iter().map(|(_, score, name)| (name.clone(), score)).collect();
        (outcome, intent, reason, ranking)
    }

    fn judge(&self, route: &Route, query: &Text) -> (f64, Option<Reason>) {
        let mut cosines: Vec<f64> =
            route.utterances.iter().map(|text| cosine(query, text)).collect();
        cosines.sort_by(|a, b| b.total_cmp(a));
        let best = cosines[0];
        cosines.truncate(3);
        let score = cosines.iter().sum::<f64>() / cosines.len() as f64;
        // The prior's numbers, as the library documents them.
        let confidence = 1.0 / (1.0 + (-24.54 * (score - 0.7495)).exp());
        let mut negatives = route.negatives.iter().chain(&self.negatives);
        let refusal = if negatives.any(|negative| cosine(query, negative) > best) {
            Some(Reason::NearerToNegative)
        } else if confidence < route.threshold.map_or(0.5, |cut| cut.get()) {
            Some(Reason::BelowThreshold)
        } else if route.score_threshold.is_some_and(|cut| score < cut.get()) {
            Some(Reason::BelowScoreThreshold)
        } else {
            None
        };
        (score, refusal)
    }
}

fn add(list: &mut Vec<Text>, texts: &[Text]) {
    for text in texts {
        if !list.contains(text) {
            list.push(text.clone());
        }
    }
}
