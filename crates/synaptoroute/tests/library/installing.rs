//! Another model for a router, while it decides; and back again.

use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::thread;

use synaptoroute::{
    Answer, FindingKind, InstallStage, Kernels, Models, NamespaceName, OpenOptions, Owner, Router,
    RouterError, StoreError, TuneOptions, TuneRequest, Tuned,
};

use crate::support::{SUPPORT, ask, file, intent, model_file, name, route, router, text, timeless};

const ONE: NonZero<usize> = NonZero::<usize>::MIN;

fn models() -> Arc<Models> {
    Arc::new(Models::new(model_file(), Kernels::from_env().unwrap()))
}

fn open(path: &Path) -> Router {
    let unasked = |_, _| panic!("nothing is embedded anew");
    Router::open_with(models(), path, OpenOptions::default(), &unasked).unwrap()
}

/// Three routes are too few to tune by.
fn fill(router: &Router) {
    router.load(file(SUPPORT), &|_, _| ()).unwrap();
    let refund = ["I want my money back", "please refund my order", "how do I get a refund"];
    router.upsert(route("refund", &refund), None).unwrap();
}

/// A model that learned these routes: made once, for its rounding takes seconds.
static TUNED: LazyLock<Tuned> = LazyLock::new(|| {
    let router = router();
    fill(&router);
    let model = model_file();
    let options = TuneOptions { steps: 1, layers: Some(1), rate: 1e-3, ..TuneOptions::default() };
    let request = TuneRequest { options, ..TuneRequest::new(&model, ONE) };
    router.tune(&request, &mut |_| true).unwrap()
});

fn install(router: &Router) -> Result<bool, RouterError> {
    router.install(&TUNED, ONE, &mut |_| true)
}

const QUERIES: [&str; 4] =
    ["where is my bill", "give me back what I paid", "has my parcel been sent", "tell me a joke"];

fn answers(router: &Router) -> Vec<Answer> {
    QUERIES.iter().map(|query| timeless(ask(router, query))).collect()
}

#[test]
fn a_model_is_installed_while_it_decides_and_can_be_gone_back_from() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let router = open(&path);
    fill(&router);
    let other = NamespaceName::try_from("other").unwrap();
    router.create_namespace(&other).unwrap();
    let other = router.namespace(&other).unwrap();
    other.upsert(route("weather", &["will it rain"]), None).unwrap();
    let before = answers(&router);
    let tuned = &*TUNED;

    // Whoever asks meanwhile is answered by the one model or by the other, as a whole.
    let over = AtomicBool::new(false);
    let seen = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut seen = Vec::new();
            while !over.load(Ordering::Relaxed) {
                seen.push(answers(&router));
            }
            seen
        });
        assert!(install(&router).unwrap());
        over.store(true, Ordering::Relaxed);
        asking.join().unwrap()
    });
    let after = answers(&router);
    assert_ne!(after, before);
    assert!(after.iter().all(|answer| answer.model == tuned.report.model));
    for (number, answers) in seen.iter().flatten().enumerate() {
        let of_query = number % QUERIES.len();
        assert!([&before[of_query], &after[of_query]].contains(&answers), "{answers:#?}");
    }
    assert_eq!(intent(&ask(&other, "will it rain")), Some("weather"));
    assert_eq!(ask(&other, "will it rain").model, tuned.report.model);
    assert!(!install(&router).unwrap(), "it is in use already");

    // It is there the next time, and without it no more than a number is lost.
    drop((other, router));
    let router = open(&path);
    assert_eq!(answers(&router), after);
    let models = router.models().unwrap();
    let brief: Vec<_> = models.iter().map(|m| (m.number, m.in_use)).collect();
    assert_eq!(brief, [(2, true), (1, false)]);
    assert_eq!(models[0].bytes, Some(tuned.file.len() as u64));
    assert_eq!(models[0].learned.as_ref().unwrap().namespace, NamespaceName::default());
    assert!(router.use_model(1, ONE, &mut |_| true).unwrap());
    assert_eq!(answers(&router), before);
    assert!(router.use_model(2, ONE, &mut |_| true).unwrap());
    assert_eq!(answers(&router), after);
    assert!(matches!(
        router.use_model(3, ONE, &mut |_| true),
        Err(RouterError::Store(error)) if matches!(*error, StoreError::UnknownModel { number: 3 })
    ));
    assert!(router.remove_model(2).is_err());
    router.remove_model(1).unwrap();
    assert_eq!(router.models().unwrap().len(), 1);

    // Who only reads finds the model too.
    let reader = Router::read_only_with(&crate::installing::models(), &path).unwrap();
    assert_eq!(answers(&reader), after);
    assert!(reader.remove_model(2).is_err() && reader.use_model(2, ONE, &mut |_| true).is_err());
}

#[test]
fn what_was_fitted_is_fitted_to_the_new_vectors() {
    let router = Router::with_models(models()).unwrap();
    let routes = include_str!("../../../../examples/support.yaml");
    router.load(file(routes), &|_, _| ()).unwrap();
    assert!(router.refit().unwrap());
    let before = answers(&router);
    install(&router).unwrap();
    let fitted = ask(&router, "I was charged twice");
    assert!(fitted.decision.calibrated);
    assert!(!router.refit().unwrap(), "there is nothing left to fit");
    assert_eq!(router.fits().unwrap().len(), 1);
    // A fit says nothing of the order of things: back again, all is as it was.
    router.use_model(1, ONE, &mut |_| true).unwrap();
    assert_eq!(answers(&router), before);
}

#[test]
fn changes_go_on_whatever_they_were_encoded_by() {
    let router = Router::with_models(models()).unwrap();
    fill(&router);
    let late = text("my invoice is missing");
    let change =
        || synaptoroute::Change::AddTexts(Owner::Utterances(name("billing")), vec![late.clone()]);
    let draft = router.draft(change(), None).unwrap();
    let vectors: Vec<Vec<f32>> =
        draft.embed(draft.texts()).unwrap().into_iter().map(|e| e.vector).collect();
    install(&router).unwrap();
    router.commit(draft, vectors).unwrap();
    let found = ask(&router, late.as_str());
    let nearest = &found.decision.candidates[0].nearest[0];
    assert_eq!(nearest.utterance, late);
    assert!(nearest.similarity > 0.99999, "{}", nearest.similarity);
    router.upsert(route("weather", &["will it rain"]), None).unwrap();
    assert_eq!(intent(&ask(&router, "will it rain")), Some("weather"));
}

#[test]
fn installing_can_be_called_off_until_it_is_stored() {
    let router = Router::with_models(models()).unwrap();
    fill(&router);
    router.refit().unwrap();
    let before = answers(&router);
    let mut stages = Vec::new();
    for stage in [InstallStage::Embed, InstallStage::Store] {
        let called_off = router.install(&TUNED, ONE, &mut |progress| {
            assert!(progress.done <= progress.of, "{progress:?}");
            stages.push(progress.stage);
            progress.stage != stage
        });
        assert!(matches!(called_off, Err(RouterError::InstallCancelled)));
        assert_eq!(answers(&router), before);
        assert_eq!(router.models().unwrap().len(), 1);
    }
    assert_eq!(stages[..2], [InstallStage::Embed, InstallStage::Embed]);
}

#[test]
fn one_encoder_is_not_enough() {
    let (router, file) = (router(), Router::with_models(models()).unwrap());
    fill(&file);
    assert!(matches!(install(&router), Err(RouterError::NoModelFiles)));
    let mut broken = TUNED.clone();
    let middle = broken.file.len() / 2;
    broken.file[middle] ^= 1;
    let refused = file.install(&broken, ONE, &mut |_| true);
    assert!(matches!(refused, Err(RouterError::Model(_))));
}

#[test]
fn lint_says_when_to_tune_again() {
    let router = Router::with_models(models()).unwrap();
    fill(&router);
    install(&router).unwrap();
    let stale = || {
        let findings = router.lint(&|_, _| ()).findings.into_iter();
        findings.filter(|f| f.kind == FindingKind::StaleTuning).collect::<Vec<_>>()
    };
    assert!(stale().is_empty());
    router.add_utterances(&name("billing"), vec![text("my invoice is missing")], None).unwrap();
    assert!(stale().is_empty(), "one of twelve is not enough");
    let more = ["I was charged twice", "the invoice is wrong"].map(text).to_vec();
    router.add_utterances(&name("billing"), more, None).unwrap();
    let found = stale();
    assert_eq!((found.len(), found[0].count, found[0].of), (1, 3, 12));
    router.use_model(1, ONE, &mut |_| true).unwrap();
    assert!(stale().is_empty(), "that one learned nothing of these routes");
}
