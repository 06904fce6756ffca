//! Fits the logistic of `nearest` that stands in for confidence until a fit replaces it.
//!
//! Training texts only: few-shot files as routes, the rest of each training file and
//! out-of-scope texts of training files as queries. Each of the three sets weighs the same,
//! and in each what is in scope weighs as much as what is not.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use synaptoroute_benches::{BenchError, Sample, best_routes, encoder, fewshot, read};

/// Fit the prior on CLINC150, HWU64 and Bitext training files.
#[derive(Parser)]
struct Args {
    /// Folder that holds the three sets and `ood_general/`
    #[arg(long)]
    data: PathBuf,
}

/// One query's `nearest`, whether its best route is right, and what it weighs.
struct Point {
    nearest: f64,
    right: bool,
    weight: f64,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("prior: {error}");
            ExitCode::from(3)
        }
    }
}

fn run(args: &Args) -> Result<(), BenchError> {
    let encoder = encoder()?;
    let mut points = Vec::new();
    // CLINC150 and HWU64 have question-answering intents: trivia is not foreign to them.
    for (name, foreign) in [
        ("clinc150", &["clinc150/oos_train_plus.jsonl"][..]),
        ("hwu64", &["clinc150/oos_train_plus.jsonl"]),
        ("bitext", &["clinc150/oos_train_plus.jsonl", "ood_general/questions.jsonl"]),
    ] {
        let set = args.data.join(name);
        let mut outside = Vec::new();
        for file in foreign {
            outside.extend(read(args.data.join(file))?);
        }
        let train = read(set.join("train.jsonl"))?;
        for file in [5, 10].into_iter().flat_map(|shots| fewshot(&set, shots)) {
            let routes = read(file)?;
            let known: HashSet<&str> = routes.iter().map(|s| s.text.as_str()).collect();
            let fresh = train.iter().filter(|s| !known.contains(s.text.as_str()));
            let inside: Vec<Sample> = fresh.step_by(7).cloned().collect();
            for queries in [&inside, &outside] {
                let best = best_routes(&encoder, &routes, queries)?;
                let weight = 1.0 / queries.len() as f64;
                points.extend(best.iter().zip(queries).map(|(best, query)| Point {
                    nearest: best.score,
                    right: best.route == query.intent,
                    weight,
                }));
            }
        }
        println!("{name}: {} points so far", points.len());
    }
    let (slope, middle) = fit(&points);
    println!("slope {slope:.2}, middle {middle:.4}");
    report(&points, slope, middle);
    Ok(())
}

/// Newton's method on the weighted log-loss of `1 / (1 + exp(-(a x + b)))`.
fn fit(points: &[Point]) -> (f64, f64) {
    let (mut a, mut b) = (1.0, 0.0);
    for _ in 0..50 {
        let mut gradient = [0.0; 2];
        let mut hessian = [0.0; 3];
        for p in points {
            let q = 1.0 / (1.0 + (-(a * p.nearest + b)).exp());
            let error = p.weight * (q - f64::from(u8::from(p.right)));
            let curve = p.weight * q * (1.0 - q);
            gradient[0] += error * p.nearest;
            gradient[1] += error;
            hessian[0] += curve * p.nearest * p.nearest;
            hessian[1] += curve * p.nearest;
            hessian[2] += curve;
        }
        let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
        a -= (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant;
        b -= (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant;
    }
    (a, -b / a)
}

/// How often the best route was right where the logistic says so often.
fn report(points: &[Point], slope: f64, middle: f64) {
    println!("| confidence | right | share of points |");
    println!("|---|--:|--:|");
    let total: f64 = points.iter().map(|p| p.weight).sum();
    for bin in 0..10 {
        let (low, high) = (f64::from(bin) / 10.0, f64::from(bin + 1) / 10.0);
        let confidence = |p: &Point| 1.0 / (1.0 + (-slope * (p.nearest - middle)).exp());
        let inside: Vec<&Point> =
            points.iter().filter(|p| (low..high).contains(&confidence(p))).collect();
        let weight: f64 = inside.iter().map(|p| p.weight).sum();
        let right: f64 = inside.iter().filter(|p| p.right).map(|p| p.weight).sum();
        println!("| {low:.1}-{high:.1} | {:.2} | {:.2} |", right / weight, weight / total);
    }
}
