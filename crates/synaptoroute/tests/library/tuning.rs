//! The encoder learns routes: what comes of it, and what cannot be learned.

use std::num::NonZero;
use std::sync::Arc;

use synaptoroute::{
    Bert, Embedding, EncodeError, Encoder, FileFormat, FitInputs, FitOptions, Kernels, ModelFile,
    ModelInfo, Owner, RouteOptions, Router, RouterError, RoutesFile, Threads, TuneError,
    TuneOptions, TuneRequest, TuneStage, Verdict,
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
    let achieved = report.achieved.unwrap();
    assert_eq!(report.verdict == Verdict::NoGain, achieved.difference <= 0.0);

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
    let unjudged = ModelFile::from_bytes(&twice.file).unwrap();
    let unjudged = Bert::new(&unjudged, Kernels::from_env().unwrap()).unwrap();
    assert!(unjudged.out_of_fold().is_none(), "nobody has asked what it has not learned");
}

/// The model has learned what a fit holds out, and a fit that did not know it promised nearly
/// everything and refused two questions of three.
#[test]
fn a_fit_on_a_tuned_model_is_told_what_was_said_before_it_learned() {
    let (router, parent) = (support(), model_file());
    let mut request = request(&parent, 10, 2);
    request.options.layers = Some(6);
    let tuned = router.tune(&request, &mut |_| true).unwrap();
    let file = ModelFile::from_bytes(&tuned.file).unwrap();
    let bert = Arc::new(Bert::new(&file, Kernels::from_env().unwrap()).unwrap());
    let router = Router::new(bert);
    router.load(support().export().1, &|_, _| ()).unwrap();
    let options = FitOptions { dry_run: true, ..FitOptions::default() };
    let aware = router.fit(options, &|_, _| ()).unwrap();
    let inputs = FitInputs {
        objective: aware.objective,
        evidence: aware.allowed,
        background: &router.background().unwrap(),
        samples: &[],
        out_of_fold: None,
    };
    let unaware = router.snapshot().fit(&inputs, &Threads::all()).unwrap().report;
    let (kept, promised) = (aware.after.unwrap(), unaware.after.unwrap());
    assert!(aware.threshold < unaware.threshold - 0.1, "{aware:?} {unaware:?}");
    assert!(kept.right_route.unwrap().value < 1.0 && promised.right_route.unwrap().value == 1.0);
    let held_out = tuned.report.comparison.unwrap().accuracy.unwrap();
    assert!(held_out.after > 0.6, "{held_out:?}");
}

#[test]
fn what_tuning_left_for_fits_is_read_when_one_is_made() {
    struct Broken(Arc<dyn Encoder>);
    impl Encoder for Broken {
        fn model(&self) -> &ModelInfo {
            self.0.model()
        }
        fn encode(&self, texts: &[&str]) -> Result<Vec<Embedding>, EncodeError> {
            self.0.encode(texts)
        }
        fn out_of_fold(&self) -> Option<&[u8]> {
            Some(b"{}")
        }
    }
    let router = Router::new(Arc::new(Broken(model())));
    router.load(support().export().1, &|_, _| ()).unwrap();
    assert!(router.route(&text("I was charged twice"), RouteOptions::default()).is_ok());
    let error = router.fit(FitOptions::default(), &|_, _| ()).unwrap_err().to_string();
    assert!(error.contains("bge-small") && error.contains("tune again"), "{error}");
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
