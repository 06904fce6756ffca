//! Misspelt words, read as the utterances spell them.
//!
//! To the encoder a word with a slip in it is a few pieces of other words: one word in eight
//! misspelt cost 4 points of accuracy on CLINC150. The utterances say which words are expected.
//!
//! What is no slip but another word costs more than a slip left alone: so short words, other endings
//! and words that are rare among the utterances are treated with care. Without that care accuracy on
//! texts without slips fell by 0.1 points with ten utterances a route.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use crate::snapshot::Snapshot;

/// Shorter words are left alone, and in words of this length letters may only have changed places:
/// too much lies one slip away from them.
const SHORTEST: usize = 4;
/// From this many letters on, a word may have two slips.
const LONG: usize = 9;
/// A word is meant only if it stands in as many places.
const OFTEN: u32 = 2;
/// With more strange words than this, or more than half of its words strange, a text is in another
/// language or about something else, and is left alone.
const MOST: usize = 8;

/// The utterances' words, lower case, and in how many places each stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Spelling {
    /// In order.
    words: Vec<(String, u32)>,
}

impl Snapshot {
    /// A query as it is read: strange words that are a slip away from a word of the utterances (two
    /// slips in a long one) become that word. `known` says of a word, in lower case, whether the
    /// encoder knows it as a whole; such words stay as they are.
    ///
    /// What the words are is part of the fit: without one, or where lexical evidence is off, every
    /// text is read as it stands.
    pub fn reading<'t>(&self, text: &'t str, known: impl Fn(&str) -> bool) -> Cow<'t, str> {
        match self.fitted() {
            Some(fit) => fit.spelling.read(text, known),
            None => Cow::Borrowed(text),
        }
    }
}

impl Spelling {
    pub(super) fn learn<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for text in texts {
            for word in words(text) {
                *counts.entry(text[word].to_lowercase()).or_default() += 1;
            }
        }
        Self { words: counts.into_iter().collect() }
    }

    pub(super) fn to_parts(&self) -> Vec<(String, u32)> {
        self.words.clone()
    }

    /// What [`Spelling::to_parts`] gave; `None` if it is not in order.
    pub(super) fn from_parts(words: Vec<(String, u32)>) -> Option<Self> {
        words.is_sorted_by(|(a, _), (b, _)| a < b).then_some(Self { words })
    }

    fn read<'t>(&self, text: &'t str, known: impl Fn(&str) -> bool) -> Cow<'t, str> {
        if self.words.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut strange: Vec<(Range<usize>, String)> = Vec::new();
        let mut count = 0_usize;
        for place in words(text) {
            count += 1;
            let word = text[place.clone()].to_lowercase();
            if word.chars().count() >= SHORTEST && !self.has(&word) && !known(&word) {
                if strange.len() == MOST {
                    return Cow::Borrowed(text);
                }
                strange.push((place, word));
            }
        }
        if strange.len() > count.div_ceil(2) {
            return Cow::Borrowed(text);
        }
        let mut read = String::new();
        let mut end = 0;
        for (place, word) in strange {
            if let Some(meant) = self.meant(&word) {
                read.push_str(&text[end..place.start]);
                read.push_str(meant);
                end = place.end;
            }
        }
        if end == 0 {
            return Cow::Borrowed(text);
        }
        read.push_str(&text[end..]);
        Cow::Owned(read)
    }

    fn has(&self, word: &str) -> bool {
        self.words.binary_search_by(|(other, _)| other.as_str().cmp(word)).is_ok()
    }

    /// The word with the fewest slips in between; of several the most frequent, then the first.
    ///
    /// The first letter is taken to be right, or else to have changed places with the second. Where
    /// one word is the other's beginning, that is another form of it and no slip: the encoder sees
    /// the same stem.
    fn meant(&self, word: &str) -> Option<&str> {
        let letters: Vec<char> = word.chars().collect();
        let most = if letters.len() < LONG { 1 } else { 2 };
        let (first, second) = (letters[0], letters[1]);
        let swapped = if second == first { &[] } else { self.beginning(second) };
        let swapped = swapped.iter().filter(|(other, _)| other.chars().nth(1) == Some(first));
        let mut other = Vec::new();
        let near = self.beginning(first).iter().chain(swapped).filter_map(|(candidate, count)| {
            // In bytes a letter more or less may be four.
            let far = candidate.len().abs_diff(word.len()) > 4 * most;
            if far || *count < OFTEN || candidate.starts_with(word) || word.starts_with(candidate) {
                return None;
            }
            other.clear();
            other.extend(candidate.chars());
            if letters.len() == SHORTEST && !is_rearranged(&letters, &other) {
                return None;
            }
            let slips = slips(&letters, &other, most)?;
            Some((slips, std::cmp::Reverse(*count), candidate.as_str()))
        });
        near.min().map(|(_, _, candidate)| candidate)
    }

    /// The words that begin with a letter.
    fn beginning(&self, letter: char) -> &[(String, u32)] {
        let starts = |(word, _): &(String, u32)| word.chars().next().unwrap_or_default();
        let from = self.words.partition_point(|word| starts(word) < letter);
        let to = self.words.partition_point(|word| starts(word) <= letter);
        &self.words[from..to]
    }
}

/// Where the words of a text are: runs of letters that no digit touches.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let runs = text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty());
    let letters = runs.filter(|run| run.chars().all(char::is_alphabetic));
    letters.map(|run| {
        let start = run.as_ptr().addr() - text.as_ptr().addr();
        start..start + run.len()
    })
}

/// Whether two words have the same letters.
fn is_rearranged(a: &[char], b: &[char]) -> bool {
    let count = |word: &[char], letter| word.iter().filter(|&&other| other == letter).count();
    a.len() == b.len() && a.iter().all(|&letter| count(a, letter) == count(b, letter))
}

/// How many letters must be changed, dropped, added, or swapped with the next, each at most once,
/// to make the one word of the other (the optimal string alignment distance; Damerau, 1964); `None`
/// if more than `most`.
fn slips(a: &[char], b: &[char], most: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let same = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
    // Rows of the table: before the last, the last, and this one.
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect(), vec![0; b.len() + 1]];
    for i in 1..=a.len() {
        let [before, last, this] = &mut rows;
        this[0] = i;
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            this[j] = changed.min(last[j] + 1).min(this[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                this[j] = this[j].min(before[j - 2] + 1);
            }
        }
        if this.iter().all(|&slips| slips > most) {
            return None;
        }
        rows.rotate_left(1);
    }
    Some(rows[1][b.len()]).filter(|&slips| slips <= most)
}

#[cfg(test)]
mod tests;
