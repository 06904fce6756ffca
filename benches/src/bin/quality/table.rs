//! The main table: every set at every size, beside plain nearest and the lexical floor.

use std::path::Path;
use std::time::Instant;

use synaptoroute::Objective;
use synaptoroute_benches::BenchError;

use crate::floor::Floor;
use crate::metrics::{accuracy, auroc, calibration_error, confidences, fpr95, paired, scores};
use crate::run::{Said, decide, fit, inputs};
use crate::sets::{Set, Size, Vectors};

/// Numbers of one size of a set, of which the mean over seeds is shown.
#[derive(Default)]
struct Row {
    /// Accuracy, AUROC, FPR95 of the fit, of plain nearest and of the floor.
    rules: [[f64; 3]; 3],
    calibration: f64,
    kept: f64,
    fit_seconds: f64,
    new: Vec<bool>,
    old: Vec<bool>,
}

pub(crate) fn print(vectors: &mut Vectors, data: &Path, sets: &[&Set]) -> Result<(), BenchError> {
    println!(
        "\naccuracy, % / out-of-scope AUROC / FPR95, %; mean of the seeds\n\n\
         | set | fitted | plain nearest | lexical floor | gain over nearest, points | ECE | \
         kept by `keep=0.95`, % | fit, s |\n|---|---|---|---|---|--:|--:|--:|"
    );
    for set in sets {
        let (inside, outside) = (set.inside(data)?, set.outside(data)?);
        let background = set.background(vectors)?;
        for size in [Size::Full, Size::Shots(10), Size::Shots(5)] {
            let trains = set.train(data, size)?;
            let seeds = trains.len() as f64;
            let mut row = Row::default();
            for (seed, train) in trains.iter().enumerate() {
                let plain = vectors.snapshot(train)?;
                let started = Instant::now();
                let (fitted, report) = fit(&plain, &inputs(&background, &[]))?;
                row.fit_seconds += started.elapsed().as_secs_f64() / seeds;
                let shares: Vec<String> = report
                    .evidence
                    .iter()
                    .map(|weight| format!("{} {:.0} %", weight.evidence, 100.0 * weight.share))
                    .collect();
                eprintln!(
                    "{} {size} seed {seed}: {}; strength {}, threshold {:.3}",
                    set.name,
                    shares.join(", "),
                    report.strength,
                    report.threshold
                );
                let said = [
                    [decide(vectors, &fitted, &inside)?, decide(vectors, &fitted, &outside)?],
                    [decide(vectors, &plain, &inside)?, decide(vectors, &plain, &outside)?],
                ];
                let of = |inside: &[Said], outside: &[Said], numbers: fn(&[Said]) -> Vec<f64>| {
                    let (a, b) = (numbers(inside), numbers(outside));
                    [accuracy(inside), auroc(&a, &b), fpr95(&a, &b)]
                };
                let floor = Floor::new(train);
                let lexical: Vec<(&str, f64)> =
                    inside.iter().map(|sample| floor.nearest(&sample.text)).collect();
                let foreign: Vec<f64> =
                    outside.iter().map(|sample| floor.nearest(&sample.text).1).collect();
                let right = lexical.iter().zip(&inside).filter(|(l, s)| l.0 == s.intent).count();
                let own: Vec<f64> = lexical.iter().map(|l| l.1).collect();
                let all = [
                    of(&said[0][0], &said[0][1], confidences),
                    of(&said[1][0], &said[1][1], scores),
                    [
                        100.0 * right as f64 / inside.len() as f64,
                        auroc(&own, &foreign),
                        fpr95(&own, &foreign),
                    ],
                ];
                for (sum, numbers) in row.rules.iter_mut().flatten().zip(all.into_iter().flatten())
                {
                    *sum += numbers / seeds;
                }
                row.calibration += calibration_error(&said[0][0], &said[0][1]) / seeds;
                row.new.extend(said[0][0].iter().map(|said| said.right));
                row.old.extend(said[1][0].iter().map(|said| said.right));
                let keep = Objective::Keep(0.95.try_into().expect("a share"));
                let promise =
                    synaptoroute::FitInputs { objective: keep, ..inputs(&background, &[]) };
                let (kept, _) = fit(&plain, &promise)?;
                let kept = decide(vectors, &kept, &inside)?;
                let kept = kept.iter().filter(|said| said.accepted).count();
                row.kept += 100.0 * kept as f64 / inside.len() as f64 / seeds;
            }
            let (gain, half) = paired(&row.new, &row.old);
            let rule =
                |[accuracy, auroc, fpr]: [f64; 3]| format!("{accuracy:.2} / {auroc:.4} / {fpr:.2}");
            let [fitted, plain, floor] = row.rules.map(rule);
            println!(
                "| {} {size} | **{fitted}** | {plain} | {floor} | {gain:+.2} ± {half:.2} | {:.3} | {:.1} | {:.2} |",
                set.name, row.calibration, row.kept, row.fit_seconds
            );
        }
    }
    Ok(())
}
