//! Which slips are read over, and what is left alone.

use std::borrow::Cow;

use proptest::prelude::*;

use super::{MOST, Spelling, slips};

fn spelling() -> Spelling {
    Spelling::learn(
        ["where is my payment", "cancel my subscription", "reset my password", "pass me the salt"]
            .repeat(2)
            .into_iter()
            .chain([
                "Zürich",
                "to Zürich",
                "carts",
                "carts",
                "cards",
                "cards",
                "my cards",
                "rare ones",
            ]),
    )
}

/// Read by an encoder that knows these words besides.
fn read(text: &str) -> String {
    let known = ["please", "salty", "cat", "what", "about"];
    spelling().read(text, |word| known.contains(&word)).into_owned()
}

#[test]
fn slips_are_read_over() {
    for (text, expected) in [
        ("whree is my paymet?", "where is my payment?"),
        ("cancel my SUBSCRITPION, please", "cancel my subscription, please"),
        ("wehre is my payment", "where is my payment"),
        ("hwere is my payment", "where is my payment"),
        ("erset my pasword", "reset my password"),
        ("subscribtoin", "subscription"),
        ("zürch", "zürich"),
        ("pass me the slat", "pass me the salt"),
        // Cards stand more often than carts.
        ("my carxs", "my cards"),
    ] {
        assert_eq!(read(text), expected);
    }
}

#[test]
fn words_that_are_known_short_or_far_stay() {
    for text in [
        "where is my payment",
        "salty",
        "sal",
        "paramount is mine",
        "cat",
        "pa55word",
        "",
        "?!",
        // The first letter is taken to be right.
        "dayment is my password",
        // Two slips in a short word.
        "my cdrx",
        // A slip that is no swap in a word of four letters.
        "pass me the sant",
        // Other forms of a word.
        "payments is my passwor",
        // Only one utterance has it.
        "my raer",
    ] {
        assert_eq!(read(text), text);
    }
}

#[test]
fn a_text_of_strange_words_is_left_alone() {
    assert_eq!(read("whree paymet"), "whree paymet");
    let long = "what about ".repeat(40);
    let some = format!("{long}{}", "paymet ".repeat(MOST));
    assert_eq!(read(&some), some.replace("paymet", "payment"));
    let many = format!("{long}{}", "paymet ".repeat(MOST + 1));
    assert_eq!(read(&many), many);
}

#[test]
fn without_words_nothing_is_changed() {
    let read = Spelling::default();
    assert!(matches!(read.read("whree is it", |_| false), Cow::Borrowed(_)));
}

#[test]
fn words_come_back_from_their_parts_or_not_at_all() {
    let spelling = spelling();
    assert_eq!(Spelling::from_parts(spelling.to_parts()), Some(spelling.clone()));
    let mut parts = spelling.to_parts();
    parts.reverse();
    assert_eq!(Spelling::from_parts(parts), None);
}

/// The same by the definition: the whole table.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            d[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = d[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut least = changed.min(d[i - 1][j] + 1).min(d[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least = least.min(d[i - 2][j - 2] + 1);
                }
                least
            };
        }
    }
    d[a.len()][b.len()]
}

proptest! {
    #[test]
    fn slips_are_counted_as_defined(a in "[abc]{0,8}", b in "[abc]{0,8}", most in 0_usize..4) {
        let [a, b]: [Vec<char>; 2] = [a, b].map(|word| word.chars().collect());
        let distance = distance(&a, &b);
        prop_assert_eq!(slips(&a, &b, most), (distance <= most).then_some(distance));
    }

    #[test]
    fn any_text_can_be_read_and_reading_twice_changes_nothing(text in "\\PC{0,60}") {
        let once = read(&text);
        prop_assert_eq!(read(&once), once);
    }
}
