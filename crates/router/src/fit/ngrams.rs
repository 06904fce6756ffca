//! What a text is made of: words, pairs of words, and runs of characters.

use std::collections::HashMap;

/// Characters of the shortest and the longest run; a word counts as wrapped in blanks.
const RUNS: std::ops::RangeInclusive<usize> = 2..=5;

/// A text's features with their weights, by feature: no two alike.
pub(super) type Features = Vec<(u32, f32)>;

/// Tells words' features from those of runs.
#[derive(Clone, Copy)]
enum Kind {
    Word = 1,
    Pair = 2,
    Run = 3,
}

/// How often each feature is in a text: those of words, and those of runs of characters.
///
/// A feature is known by 32 bits of a hash. Of the some hundred thousand that large routes
/// have, a few in a hundred thousand share theirs with another, which costs nothing that can
/// be measured.
pub(super) fn counts(text: &str) -> [HashMap<u32, u32>; 2] {
    let (mut words, mut runs) = (HashMap::new(), HashMap::new());
    let folded = text.to_lowercase();
    let parts = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut before: Option<&str> = None;
    for word in parts {
        *words.entry(hash(Kind::Word, word.chars())).or_default() += 1;
        if let Some(before) = before {
            let pair = before.chars().chain([' ']).chain(word.chars());
            *words.entry(hash(Kind::Pair, pair)).or_default() += 1;
        }
        before = Some(word);
        let wrapped: Vec<char> = [' '].into_iter().chain(word.chars()).chain([' ']).collect();
        for length in RUNS {
            for run in wrapped.windows(length) {
                *runs.entry(hash(Kind::Run, run.iter().copied())).or_default() += 1;
            }
        }
    }
    [words, runs]
}

/// FNV-1a over the code points, mixed and folded to 32 bits.
fn hash(kind: Kind, chars: impl Iterator<Item = char>) -> u32 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let step = |hash: u64, value: u64| (hash ^ value).wrapping_mul(PRIME);
    let hash = chars.fold(step(OFFSET, kind as u64), |hash, c| step(hash, u64::from(u32::from(c))));
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_pairs_and_runs_are_counted() {
        let [words, runs] = counts("Pay pay-pal");
        // pay twice, pal; "pay pay", "pay pal".
        assert_eq!(words.len(), 4);
        assert_eq!(words[&hash(Kind::Word, "pay".chars())], 2);
        // " p" begins all three words.
        assert_eq!(runs[&hash(Kind::Run, " p".chars())], 3);
    }

    #[test]
    fn case_and_punctuation_do_not_count() {
        assert_eq!(counts("Where's my ÄPFEL?"), counts("where s my äpfel"));
        assert_eq!(counts("?!").map(|part| part.len()), [0, 0]);
    }
}
