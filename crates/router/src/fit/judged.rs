//! Texts whose right answer is known, with what a fit would say of them.

/// A text that the fit did not learn from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    /// Its best route.
    pub(super) first: usize,
    /// What speaks for that, for the acceptance.
    pub(super) evidence: f64,
    /// The route it belongs to; `None` where it belongs to no route.
    pub(super) belongs: Option<usize>,
    /// How much it counts: all together are 1, those that belong to no route a tenth of that.
    pub(super) weight: f64,
    /// The part that is held out when cuts are judged.
    pub(super) fold: usize,
    /// Where it comes from.
    pub(super) origin: Origin,
}

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A route's utterance, held out.
    Utterance,
    /// A text of the built-in set that has nothing to do with most routes.
    Background,
    /// An utterance, its route held out.
    ForeignRoute,
    /// One of the namespace's negatives.
    Negative,
    /// A labelled sample.
    Sample,
}

/// The share of texts that belong to no route, where nobody says otherwise.
pub(super) const OUT_OF_SCOPE: f64 = 0.1;

impl Judged {
    pub(super) fn is_right(&self) -> bool {
        self.belongs == Some(self.first)
    }
}

/// Sets the weights: texts in scope alike, and those out of scope so that each origin has the
/// same share of their tenth; samples, which are what will be asked, half of it.
pub(super) fn weigh(judged: &mut [Judged]) {
    const FOREIGN: [Origin; 4] =
        [Origin::Background, Origin::ForeignRoute, Origin::Negative, Origin::Sample];
    let count = |judged: &[Judged], origin: Option<Origin>| {
        let counts = |j: &&Judged| match origin {
            Some(origin) => j.belongs.is_none() && j.origin == origin,
            None => j.belongs.is_some(),
        };
        judged.iter().filter(counts).count() as f64
    };
    let counts = FOREIGN.map(|origin| count(judged, Some(origin)));
    let others = counts[..3].iter().filter(|&&count| count > 0.0).count() as f64;
    let share = |origin: Origin| match (origin, counts[3] > 0.0) {
        (Origin::Sample, _) if others == 0.0 => 1.0,
        (Origin::Sample, _) => 0.5,
        (_, true) => 0.5 / others,
        (_, false) => 1.0 / others,
    };
    let inside = count(judged, None);
    for judged in judged.iter_mut() {
        judged.weight = if judged.belongs.is_some() {
            (1.0 - OUT_OF_SCOPE) / inside
        } else {
            let number = FOREIGN.iter().position(|&origin| origin == judged.origin);
            let count = number.map_or(1.0, |number| counts[number]);
            OUT_OF_SCOPE * share(judged.origin) / count
        };
    }
}
