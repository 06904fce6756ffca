//! Fits of real sentences: in the background, on demand, and what survives a restart.

use std::sync::Arc;
use std::time::{Duration, Instant};

use synaptoroute::{
    Background, Decision, FileFormat, FitOptions, Objective, OpenOptions, RouteOptions, Router,
    RoutesFile, SampleFormat, Samples, background_texts,
};

use crate::support::{model, moody, text};

fn routes() -> RoutesFile {
    let file = include_str!("../../../../examples/support.yaml");
    RoutesFile::parse(file, FileFormat::Yaml).unwrap()
}

fn ask(router: &Router, query: &str) -> Decision {
    router.route(&text(query), RouteOptions::default()).unwrap().decision
}

#[test]
fn stored_background_vectors_are_those_of_the_model() {
    let encoder = model();
    let router = Router::new(Arc::clone(&encoder));
    let stored: Arc<[Background]> = router.background().unwrap();
    let texts: Vec<&str> = background_texts().map(|background| background.text).collect();
    assert_eq!(stored.len(), texts.len());
    // A sample: the model is slow where the instruction set is.
    for number in (0..texts.len()).step_by(29) {
        let made = encoder.encode(&texts[number..=number]).unwrap().remove(0).vector;
        let cosine: f32 = made.iter().zip(&*stored[number].vector).map(|(a, b)| a * b).sum();
        assert_eq!(stored[number].text.as_str(), texts[number]);
        // 8 bits, and instruction sets of other widths: 0.998 is the bound between those.
        assert!(cosine > 0.997, "{:?}: {cosine}", texts[number]);
    }
}

#[test]
fn a_fit_survives_a_restart_and_an_export_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("routes.db");
    let open = || Router::open(model(), &path, OpenOptions::default(), &|_, _| ()).unwrap();
    let router = open();
    router.load(routes(), &|_, _| ()).unwrap();
    assert!(!ask(&router, "I was charged twice").calibrated);
    let report = router.fit(FitOptions::default(), &|_, _| ()).unwrap();
    assert!(report.installed, "{report:?}");
    let before = ask(&router, "I was charged twice");
    assert!(before.calibrated && !before.fit.unwrap().stale);
    let (_, file) = router.export_with_fit();
    drop(router);

    let router = open();
    assert_eq!(ask(&router, "I was charged twice"), before);
    assert_eq!(router.fits().unwrap().len(), 1);
    assert!(!router.refit().unwrap(), "the fit of this content is there");
    let other = Router::new(model());
    let written = RoutesFile::parse(&file.to_yaml(), FileFormat::Yaml).unwrap();
    other.load(written, &|_, _| ()).unwrap();
    assert_eq!(ask(&other, "I was charged twice"), before);
}

#[test]
fn what_is_added_counts_at_once_and_is_learned_in_the_background() {
    let router = Router::new(model());
    router.load(routes(), &|_, _| ()).unwrap();
    router.start_auto_fit().unwrap();
    let settled = |router: &Router| {
        let begun = Instant::now();
        while ask(router, "hello").fit.is_none_or(|fit| fit.stale) {
            assert!(begun.elapsed() < Duration::from_secs(120), "{:?}", router.auto_fit_trouble());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    settled(&router);
    let name = "gift_card".try_into().unwrap();
    let utterances = ["do you sell gift cards", "I want to buy a gift card"].map(text).to_vec();
    let route = synaptoroute::Route::new(name, utterances).unwrap();
    router.upsert(route, None).unwrap();
    let first = ask(&router, "can I buy a gift card here");
    assert_eq!(first.candidates[0].route.as_str(), "gift_card");
    settled(&router);
    let learned = ask(&router, "can I buy a gift card here");
    assert_eq!(learned.candidates[0].route.as_str(), "gift_card");

    // The same texts, in whatever order they came: the same fit.
    let anew = Router::new(model());
    anew.load(router.export().1, &|_, _| ()).unwrap();
    assert!(anew.refit().unwrap());
    let (here, there) = (router.snapshot(), anew.snapshot());
    let (here, there) = (here.fitted().unwrap(), there.fitted().unwrap());
    assert_eq!(here.inputs(), there.inputs());
    assert_eq!(here.threshold(), there.threshold());
}

/// A fit in the background that had begun before took the place of one that was asked for
/// meanwhile, and what had been asked for was forgotten.
#[test]
fn what_is_asked_for_during_a_fit_in_the_background_stays() {
    let (router, encoder) = moody();
    router.load(routes(), &|_, _| ()).unwrap();
    let samples = "{\"text\": \"where is my parcel\", \"intent\": \"order_status\"}";
    let samples = Samples::parse(samples, SampleFormat::JsonLines).unwrap();
    let options = FitOptions { samples: Some(&samples), ..FitOptions::default() };
    assert!(router.fit(options, &|_, _| ()).unwrap().installed);
    let name = "order_status".try_into().unwrap();
    router.add_utterances(&name, vec![text("has my parcel left")], None).unwrap();

    // The background encodes the samples of the fit before; meanwhile somebody asks for another.
    let keep: Objective = "keep=0.9".parse().unwrap();
    let handle = router.clone();
    *encoder.hook.lock().unwrap() = Some(Box::new(move || {
        let options = FitOptions { objective: Some(keep), ..FitOptions::default() };
        handle.fit(options, &|_, _| ()).unwrap();
    }));
    assert!(!router.refit().unwrap(), "it came too late");
    let snapshot = router.snapshot();
    assert_eq!(snapshot.fitted().unwrap().plan().objective, keep);
    let fits = router.fits().unwrap();
    assert_eq!((fits.len(), fits[0].automatic, fits[0].in_force), (2, false, true));
}

#[test]
fn a_dry_run_and_bad_samples_change_nothing() {
    let router = Router::new(model());
    router.load(routes(), &|_, _| ()).unwrap();
    let dry = FitOptions { dry_run: true, ..FitOptions::default() };
    let report = router.fit(dry, &|_, _| ()).unwrap();
    assert!(!report.installed && report.after.is_some());
    let samples = "{\"text\": \"where is it\", \"intent\": \"nowhere\"}";
    let samples = Samples::parse(samples, SampleFormat::JsonLines).unwrap();
    let wrong = FitOptions { samples: Some(&samples), ..FitOptions::default() };
    let error = router.fit(wrong, &|_, _| ()).unwrap_err().to_string();
    assert!(error.contains("nowhere"), "{error}");
    assert!(router.snapshot().fitted().is_none() && router.fits().unwrap().is_empty());
}

/// One word in eight misspelt cost four points of accuracy, for the encoder sees pieces of other
/// words in it.
#[test]
fn a_slip_is_read_over_once_the_words_are_learned() {
    let router = Router::new(model());
    router.load(routes(), &|_, _| ()).unwrap();
    let answer = |query| router.route(&text(query), RouteOptions::default()).unwrap();
    let slip = "I forgot my pasword";
    assert_eq!(answer(slip).read_as, None, "nothing is learned yet");
    router.fit(FitOptions::default(), &|_, _| ()).unwrap();

    let read = answer(slip);
    assert_eq!(read.read_as.as_deref(), Some("I forgot my password"));
    let meant = answer("I forgot my password");
    assert_eq!(meant.read_as, None);
    assert_eq!(read.decision, meant.decision);
    // "word" is no utterance's, but a word all the same.
    assert_eq!(answer("I forgot my word").read_as, None);
    let json = serde_json::to_string(&meant).unwrap();
    assert!(!json.contains("read_as"), "{json}");

    // An evaluation asks as a client does, and a batch as one by one.
    let samples = format!("{{\"text\": \"{slip}\", \"intent\": \"password_reset\"}}");
    let samples = Samples::parse(&samples, SampleFormat::JsonLines).unwrap();
    let report = router.evaluate(&samples, &|_, _| ()).unwrap();
    assert_eq!(report.errors().len(), usize::from(read.decision.intent.is_none()));
    let batch = router.route_batch(&[text(slip)], RouteOptions::default()).unwrap();
    assert_eq!((&batch[0].decision, &batch[0].read_as), (&read.decision, &read.read_as));

    let mut file = routes();
    file.settings.evidence.lexical = false;
    let plain = Router::new(model());
    plain.load(file, &|_, _| ()).unwrap();
    plain.fit(FitOptions::default(), &|_, _| ()).unwrap();
    assert_eq!(plain.route(&text(slip), RouteOptions::default()).unwrap().read_as, None);
}
