//! Routes with few utterances.

use super::finding::{Finding, FindingKind, Severity};
use super::{Content, ENOUGH};

pub(super) fn find(content: &Content<'_>) -> Vec<Finding> {
    let thin = |number: usize| {
        let route = &content.rows.routes[number];
        let count = route.utterances.len();
        if count == 0 || count >= ENOUGH {
            return None;
        }
        let (severity, has) = match count {
            1 => (Severity::Warning, "one utterance".to_owned()),
            _ => (Severity::Advice, format!("{count} utterances")),
        };
        let name = &route.name;
        Some(Finding {
            kind: FindingKind::ThinRoute,
            severity,
            routes: vec![name.clone()],
            count,
            of: count,
            unreachable: None,
            examples: route.utterances.clone().map(|r| content.rows.plain_example(r)).collect(),
            message: format!("{:?} has {has}", name.as_str()),
            advice: format!(
                "Add {} or more that people really wrote, in words that differ.",
                ENOUGH - count
            ),
        })
    };
    (0..content.rows.routes.len()).filter_map(thin).collect()
}
