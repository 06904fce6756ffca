use std::collections::HashSet;

use super::{NUMBERS, Texts, checked};

#[test]
fn no_text_comes_twice() {
    let all = Texts::from(0).pairs() * NUMBERS;
    // From the first, across the last, and from wherever chance has it.
    let starts = [Texts::from(0), Texts::from(all - 20_000), Texts::new()];
    for texts in starts {
        let mut seen = HashSet::new();
        for _ in 0..50_000 {
            let text = texts.next();
            assert!(text.len() < 200, "{text}");
            assert!(seen.insert(text.clone()), "{text}");
            checked(text);
        }
    }
}

/// Once every process asked the same texts in the same order, and a service that had been asked
/// by one before answered the next from its cache.
#[test]
fn another_run_asks_other_texts() {
    let [one, another] = [Texts::new(), Texts::new()];
    let asked: HashSet<String> = (0..1000).map(|_| one.next()).collect();
    for _ in 0..1000 {
        let text = another.next();
        assert!(!asked.contains(&text), "{text}");
    }
}
