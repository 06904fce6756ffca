//! What `lint` finds in public sets, which were made with care: 10 utterances a route and whole
//! training files, as they are and with texts moved to a wrong route.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use synaptoroute::{Bert, FindingKind, LintReport, Router, Severity};
use synaptoroute_benches::{BenchError, Sample, encoder, fewshot, read, routes_of};

/// Lint CLINC150, HWU64 and Bitext training files.
#[derive(Parser)]
struct Args {
    /// Folder that holds the three sets
    #[arg(long)]
    data: PathBuf,
}

/// One text of so many is moved.
const MOVED: usize = 50;

/// Kinds, as columns.
const KINDS: [FindingKind; 7] = [
    FindingKind::SameText,
    FindingKind::MatchingNegative,
    FindingKind::UnreachableThreshold,
    FindingKind::Overlap,
    FindingKind::Mislabelled,
    FindingKind::ThinRoute,
    FindingKind::NearDuplicates,
];

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lint: {error}");
            ExitCode::from(3)
        }
    }
}

fn run(args: &Args) -> Result<(), BenchError> {
    let encoder = encoder()?;
    let kinds = KINDS.map(FindingKind::as_str).join(" | ");
    println!("Findings, in brackets those that are a warning or an error");
    println!("| set | routes | utterances | {kinds} | seconds |");
    println!("|---|--:|--:|{}--:|", "--:|".repeat(KINDS.len()));
    let mut moved = Vec::new();
    for name in ["clinc150", "hwu64", "bitext"] {
        let set = args.data.join(name);
        let [few, ..] = fewshot(&set, 10);
        for (what, file) in [("10 a route", few), ("whole", set.join("train.jsonl"))] {
            let samples = read(file)?;
            let (report, seconds) = lint(&encoder, &samples)?;
            let cells = KINDS.map(|kind| counts(&report, kind)).join(" | ");
            let checked = report.checked;
            println!(
                "| {name}, {what} | {} | {} | {cells} | {seconds:.1} |",
                checked.routes, checked.utterances
            );
            moved.push((format!("{name}, {what}"), mislabel(samples)));
        }
    }
    println!();
    println!("Moved to a wrong route, and found to be there");
    println!("| set | moved | found | found that were not moved |");
    println!("|---|--:|--:|--:|");
    for (what, (samples, moved)) in moved {
        let (report, _) = lint(&encoder, &samples)?;
        let findings = report.findings.iter().filter(|f| f.kind == FindingKind::Mislabelled);
        let texts: Vec<&str> = findings.map(|f| f.examples[0].text.as_str()).collect();
        let found = texts.iter().filter(|text| moved.contains(**text)).count();
        println!("| {what} | {} | {found} | {} |", moved.len(), texts.len() - found);
    }
    Ok(())
}

fn lint(encoder: &Arc<Bert>, samples: &[Sample]) -> Result<(LintReport, f64), BenchError> {
    let router = Router::new(Arc::<Bert>::clone(encoder));
    router.load(routes_of(samples)?, &|_, _| ())?;
    let begun = Instant::now();
    let report = router.lint(&|_, _| ());
    Ok((report, begun.elapsed().as_secs_f64()))
}

fn counts(report: &LintReport, kind: FindingKind) -> String {
    let of_kind: Vec<_> = report.findings.iter().filter(|f| f.kind == kind).collect();
    let grave = of_kind.iter().filter(|f| f.severity > Severity::Advice).count();
    match (of_kind.len(), grave) {
        (0, _) => "0".to_owned(),
        (all, grave) => format!("{all} ({grave})"),
    }
}

/// Gives one text of so many the label of a route that is not its own, and says which.
fn mislabel(mut samples: Vec<Sample>) -> (Vec<Sample>, HashSet<String>) {
    let mut names: Vec<String> = samples.iter().map(|s| s.intent.clone()).collect();
    names.sort_unstable();
    names.dedup();
    let numbers: BTreeMap<String, usize> = names.iter().cloned().zip(0..).collect();
    let mut moved = HashSet::new();
    for (i, sample) in samples.iter_mut().enumerate().skip(MOVED / 2).step_by(MOVED) {
        // Any other, each as likely, and the same every time.
        let step = 1 + i.wrapping_mul(0x9e37_79b9) % (names.len() - 1);
        sample.intent.clone_from(&names[(numbers[&sample.intent] + step) % names.len()]);
        moved.insert(sample.text.clone());
    }
    (samples, moved)
}
