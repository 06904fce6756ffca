//! What is asked: as many different texts as one likes, of some twelve tokens.
//!
//! The beginning of one sentence the program carries, the end of another, and a number that
//! no other text has. So no cache can help, and every text has about the same work in it.

use std::sync::atomic::{AtomicU64, Ordering};

use synaptoroute::Text;

use crate::built_in;

#[cfg(test)]
mod tests;

/// Words of each of the two sentences; with the number and the two marks some twelve tokens.
const WORDS: usize = 3;

/// Sentences, and how many texts were made of them.
pub(super) struct Texts {
    beginnings: Vec<String>,
    ends: Vec<String>,
    made: AtomicU64,
}

impl Texts {
    pub(super) fn new() -> Self {
        let sentences = built_in::CALIBRATION.lines().map(|line| line.split(' ').collect());
        let sentences: Vec<Vec<&str>> =
            sentences.filter(|words: &Vec<&str>| words.len() >= WORDS).collect();
        Self {
            beginnings: sentences.iter().map(|words| words[..WORDS].join(" ")).collect(),
            ends: sentences.iter().map(|words| words[words.len() - WORDS..].join(" ")).collect(),
            made: AtomicU64::new(0),
        }
    }

    /// A text that was not asked before.
    pub(super) fn next(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let count = self.ends.len() as u64;
        let beginning = &self.beginnings[(number % count) as usize];
        // All pairs come, one after the other.
        let end = &self.ends[((number + number / count) % count) as usize];
        format!("{beginning} {end} {number}")
    }
}

/// A text as the library takes it.
pub(super) fn checked(text: String) -> Text {
    Text::try_from(text).expect("it is short and not blank")
}
