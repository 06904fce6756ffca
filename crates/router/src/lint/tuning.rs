//! A model that learned other routes than there are.

use super::finding::{Finding, FindingKind, LintReport, Severity};
use crate::history::{Diff, RouteDiffKind};
use crate::name::RouteName;

/// One utterance in so many that is new or gone since is enough to tune again,
const UTTERANCES: usize = 5;
/// or one route in so many that is new.
const ROUTES: usize = 10;

/// What a tuned model learned, by its report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LearnedContent<'a> {
    /// The model's name.
    pub model: &'a str,
    /// How many utterances it learned from.
    pub utterances: usize,
    /// And of how many routes.
    pub routes: usize,
}

impl LintReport {
    /// Adds a finding if enough has changed since the model learned these routes to tune again.
    /// `since` is how the content differs from what it learned; none if that is not known any more.
    pub fn add_stale_tuning(&mut self, learned: LearnedContent<'_>, since: Option<&Diff>) {
        // The last kind, and never grave.
        self.findings.extend(find(learned, since));
    }
}

fn find(learned: LearnedContent<'_>, since: Option<&Diff>) -> Option<Finding> {
    let LearnedContent { model, utterances, routes } = learned;
    let mut new: Vec<RouteName> = Vec::new();
    let mut changed = 0;
    for route in since.iter().flat_map(|since| &since.routes) {
        changed += route.utterances.added.len() + route.utterances.removed.len();
        if route.kind == RouteDiffKind::Added {
            new.push(route.name.clone());
        }
    }
    let enough = changed > 0 && changed * UTTERANCES >= utterances
        || !new.is_empty() && new.len() * ROUTES >= routes;
    if since.is_some() && !enough {
        return None;
    }
    let message = match since {
        Some(_) => format!(
            "{model:?} learned {utterances} utterances; since then {changed} came or went, and {} new \
             {} came",
            new.len(),
            if new.len() == 1 { "route" } else { "routes" }
        ),
        None => format!(
            "{model:?} learned {utterances} utterances at a revision that is not kept any more"
        ),
    };
    Some(Finding {
        kind: FindingKind::StaleTuning,
        severity: Severity::Advice,
        routes: new,
        count: changed,
        of: utterances,
        unreachable: None,
        examples: Vec::new(),
        message,
        advice: "Tune again: `synaptoroute tune --install` takes its place if that is better."
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{RouteDiff, TextsDiff};
    use crate::revision::Revision;
    use crate::text::Text;

    const LEARNED: LearnedContent<'_> =
        LearnedContent { model: "tuned", utterances: 100, routes: 20 };

    fn route(name: &str, kind: RouteDiffKind, added: usize) -> RouteDiff {
        let text = |n| Text::try_from(format!("text {n}")).unwrap();
        let utterances =
            TextsDiff { added: (0..added).map(text).collect(), ..TextsDiff::default() };
        let name = RouteName::try_from(name).unwrap();
        RouteDiff { name, kind, attributes: None, utterances, negatives: TextsDiff::default() }
    }

    fn found(routes: Vec<RouteDiff>) -> Option<Finding> {
        let (from, to) = (Revision::from(1), Revision::from(2));
        let negatives = TextsDiff::default();
        find(LEARNED, Some(&Diff { from, to, settings: None, negatives, routes }))
    }

    #[test]
    fn a_fifth_of_the_utterances_or_a_tenth_of_the_routes() {
        use RouteDiffKind::{Added, Changed};
        assert_eq!(found(vec![]), None);
        assert_eq!(found(vec![route("a", Changed, 19)]), None);
        assert_eq!(found(vec![route("a", Added, 5)]), None);
        let texts = found(vec![route("a", Changed, 20)]).unwrap();
        assert_eq!((texts.count, texts.of, texts.routes.len()), (20, 100, 0));
        let routes = found(vec![route("a", Added, 1), route("b", Added, 1)]).unwrap();
        assert_eq!(routes.routes.len(), 2);
    }

    #[test]
    fn what_is_not_known_any_more_is_told() {
        assert!(find(LEARNED, None).unwrap().message.contains("not kept any more"));
    }
}
