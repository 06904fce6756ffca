//! Nearest evidence on a customer-support set: 10 and 5 utterances a route, mean of three
//! seeds; accuracy on `valid`, and how much of `ood_valid` is accepted at the cut that keeps
//! 95 % of `valid`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use synaptoroute::Encoder;
use synaptoroute_benches::{BenchError, best_routes, encoder, fewshot, fpr_at_kept, read};

/// Measure nearest evidence on the Bitext set.
#[derive(Parser)]
struct Args {
    /// Folder that holds `bitext/`
    #[arg(long)]
    data: PathBuf,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bitext: {error}");
            ExitCode::from(3)
        }
    }
}

fn run(args: &Args) -> Result<(), BenchError> {
    let set = args.data.join("bitext");
    let encoder = encoder()?;
    println!("{} on {}", encoder.model().name, encoder.model().isa);
    println!("| utterances a route | seed | right, % | out-of-scope accepted at 95 % kept, % |");
    println!("|---|---|--:|--:|");
    let valid = read(set.join("valid.jsonl"))?;
    let outside = read(set.join("ood_valid.jsonl"))?;
    for shots in [10, 5] {
        let mut sums = [0.0; 2];
        for (seed, file) in fewshot(&set, shots).into_iter().enumerate() {
            let routes = read(file)?;
            let inside = best_routes(&encoder, &routes, &valid)?;
            let right = inside.iter().zip(&valid).filter(|(b, v)| b.route == v.intent).count();
            let foreign = best_routes(&encoder, &routes, &outside)?;
            let accepted = fpr_at_kept(&inside, &foreign, 0.95);
            let row = [right as f64 / valid.len() as f64 * 100.0, accepted * 100.0];
            println!("| {shots} | {seed} | {:.2} | {:.2} |", row[0], row[1]);
            sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        println!("| {shots} | mean | **{:.2}** | **{:.2}** |", sums[0] / 3.0, sums[1] / 3.0);
    }
    Ok(())
}
