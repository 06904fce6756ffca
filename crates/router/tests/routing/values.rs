//! What a name, a text, a cut, a setting may be; the message names the limit.

use std::fmt::{Debug, Display};

use synaptoroute_router::{
    Cut, MAX_TEXT_BYTES, Margin, Route, RouteError, RouteName, SimilarityCut, Text, TextError, TopK,
};

use crate::support::{name, text};

/// Tries every value: `None` is taken, `Some` is refused with a message that has these words.
/// Returns what came out otherwise.
fn misjudged<T, V>(
    cases: impl IntoIterator<Item = (V, Option<&'static [&'static str]>)>,
) -> Vec<String>
where
    V: Clone + Debug,
    T: TryFrom<V, Error: Display>,
{
    let judge = |(value, expected): (V, Option<&[&str]>)| {
        let found = T::try_from(value.clone()).map(drop).map_err(|e| e.to_string());
        let right = match (&found, expected) {
            (Ok(()), None) => true,
            (Err(message), Some(words)) => words.iter().all(|word| message.contains(word)),
            _ => false,
        };
        let shown: String = format!("{value:?}").chars().take(60).collect();
        (!right).then(|| format!("{shown}: {found:?}, not {expected:?}"))
    };
    cases.into_iter().filter_map(judge).collect()
}

fn assert_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const LENGTH: Option<&[&str]> = Some(&["129 characters", "at most 128"]);
const SURROUNDED: Option<&[&str]> = Some(&["begins or ends with white space"]);
const CONTROL: Option<&[&str]> = Some(&["control character"]);
const BLANK: Option<&[&str]> = Some(&["blank", "at least one"]);

#[test]
fn names() {
    assert_none(&misjudged::<RouteName, String>([
        (String::new(), Some(&["empty", "1 to 128"][..])),
        ("a".into(), None),
        ("a".repeat(127), None),
        ("a".repeat(128), None),
        ("a".repeat(129), LENGTH),
        // Characters are counted, not bytes.
        ("é".repeat(128), None),
        ("🦀".repeat(128), None),
        ("🦀".repeat(129), LENGTH),
        ("billing / refunds: 1% of #them?".into(), None),
        ("two  words".into(), None),
        ("null".into(), None),
        ("\u{200b}".into(), None),
        (" a".into(), SURROUNDED),
        ("a ".into(), SURROUNDED),
        (" ".into(), SURROUNDED),
        ("\u{a0}a".into(), SURROUNDED),
        ("a\u{3000}".into(), SURROUNDED),
        ("a\nb".into(), Some(&["control character", r"\n"])),
        ("a\0".into(), CONTROL),
        ("\ta".into(), CONTROL),
        ("\u{7f}".into(), CONTROL),
        ("a\u{85}b".into(), CONTROL),
        ("\u{9f}".into(), CONTROL),
    ]));
}

#[test]
fn texts() {
    const LENGTH: Option<&[&str]> = Some(&["65537 bytes", "64 KiB", "65536"]);
    assert_eq!(MAX_TEXT_BYTES, 65_536);
    assert_none(&misjudged::<Text, String>([
        (String::new(), BLANK),
        (" ".into(), BLANK),
        ("\t\r\n \u{3000}\u{a0}".into(), BLANK),
        ("a".into(), None),
        (" a ".into(), None),
        ("line\nline".into(), None),
        ("a".repeat(MAX_TEXT_BYTES - 1), None),
        ("a".repeat(MAX_TEXT_BYTES), None),
        ("a".repeat(MAX_TEXT_BYTES + 1), LENGTH),
        // Bytes are counted, not characters.
        ("é".repeat(MAX_TEXT_BYTES / 2), None),
        ("é".repeat(MAX_TEXT_BYTES / 2) + "a", LENGTH),
        // Too long goes before blank: nobody reads 64 KiB to find nothing in them.
        (" ".repeat(MAX_TEXT_BYTES), BLANK),
        (" ".repeat(MAX_TEXT_BYTES + 1), LENGTH),
    ]));
    assert_eq!(Text::try_from("x".repeat(70_000)), Err(TextError::TooLong { bytes: 70_000 }));
}

#[test]
fn a_text_is_kept_as_it_came() {
    for raw in [" a ", "Ünïcödé", "a\u{301}", "line\r\nline", "\u{feff}a"] {
        assert_eq!(text(raw).as_str(), raw);
        assert_eq!(String::from(text(raw)), raw);
        assert_eq!(text(raw).to_string(), raw);
    }
}

#[test]
fn cuts() {
    const LIMITS: Option<&[&str]> = Some(&["threshold", "between 0 and 1"]);
    assert_none(&misjudged::<Cut, f64>([
        (0.0, None),
        (-0.0, None),
        (0.5, None),
        (f64::MIN_POSITIVE, None),
        (1.0, None),
        (1.0_f64.next_up(), LIMITS),
        (0.0_f64.next_down(), LIMITS),
        (1.5, Some(&["1.5"])),
        (-1.0, LIMITS),
        (f64::NAN, Some(&["NaN", "between 0 and 1"])),
        (f64::INFINITY, LIMITS),
        (f64::NEG_INFINITY, LIMITS),
    ]));
}

#[test]
fn score_cuts() {
    const LIMITS: Option<&[&str]> = Some(&["score_threshold", "between -1 and 1"]);
    assert_none(&misjudged::<SimilarityCut, f64>([
        (-1.0, None),
        (0.0, None),
        (1.0, None),
        (1.0_f64.next_up(), LIMITS),
        ((-1.0_f64).next_down(), LIMITS),
        (f64::NAN, LIMITS),
        (f64::INFINITY, LIMITS),
        (f64::NEG_INFINITY, LIMITS),
    ]));
}

#[test]
fn margins() {
    const LIMITS: Option<&[&str]> = Some(&["margin", "between 0 (off) and 2"]);
    assert_none(&misjudged::<Margin, f64>([
        (0.0, None),
        (0.05, None),
        (2.0, None),
        (2.0_f64.next_up(), LIMITS),
        (0.0_f64.next_down(), LIMITS),
        (f64::NAN, LIMITS),
        (f64::INFINITY, LIMITS),
    ]));
    assert!(Margin::default().get() == 0.0);
}

#[test]
fn counts_of_candidates() {
    const LIMITS: Option<&[&str]> = Some(&["top_k", "between 1 and 100"]);
    assert_none(&misjudged::<TopK, u64>([
        (0, LIMITS),
        (1, None),
        (100, None),
        (101, LIMITS),
        (u64::MAX, LIMITS),
    ]));
    assert_eq!(TopK::default().get(), 3);
}

#[test]
fn a_route_has_utterances_and_none_twice() {
    let error = Route::new(name("billing"), Vec::new()).unwrap_err();
    assert_eq!(error, RouteError::NoUtterances { name: "billing".into() });
    assert!(error.to_string().contains("\"billing\" has no utterances"), "{error}");

    let repeated = || ["b", "a", "b", "c", "a", " a"].map(text).to_vec();
    let distinct = ["b", "a", "c", " a"].map(text).to_vec();
    let route = Route::new(name("billing"), repeated()).unwrap();
    assert_eq!(route.utterances, distinct);
    assert!(route.negatives.is_empty());
    let route = route.with_negatives(repeated());
    assert_eq!((&route.utterances, &route.negatives), (&distinct, &distinct));
    assert!(route.with_negatives(Vec::new()).negatives.is_empty());
}
