use std::collections::HashSet;

use super::{Texts, checked};

#[test]
fn no_text_comes_twice() {
    let texts = Texts::new();
    let mut seen = HashSet::new();
    for _ in 0..50_000 {
        let text = texts.next();
        assert!(text.len() < 200, "{text}");
        assert!(seen.insert(text.clone()), "{text}");
        checked(text);
    }
}
