//! What is doubtful about routes of real sentences.

use std::sync::Mutex;

use synaptoroute::{Finding, FindingKind, LintReport, RouteName, Router, Severity};

use crate::support::{file, router, support};

/// Routes as one would wish them: five utterances each, in words that differ.
const CLEAN: &str = "
version: 1
negatives: [what is the capital of France, tell me a joke]
routes:
  - name: weather
    utterances: [will it rain today, how hot is it outside, do I need an umbrella, is it going to snow, what is the forecast for tomorrow]
    threshold: 0.4
  - name: music
    utterances: [play some jazz, skip this song, turn up the volume, put on my favourite playlist, who sings this track]
  - name: alarm
    utterances: [wake me at seven, set an alarm for noon, cancel my morning alarm, snooze for ten minutes, which alarms are on]
    negatives: [alarming news from the stock market]
";

const DOUBTFUL: &str = "
version: 1
negatives: [Do I need an umbrella?]
routes:
  - name: weather
    utterances: [will it rain today, how hot is it outside, do I need an umbrella, is it going to snow, what is the forecast for tomorrow, please play some jazz music]
    threshold: 0.9
  - name: music
    utterances: [play some jazz, skip this song, turn up the volume, put on my favourite playlist, who sings this track]
    score_threshold: 0.99
  - name: alarm
    utterances: [wake me at seven]
    negatives: [wake me up at seven]
  - name: clock
    utterances: [what time is it, tell me the time, 'What time is it?', skip this song]
";

fn lint(yaml: &str) -> LintReport {
    let router = router();
    router.load(file(yaml), &|_, _| ()).unwrap();
    router.lint(&|_, _| ())
}

fn routes(finding: &Finding) -> Vec<&str> {
    finding.routes.iter().map(RouteName::as_str).collect()
}

fn brief(report: &LintReport) -> Vec<(Severity, FindingKind, Vec<&str>)> {
    report.findings.iter().map(|f| (f.severity, f.kind, routes(f))).collect()
}

#[test]
fn nothing_is_found_in_clean_routes() {
    let report = lint(CLEAN);
    assert!(report.findings.is_empty(), "{report:#?}");
    assert_eq!(
        (report.checked.routes, report.checked.utterances, report.checked.held_out),
        (3, 15, 15)
    );
    let none = router().lint(&|_, _| ());
    assert!(none.findings.is_empty(), "{none:?}");
}

#[test]
fn doubtful_routes_are_told_the_gravest_first() {
    use FindingKind::{
        MatchingNegative, Mislabelled, NearDuplicates, SameText, ThinRoute, UnreachableThreshold,
    };
    use Severity::{Advice, Error, Warning};
    let report = lint(DOUBTFUL);
    let expected = [
        (Error, SameText, vec!["clock", "music"]),
        (Error, MatchingNegative, vec!["weather"]),
        (Error, UnreachableThreshold, vec!["music"]),
        (Warning, MatchingNegative, vec!["alarm"]),
        (Warning, UnreachableThreshold, vec!["weather"]),
        (Warning, Mislabelled, vec!["weather", "music"]),
        (Warning, ThinRoute, vec!["alarm"]),
        (Advice, ThinRoute, vec!["clock"]),
        (Advice, NearDuplicates, vec!["clock"]),
    ];
    // Which of so few take each other's is a matter of instruction sets.
    let mut found = brief(&report);
    found.retain(|(_, kind, _)| *kind != FindingKind::Overlap);
    assert_eq!(found, expected, "{report:#?}");
}

#[test]
fn two_routes_about_one_thing_overlap() {
    let report = lint(
        "
version: 1
routes:
  - name: delivery
    utterances: [where is my parcel, when will my package arrive, has my order shipped, track my delivery, where is my package now]
  - name: tracking
    utterances: [track my package, when does my parcel come, is my order on its way, where is my delivery, has my parcel been sent]
",
    );
    let both = (Severity::Warning, FindingKind::Overlap, vec!["delivery", "tracking"]);
    assert_eq!(brief(&report), [both], "{report:#?}");
    let finding = &report.findings[0];
    assert!(finding.of == 10 && finding.count >= 4, "{finding:?}");
    for example in &finding.examples {
        let near = example.nearest.as_ref().unwrap();
        assert_ne!(Some(&near.route), example.route.as_ref(), "{example:?}");
        assert!(example.own_similarity.is_some(), "{example:?}");
    }
}

#[test]
fn progress_is_told_and_the_revision_named() {
    let router: Router = support();
    let last = Mutex::new((0, 0));
    let report = router.lint(&|done, of| *last.lock().unwrap() = (done, of));
    assert_eq!(*last.lock().unwrap(), (9, 9));
    assert_eq!(report.revision, router.snapshot().revision());
}
