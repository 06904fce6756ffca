//! What is asked: as many different texts as one likes, of some twelve tokens.
//!
//! The beginning of one sentence the program carries, the end of another, and a number. No two
//! texts of a run have all three in common, and a run begins at a place of its own among all
//! there are: a service that was asked by an earlier one cannot have kept the answers. So no
//! cache can help, and every text has about the same work in it.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use synaptoroute::Text;

use crate::built_in;

#[cfg(test)]
mod tests;

/// Words of each of the two sentences; with the number and the two marks some twelve tokens.
const WORDS: usize = 3;

/// The numbers behind the words: all of one length, since a longer one has more tokens.
const FIRST_NUMBER: u64 = 100_000;
const NUMBERS: u64 = 900_000;

/// From one text's number to the next one's, so that a run meets numbers of all kinds; shares no
/// factor with [`NUMBERS`].
const STRIDE: u64 = 104_729;

/// Sentences, and how many texts were made of them.
pub(super) struct Texts {
    beginnings: Vec<String>,
    ends: Vec<String>,
    /// Which of all texts is next.
    next: AtomicU64,
}

impl Texts {
    /// Begins where chance has it.
    pub(super) fn new() -> Self {
        // Its keys are the system's random numbers.
        Self::from(RandomState::new().build_hasher().finish())
    }

    /// Begins at a place among all texts, counted again from the first after the last.
    fn from(place: u64) -> Self {
        let sentences = built_in::CALIBRATION.lines().map(|line| line.split(' ').collect());
        let sentences: Vec<Vec<&str>> =
            sentences.filter(|words: &Vec<&str>| words.len() >= WORDS).collect();
        let mut texts = Self {
            beginnings: each_once(sentences.iter().map(|words| &words[..WORDS])),
            ends: each_once(sentences.iter().map(|words| &words[words.len() - WORDS..])),
            next: AtomicU64::new(0),
        };
        texts.next = AtomicU64::new(place % (texts.pairs() * NUMBERS));
        texts
    }

    fn pairs(&self) -> u64 {
        self.beginnings.len() as u64 * self.ends.len() as u64
    }

    /// A text that was not asked before.
    pub(super) fn next(&self) -> String {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        let (round, pair) = (place / self.pairs(), place % self.pairs());
        let (row, column) =
            (pair / self.beginnings.len() as u64, pair % self.beginnings.len() as u64);
        let beginning = &self.beginnings[column as usize];
        // All pairs come, one after the other.
        let end = &self.ends[((row + column) % self.ends.len() as u64) as usize];
        let number = FIRST_NUMBER + (round + pair * STRIDE) % NUMBERS;
        format!("{beginning} {end} {number}")
    }
}

/// Words that stand in several sentences, once: else two places would have the same text.
fn each_once<'a>(parts: impl Iterator<Item = &'a [&'a str]>) -> Vec<String> {
    let mut seen = HashSet::new();
    parts.map(|words| words.join(" ")).filter(|part| seen.insert(part.clone())).collect()
}

/// A text as the library takes it.
pub(super) fn checked(text: String) -> Text {
    Text::try_from(text).expect("it is short and not blank")
}
