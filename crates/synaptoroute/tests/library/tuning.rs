//! The encoder learns routes: what comes of it, and what cannot be learned.

use std::num::NonZero;
use std::sync::Arc;

use synaptoroute::{
    Bert, Encoder, FileFormat, Kernels, ModelFile, Owner, RouteOptions, Router, RouterError,
    RoutesFile, TuneError, TuneOptions, TuneRequest, TuneStage, Verdict,
};

use crate::support::{model, model_file, route, text};

fn support() -> Router {
    let router = Router::new(model());
    let file = include_str!("../../../../examples/support.yaml");
    router.load(RoutesFile::parse(file, FileFormat::Yaml).unwrap(), &|_, _| ()).unwrap();
    router
}

fn request(model: &ModelFile, steps: usize, folds: usize) -> TuneRequest<'_> {
    TuneRequest {
        options: TuneOptions { steps, layers: Some(2), ..TuneOptions::default() },
        folds: NonZero::new(folds),
        ..TuneRequest::new(model, NonZero::new(2).unwrap())
    }
}

#[test]
fn a_tuned_model_is_a_model_file_that_knows_where_it_comes_from() {
    let (router, parent) = (support(), model_file());
    let before = router.export();
    let mut stages = Vec::new();
    let tuned = router.tune(&request(&parent, 3, 2), &mut |progress| {
        assert!(progress.done <= progress.of, "{progress:?}");
        if stages.last() != Some(&progress.stage) {
            stages.push(progress.stage);
        }
        true
    });
    let tuned = tuned.unwrap();
    use TuneStage::{All, Fold, Quantise};
    assert_eq!(stages, [Fold(0), Fold(1), All, Quantise]);
    assert_eq!(router.export(), before, "the router stays as it was");

    let report = &tuned.report;
    let file = ModelFile::from_bytes(&tuned.file).unwrap();
    assert_eq!(file.fingerprint().to_string(), report.fingerprint);
    let learned = file.config().tuned.clone().unwrap();
    assert_eq!(learned.parent_sha256, parent.fingerprint().to_string());
    assert_eq!(learned.content_sha256, report.content);
    assert_eq!(
        file.config().name,
        format!("bge-small-en-v1.5-int8-tuned-{}", &report.content[..8])
    );
    assert!(report.fidelity > 0.9995, "{}", report.fidelity);
    assert_eq!((report.steps, report.routes), (3, router.snapshot().route_count()));
    let utterances: usize = router.snapshot().routes().map(|route| route.utterances).sum();
    assert_eq!(report.utterances, utterances);

    // Every utterance is asked once, and so is every other text of the built-in set.
    let comparison = report.comparison.as_ref().unwrap();
    let foreign = synaptoroute::background_texts().count() / 2 + report.negatives;
    assert_eq!(comparison.common, report.utterances + foreign);
    assert!(!report.with_negatives, "so few say nothing");
    assert!(comparison.auroc.is_some() && report.verdict != Verdict::Unjudged);

    // It decides, and a tuned model can be tuned again.
    let bert = Bert::new(&file, Kernels::from_env().unwrap()).unwrap();
    assert_ne!(
        bert.encode(&["where is my bill"]).unwrap(),
        model().encode(&["where is my bill"]).unwrap()
    );
    let again = Router::new(Arc::new(bert));
    again.load(before.1, &|_, _| ()).unwrap();
    let answer = again.route(&text("I was charged twice"), RouteOptions::default()).unwrap();
    assert_eq!(answer.decision.intent.unwrap().as_str(), "billing");
    let twice = again.tune(&request(&file, 1, 0), &mut |_| true).unwrap();
    assert_eq!(twice.report.parent, report.fingerprint);
    assert_eq!(twice.report.model, report.model, "the name does not grow");
    assert_eq!(twice.report.verdict, Verdict::Unjudged);
}

#[test]
fn what_cannot_be_learned_is_refused_before_anything_takes_long() {
    let parent = model_file();
    let tune = |router: &Router, layers| {
        let mut request = request(&parent, 1, 2);
        request.options.layers = layers;
        router.tune(&request, &mut |_| panic!("nothing has begun")).map(|_| ())
    };
    let few = Router::new(model());
    few.upsert(route("a", &["one", "two"]), None).unwrap();
    assert!(matches!(
        tune(&few, None),
        Err(RouterError::Tune(TuneError::FewRoutes { found: 1, .. }))
    ));
    for name in ["b", "c", "d"] {
        few.upsert(route(name, &[&format!("only {name}")]), None).unwrap();
    }
    assert!(matches!(
        tune(&few, None),
        Err(RouterError::Tune(TuneError::FewPairs { found: 1, .. }))
    ));
    for layers in [Some(0), Some(13)] {
        let error = tune(&support(), layers).unwrap_err();
        assert!(
            matches!(error, RouterError::Tune(TuneError::Layers { layers: 12, .. })),
            "{error}"
        );
    }
}

#[test]
fn tuning_can_be_called_off() {
    let (router, parent) = (support(), model_file());
    let mut steps = 0;
    let called_off = router.tune(&request(&parent, 50, 0), &mut |_| {
        steps += 1;
        steps < 3
    });
    assert!(matches!(called_off, Err(RouterError::TuneCancelled)));
    assert_eq!(steps, 3);
}

#[test]
fn negatives_are_tried_as_what_to_tell_routes_from() {
    let (router, parent) = (support(), model_file());
    let negatives = [
        "who won the match",
        "play some jazz",
        "how deep is the sea",
        "what is the capital of France",
        "tell me a joke",
        "is it going to rain",
        "translate hello to Spanish",
        "how do I boil an egg",
    ];
    let texts = negatives.map(text).to_vec();
    router.add_texts(Owner::Namespace, texts, None).unwrap();
    let mut stages = Vec::new();
    let tuned = router.tune(&request(&parent, 1, 2), &mut |progress| {
        if stages.last() != Some(&progress.stage) {
            stages.push(progress.stage);
        }
        true
    });
    use TuneStage::{All, Fold, FoldWithNegatives, Quantise};
    let expected = [Fold(0), FoldWithNegatives(0), Fold(1), FoldWithNegatives(1), All, Quantise];
    assert_eq!(stages, expected);
    let report = tuned.unwrap().report;
    assert!(report.negatives >= negatives.len());
    // Each is held out once.
    let foreign = synaptoroute::background_texts().count() / 2 + report.negatives;
    assert_eq!(report.comparison.unwrap().common, report.utterances + foreign);
}
