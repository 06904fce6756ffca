//! The targets over their corpora, and over what chance makes of them, without libFuzzer.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use synaptoroute_fuzz::{FOLDER, Mutator, TARGETS};

/// Inputs that chance makes for a target: some seconds in all. `SYNAPTOROUTE_FUZZ_INPUTS` asks for more,
/// and `SYNAPTOROUTE_FUZZ_SEED` for others.
const INPUTS: u64 = 1000;

fn number(variable: &str, unless_set: u64) -> u64 {
    std::env::var(variable).map_or(unless_set, |number| number.parse().unwrap())
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(FOLDER).join("corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs the target on each input; one that makes it panic is kept as a file to be run again.
fn run(name: &str, inputs: impl Iterator<Item = Vec<u8>>) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    for input in inputs {
        if catch_unwind(|| (target.run)(&input)).is_err() {
            let folder = Path::new(FOLDER).join("artifacts").join(name);
            fs::create_dir_all(&folder).unwrap();
            let path = folder.join("test");
            fs::write(&path, &input).unwrap();
            panic!("{name} fails on {}: {:?}", path.display(), String::from_utf8_lossy(&input));
        }
    }
}

fn check(name: &str) {
    let corpus = corpus(name);
    assert!(corpus.len() > 5, "a corpus of {}", corpus.len());
    run(name, corpus.iter().cloned());
    let mut mutator = Mutator::new(number("SYNAPTOROUTE_FUZZ_SEED", 1));
    let inputs = number("SYNAPTOROUTE_FUZZ_INPUTS", INPUTS);
    run(name, (0..inputs).map(|_| mutator.mutate(&corpus)));
}

#[test]
fn routes_file() {
    check("routes_file");
}

#[test]
fn model_header() {
    check("model_header");
}

#[test]
fn http() {
    check("http");
}

#[test]
fn tokenizer() {
    check("tokenizer");
}

/// So that there is one to begin with, and it is this one.
#[test]
fn the_sound_header_is_in_the_corpus() {
    let path = Path::new(FOLDER).join("corpus/model_header/sound");
    if std::env::var_os("SYNAPTOROUTE_FUZZ_WRITE").is_some() {
        fs::write(&path, synaptoroute_fuzz::sound_header()).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap(), synaptoroute_fuzz::sound_header());
}
