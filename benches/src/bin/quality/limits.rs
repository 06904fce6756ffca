//! A promised rate of false acceptance: fitted with half of the out-of-scope texts, measured on
//! the other half, in many seeded halvings.

use std::path::Path;

use synaptoroute::{FitInputs, Labelled, Objective, Text};
use synaptoroute_benches::{BenchError, Sample};

use crate::near::Random;
use crate::run::{decide, fit, inputs};
use crate::sets::{Set, Size, Vectors};

const HALVINGS: u64 = 100;
const PROMISED: f64 = 0.05;

pub(crate) fn print(vectors: &mut Vectors, data: &Path, set: &Set) -> Result<(), BenchError> {
    let train = set.train(data, Size::Shots(10))?.swap_remove(0);
    let (inside, outside) = (set.inside(data)?, set.outside(data)?);
    let background = set.background(vectors)?;
    let plain = vectors.snapshot(&train)?;
    vectors.make(outside.iter().map(|sample| sample.text.as_str()))?;
    let objective = Objective::MaxFalseAccept(PROMISED.try_into().expect("a share"));
    let (mut accepted, mut worst, mut kept) = (0.0, 0.0_f64, 0.0);
    for seed in 0..HALVINGS {
        let mut shuffled = outside.clone();
        Random(seed + 1).shuffle(&mut shuffled);
        let (taught, asked) = shuffled.split_at(shuffled.len() / 2);
        let sample = |Sample { text, .. }: &Sample| {
            Ok(Labelled {
                text: Text::try_from(text.as_str())?,
                vector: vectors.of(text),
                route: None,
            })
        };
        let samples = taught.iter().map(sample).collect::<Result<Vec<_>, BenchError>>()?;
        let promise = FitInputs { objective, ..inputs(&background, &samples) };
        let (fitted, _) = fit(&plain, &promise)?;
        let share = |said: Vec<crate::run::Said>| {
            100.0 * said.iter().filter(|said| said.accepted).count() as f64 / said.len() as f64
        };
        let rate = share(decide(vectors, &fitted, asked)?);
        accepted += rate / HALVINGS as f64;
        worst = worst.max(rate);
        if seed < 10 {
            kept += share(decide(vectors, &fitted, &inside)?) / 10.0;
        }
    }
    println!(
        "\n{} 10-shot, `max_false_accept={PROMISED}`, {HALVINGS} halvings: out-of-scope accepted \
         {accepted:.2} % in the mean, {worst:.2} % at worst; in scope kept {kept:.1} %",
        set.name
    );
    Ok(())
}
