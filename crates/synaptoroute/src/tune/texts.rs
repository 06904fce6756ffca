//! The texts of a namespace in canonical order, and what is held out when.

use synaptoroute_encoder::Fingerprint;
use synaptoroute_router::{Owner, RouteName, Snapshot, Text};
use synaptoroute_tune::FEWEST_ROUTES;

/// In each fold, one route of so many is left out whole: its utterances are questions near to the
/// others that belong nowhere.
const LEFT_OUT: usize = 5;

/// Routes by name, each with its utterances by their hashes.
pub(super) struct Texts {
    routes: Vec<(RouteName, Vec<Text>)>,
}

/// What is learned from and what is asked in one fold.
pub(super) struct Part<'a> {
    /// Of each route that is learned, what is learned from.
    pub(super) routes: Vec<Vec<&'a str>>,
    /// Their names.
    pub(super) names: Vec<&'a RouteName>,
    /// Texts that are held out, each with its route; with none if that is left out.
    pub(super) asked: Vec<(&'a Text, Option<&'a RouteName>)>,
    /// Which fold it is, and of how many.
    pub(super) fold: (usize, usize),
}

impl Texts {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let by_hash = |name: &RouteName| {
            let mut texts = snapshot.texts(&Owner::Utterances(name.clone()));
            texts.sort_by_cached_key(|text| Fingerprint::of(text.as_str().as_bytes()).to_string());
            (name.clone(), texts)
        };
        Self { routes: snapshot.routes().map(|route| by_hash(&route.name)).collect() }
    }

    /// Everything, nothing asked.
    pub(super) fn whole(&self) -> Part<'_> {
        self.part((0, 1), |_| false, |_, _| false)
    }

    /// One of `folds` parts: of each route every so many utterances are asked, and of some routes
    /// all, if enough routes remain.
    pub(super) fn fold(&self, fold: usize, folds: usize) -> Part<'_> {
        let spare = self.routes.len() - self.routes.len().div_ceil(LEFT_OUT);
        let left_out = |route: usize| spare >= FEWEST_ROUTES && route % LEFT_OUT == fold % LEFT_OUT;
        self.part((fold, folds), left_out, |route, rank| (rank + route) % folds.max(2) == fold)
    }

    /// About as many texts, evenly from all routes.
    pub(super) fn sample(&self, count: usize) -> Vec<&str> {
        let all: Vec<&str> = self.all().map(Text::as_str).collect();
        all.iter().step_by(all.len().div_ceil(count).max(1)).copied().collect()
    }

    /// All utterances.
    pub(super) fn all(&self) -> impl Iterator<Item = &Text> {
        self.routes.iter().flat_map(|(_, texts)| texts)
    }

    /// SHA-256 of names and utterances.
    pub(super) fn hash(&self) -> String {
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
        Fingerprint::of(&bytes).to_string()
    }

    fn part(
        &self,
        fold: (usize, usize),
        left_out: impl Fn(usize) -> bool,
        held_out: impl Fn(usize, usize) -> bool,
    ) -> Part<'_> {
        let mut part = Part { routes: Vec::new(), names: Vec::new(), asked: Vec::new(), fold };
        for (number, (name, texts)) in self.routes.iter().enumerate() {
            let mut learned = Vec::new();
            let known = !left_out(number);
            for (rank, text) in texts.iter().enumerate() {
                // A route's only one cannot be missed.
                if held_out(number, rank) && (texts.len() > 1 || !known) {
                    part.asked.push((text, known.then_some(name)));
                } else if known {
                    learned.push(text.as_str());
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
