//! A router is asked what is known already, and says how often it was right.

use std::sync::Mutex;

use synaptoroute::{
    Comparison, FoldCount, Owner, Report, RouteOptions, RouterError, SampleFormat, Samples,
};

use crate::support::{FAIL, moody, name, route, router, support, text};

const SAMPLES: &str = r#"{"text": "I was charged, where is that bill", "intent": "billing"}
{"text": "my password is gone", "intent": "password_reset"}
{"text": "has my order left yet", "intent": "order_status"}
{"text": "where is my bill and my order", "intent": "order_status"}
{"text": "how tall is Mont Blanc", "intent": null}
{"text": "bake me a cake", "intent": "oos"}
{"text": "bake me a cake", "intent": "oos"}"#;

fn samples(text: &str) -> Samples {
    Samples::parse(text, SampleFormat::JsonLines).unwrap()
}

#[test]
fn a_report_says_of_each_sample_what_route_says() {
    let (router, samples) = (support(), samples(SAMPLES));
    let told = Mutex::new(Vec::new());
    let progress = |done: usize, of: usize| told.lock().unwrap().push((done, of));
    let report = router.evaluate(&samples, &progress).unwrap();
    assert_eq!(told.into_inner().unwrap(), [(6, 6)]);
    assert_eq!((report.counts.in_scope, report.counts.out_of_scope), (4, 2));
    assert_eq!((report.counts.duplicates, report.folds), (1, None));
    assert_eq!(report.model, router.model().name);
    assert_eq!(report.revision, router.snapshot().revision());
    for judged in &report.samples {
        let decision = router.route(&judged.text, RouteOptions::default()).unwrap().decision;
        assert_eq!((&judged.got, judged.confidence), (&decision.intent, decision.confidence));
        assert_eq!((judged.outcome, judged.reason), (decision.outcome, decision.reason));
        assert_eq!(judged.first.as_ref(), decision.candidates.first().map(|first| &first.route));
    }
    let right = report.samples.iter().filter(|s| s.is_in_scope() && s.right).count();
    assert_eq!(report.accuracy.map(|share| (share.count, share.of)), Some((right, 4)));
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    assert!(Comparison::new(&report, &report).changed.is_empty());
}

#[test]
fn a_report_by_parts_is_the_report() {
    let (router, samples) = (support(), samples(SAMPLES));
    let view = router.view();
    let list: Vec<_> = samples.iter().cloned().collect();
    let parts = list.chunks(2).rev().flat_map(|part| view.judge(part).unwrap());
    let by_parts = view.report(&samples, parts);
    assert_eq!(by_parts, router.evaluate(&samples, &|_, _| ()).unwrap());
}

#[test]
fn what_cannot_be_judged_is_refused_with_its_place() {
    let (router, encoder) = moody();
    router.upsert(route("greeting", &["hello there", "good day"]), None).unwrap();
    let labels = samples("{\"text\": \"a\", \"intent\": \"gretting\"}");
    let calls = encoder.calls.load(std::sync::atomic::Ordering::Relaxed);
    for outcome in [
        router.evaluate(&labels, &|_, _| ()),
        router.cross_validate(FoldCount::default(), Some(&labels), &|_, _| ()),
    ] {
        let message = outcome.unwrap_err().to_string();
        assert!(message.contains("\"gretting\" (line 1)"), "{message}");
    }
    let asked = encoder.calls.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(calls, asked, "labels are looked at before anything is encoded");
    let fails = samples(&format!("{{\"text\": \"a\"}}\n\n{{\"text\": \"{FAIL}\"}}"));
    for outcome in [
        router.evaluate(&fails, &|_, _| ()),
        router.cross_validate(FoldCount::default(), Some(&fails), &|_, _| ()),
    ] {
        let error = outcome.unwrap_err();
        assert!(
            matches!(&error, RouterError::EncodeText { place, .. } if place == "line 3"),
            "{error}"
        );
    }
}

#[test]
fn utterances_are_samples_where_there_are_none() {
    let router = support();
    let before = router.snapshot();
    let report = router.cross_validate(FoldCount::default(), None, &|_, _| ()).unwrap();
    assert_eq!((report.counts.in_scope, report.counts.out_of_scope), (9, 2));
    assert_eq!(report.folds, Some(5));
    assert!(report.routes_without_samples.is_empty());
    // Each is said by no other in just these words.
    assert!(report.samples.iter().all(|s| s.confidence < 0.999), "{:?}", report.samples);
    let samples = samples(SAMPLES);
    let told = Mutex::new(Vec::new());
    let progress = |done: usize, of: usize| told.lock().unwrap().push((done, of));
    let more = router.cross_validate(FoldCount::default(), Some(&samples), &progress).unwrap();
    assert_eq!((more.counts.in_scope, more.counts.out_of_scope), (9, 4));
    let told = told.into_inner().unwrap();
    assert_eq!((told.first(), told.last()), (Some(&(2, 2)), Some(&(13, 13))));
    assert_eq!(router.snapshot().revision(), before.revision(), "nothing was changed");
    assert_eq!(router.snapshot().texts(&Owner::Utterances(name("billing"))).len(), 3);
}

#[test]
fn with_nothing_to_hold_out_that_is_said() {
    let router = router();
    router.upsert(route("single", &["hello there"]), None).unwrap();
    let error = router.cross_validate(FoldCount::default(), None, &|_, _| ()).unwrap_err();
    assert!(matches!(error, RouterError::NothingToHoldOut), "{error}");
    router.add_utterances(&name("single"), vec![text("good day")], None).unwrap();
    let report = router.cross_validate(FoldCount::default(), None, &|_, _| ()).unwrap();
    assert_eq!(report.counts.in_scope, 2);
}
