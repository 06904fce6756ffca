//! What it is worth that the encoder learns the routes: the same fit on top, by both models.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use synaptoroute::{Bert, Kernels, ModelFile, Router, Text, TuneOptions, TuneRequest};
use synaptoroute_benches::{BenchError, Sample, encoder, model_file, routes_of};

use crate::metrics::{accuracy, auroc, confidences, fpr95, paired};
use crate::run::{Said, decide, fit, inputs};
use crate::sets::{Set, Size, Vectors};

/// Accuracy, AUROC and FPR95, and each in-scope answer's being right.
type Worth = ([f64; 3], Vec<bool>);

/// How large sets are learned: as long as there is time for, some of their utterances three times.
const FULL_STEPS: usize = 300;
const FULL_TIME: Duration = Duration::from_secs(15 * 60);

pub(crate) fn print(
    frozen: &mut Vectors,
    data: &Path,
    sets: &[&Set],
    size: Size,
) -> Result<(), BenchError> {
    let options = TuneOptions {
        steps: if size == Size::Full { FULL_STEPS } else { TuneOptions::default().steps },
        ..TuneOptions::default()
    };
    println!(
        "\ntuned by up to {} steps, accuracy, % / out-of-scope AUROC / FPR95, %; mean of the seeds\n\n\
         | set | frozen | tuned | gain, points | integers to weights, cosine | all but judging, s |\n\
         |---|---|---|---|--:|--:|",
        options.steps
    );
    for set in sets {
        let trains = set.train(data, size)?;
        let seeds = trains.len() as f64;
        // As the fit, of nothing that is measured.
        let background = set.background(frozen)?;
        let background: Vec<Text> = background.into_iter().map(|known| known.text).collect();
        let (mut before, mut after) = ([0.0; 3], [0.0; 3]);
        let (mut old, mut new) = (Vec::new(), Vec::new());
        let (mut seconds, mut fidelity) = (0.0, 0.0);
        for (seed, train) in trains.iter().enumerate() {
            let router = router(train)?;
            let started = Instant::now();
            let options = TuneOptions { seed: seed as u64, ..options };
            let time = (size == Size::Full).then_some(FULL_TIME);
            let tuned = tune(&router, options, time, &background)?;
            eprintln!("{} seed {seed}: {} steps", set.name, tuned.report.steps);
            fidelity += tuned.report.fidelity / seeds;
            let file = ModelFile::from_bytes(&tuned.file)?;
            let kernels = Kernels::from_env()?;
            let bert = Bert::new(&file, kernels)?;
            let mut vectors = Vectors::new(Arc::new(bert));
            vectors.snapshot(train)?;
            seconds += started.elapsed().as_secs_f64() / seeds;
            let pairs = [
                (worth(frozen, data, set, train)?, &mut before, &mut old),
                (worth(&mut vectors, data, set, train)?, &mut after, &mut new),
            ];
            for ((numbers, right), sums, all) in pairs {
                eprintln!("{} seed {seed}: {numbers:?}", set.name);
                sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number / seeds);
                all.extend(right);
            }
        }
        let (gain, half) = paired(&new, &old);
        let show = |[a, b, c]: [f64; 3]| format!("{a:.2} / {b:.4} / {c:.2}");
        println!(
            "| {} {size} | {} | **{}** | {gain:+.2} ± {half:.2} | {fidelity:.5} | {seconds:.0} |",
            set.name,
            show(before),
            show(after)
        );
    }
    Ok(())
}

fn router(train: &[Sample]) -> Result<Router, BenchError> {
    let router = Router::new(encoder()?);
    router.load(routes_of(train)?, &|_, _| ())?;
    Ok(router)
}

fn tune(
    router: &Router,
    options: TuneOptions,
    time_budget: Option<Duration>,
    background: &[Text],
) -> Result<synaptoroute::Tuned, BenchError> {
    let model = model_file()?;
    let threads = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let request = TuneRequest {
        options,
        time_budget,
        background: Some(background),
        ..TuneRequest::new(&model, threads)
    };
    let bar = ProgressBar::new(1);
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}, {eta} left{msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let tuned = router.tune(&request, &mut |progress| {
        bar.set_length(progress.of as u64);
        bar.set_position(progress.done as u64);
        if let Some(loss) = progress.loss {
            bar.set_message(format!(", loss {loss:.3}"));
        }
        true
    });
    bar.finish_and_clear();
    Ok(tuned?)
}

fn worth(
    vectors: &mut Vectors,
    data: &Path,
    set: &Set,
    train: &[Sample],
) -> Result<Worth, BenchError> {
    let background = set.background(vectors)?;
    let plain = vectors.snapshot(train)?;
    let (fitted, _) = fit(&plain, &inputs(&background, &[]))?;
    let inside: Vec<Said> = decide(vectors, &fitted, &set.inside(data)?)?;
    let outside = decide(vectors, &fitted, &set.outside(data)?)?;
    let (a, b) = (confidences(&inside), confidences(&outside));
    let right = inside.iter().map(|said| said.right).collect();
    Ok(([accuracy(&inside), auroc(&a, &b), fpr95(&a, &b)], right))
}
