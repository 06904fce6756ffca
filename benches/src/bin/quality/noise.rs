//! Queries as they are typed: one word in eight is misspelt, by a public list.

use std::collections::HashMap;
use std::path::Path;

use synaptoroute_benches::{BenchError, Sample};

use crate::metrics::accuracy;
use crate::near::Random;
use crate::run::{decide, fit, inputs};
use crate::sets::{Set, Size, Vectors};

pub(crate) fn print(
    vectors: &mut Vectors,
    data: &Path,
    set: &Set,
    size: Size,
) -> Result<(), BenchError> {
    let path = data.join("typos/misspellings.tsv");
    let list =
        std::fs::read_to_string(&path).map_err(|source| BenchError::Read { path, source })?;
    let mut misspellings: HashMap<&str, Vec<&str>> = HashMap::new();
    for (correct, wrong) in list.lines().filter_map(|line| line.split_once('\t')) {
        misspellings.entry(correct).or_default().push(wrong);
    }
    let background = set.background(vectors)?;
    let valid = set.inside(data)?;
    let mut random = Random(8);
    let (mut words, mut wrong) = (0_usize, 0_usize);
    let typed: Vec<Sample> = valid
        .iter()
        .map(|Sample { text, intent }| {
            let mut typed = Vec::new();
            for word in text.split(' ') {
                words += 1;
                typed.push(if random.below(8) == 0 {
                    wrong += 1;
                    misspell(word, &misspellings, &mut random)
                } else {
                    word.to_owned()
                });
            }
            Sample { text: typed.join(" "), intent: intent.clone() }
        })
        .collect();
    println!(
        "\n{} {size}, {wrong} of {words} words misspelt: accuracy, %\n\n\
         | rule | clean | typed | lost |\n|---|--:|--:|--:|",
        set.name
    );
    let train = set.train(data, size)?.swap_remove(0);
    let plain = vectors.snapshot(&train)?;
    let (fitted, _) = fit(&plain, &inputs(&background, &[]))?;
    for (name, snapshot) in [("fitted", &fitted), ("plain nearest", &plain)] {
        let clean = accuracy(&decide(vectors, snapshot, &valid)?);
        let noisy = accuracy(&decide(vectors, snapshot, &typed)?);
        println!("| {name} | {clean:.2} | {noisy:.2} | {:.2} |", clean - noisy);
    }
    Ok(())
}

/// One of the word's misspellings, or two of its letters swapped where the list has none.
fn misspell(word: &str, known: &HashMap<&str, Vec<&str>>, random: &mut Random) -> String {
    if let Some(wrong) = known.get(word) {
        return wrong[random.below(wrong.len())].to_owned();
    }
    let mut letters: Vec<char> = word.chars().collect();
    if letters.len() > 2 {
        let first = random.below(letters.len() - 1);
        letters.swap(first, first + 1);
    }
    letters.into_iter().collect()
}
