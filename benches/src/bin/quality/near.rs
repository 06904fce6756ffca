//! Near out-of-scope: a third of the intents is held out, and its texts belong nowhere.

use std::collections::HashSet;
use std::path::Path;

use synaptoroute_benches::{BenchError, Sample};

use crate::metrics::{auroc, confidences, scores};
use crate::run::{decide, fit, inputs};
use crate::sets::{Set, Size, Vectors};

const DRAWS: u64 = 5;

pub(crate) fn print(vectors: &mut Vectors, data: &Path, set: &Set) -> Result<(), BenchError> {
    println!(
        "\nnear out-of-scope, {}: a third of the intents held out, AUROC\n\n\
         | size | draw | fitted | plain nearest |\n|---|--:|--:|--:|",
        set.name
    );
    let background = set.background(vectors)?;
    let valid = set.inside(data)?;
    for size in [Size::Full, Size::Shots(10)] {
        let train = set.train(data, size)?.swap_remove(0);
        let mut intents: Vec<&str> = train.iter().map(|sample| sample.intent.as_str()).collect();
        intents.sort_unstable();
        intents.dedup();
        for draw in 0..DRAWS {
            let mut random = Random(draw + 1);
            let mut left = intents.clone();
            random.shuffle(&mut left);
            let held_out: HashSet<&str> = left.drain(..intents.len() / 3).collect();
            let is_out = |sample: &&Sample| held_out.contains(sample.intent.as_str());
            let routes: Vec<Sample> = train.iter().filter(|s| !is_out(s)).cloned().collect();
            let (outside, inside): (Vec<Sample>, Vec<Sample>) =
                valid.iter().cloned().partition(|sample| is_out(&sample));
            let plain = vectors.snapshot(&routes)?;
            let (fitted, _) = fit(&plain, &inputs(&background, &[]))?;
            let numbers = [
                auroc(
                    &confidences(&decide(vectors, &fitted, &inside)?),
                    &confidences(&decide(vectors, &fitted, &outside)?),
                ),
                auroc(
                    &scores(&decide(vectors, &plain, &inside)?),
                    &scores(&decide(vectors, &plain, &outside)?),
                ),
            ];
            println!("| {size} | {draw} | **{:.4}** | {:.4} |", numbers[0], numbers[1]);
        }
    }
    Ok(())
}

/// `SplitMix64`, so that draws are the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
