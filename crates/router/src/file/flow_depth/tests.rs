use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_norway::Value;

use super::{Flow, MAX_DEPTH, may_begin, too_deep};

/// The greatest depth that is found, from wherever it is looked for.
fn found(text: &str) -> usize {
    let bytes = text.as_bytes();
    let begins = (0..bytes.len()).filter(|&at| matches!(bytes[at], b'[' | b'{'));
    let depths = begins.filter(|&at| may_begin(bytes, at)).map(|at| Flow { bytes, at }.follow());
    depths.max().unwrap_or(0)
}

/// How deep lists are within each other.
fn lists(value: &Value) -> usize {
    match value {
        Value::Sequence(values) => 1 + values.iter().map(lists).max().unwrap_or(0),
        Value::Mapping(map) => {
            map.iter().map(|(key, value)| lists(key).max(lists(value))).max().unwrap_or(0)
        }
        Value::Tagged(tagged) => lists(&tagged.value),
        _ => 0,
    }
}

/// Between tokens, with what might be taken for a bracket or a quote.
const GAPS: [&str; 9] =
    ["", " ", "\n  ", "\t", " # ]]\n ", " # [[ \" '\n ", "\u{85} ", "\u{2028} ", "\n \u{feff}\n "];

/// Texts within brackets, and what may stand before one.
const TEXTS: [&str; 22] = [
    "a",
    "''",
    "'[['",
    "']'",
    "'it''s ]'",
    "\"]\"",
    "\"\\\"]\"",
    "\"\\\\\"",
    "\"[\\n[\"",
    "it's",
    "a\"b",
    "a # [\n  ",
    "a#b",
    "-x",
    "a - b",
    "!t a",
    "!<t,[]> a",
    "&b a",
    "&c 'x]'",
    "a\n  'b",
    "\"\n ] \n\"",
    "x:y",
];

/// A value inside of brackets.
fn value() -> impl Strategy<Value = String> {
    let gap = || prop::sample::select(&GAPS[..]);
    let text = prop::sample::select(&TEXTS[..]).prop_map(str::to_owned);
    text.prop_recursive(6, 64, 3, move |inner| {
        let list = (gap(), vec((inner.clone(), gap()), 1..4)).prop_map(|(gap, values)| {
            let values: Vec<_> =
                values.iter().map(|(value, gap)| format!("{value}{gap}")).collect();
            format!("[{gap}{}]", values.join(","))
        });
        let pair = (gap(), inner, gap())
            .prop_map(|(before, value, after)| format!("{{{before}k: {value}{after}}}"));
        prop_oneof![3 => list, 1 => pair]
    })
}

/// What stands before a value outside of brackets.
const BLOCK: [&str; 14] = [
    "a: ",
    "? ",
    "a:\n  ",
    "a: !t ",
    "a: &x ",
    "a: &x\n  ",
    "--- ",
    "a: |\n  [[ '\nb: ",
    "a: it's [ \"\nb: ",
    "# [ '\na: ",
    "a: '\n [ '\nb: ",
    "a: \"[\n  \\\"\" \nb: ",
    "",
    "a: x\n  [ ' y\nb: ",
];

proptest! {
    /// What the library nests has been found; quotes, comments and texts hide nothing.
    #[test]
    fn no_list_is_missed(block in prop::sample::select(&BLOCK[..]), value in value()) {
        let text = format!("{block}{value}\n");
        if let Ok(read) = serde_norway::from_str::<Value>(&text) {
            prop_assert!(lists(&read) <= found(&text), "{}: {:?}", text, read);
        }
    }

    #[test]
    fn nor_in_arbitrary_signs(
        pieces in vec(
            prop::sample::select(&[
                "[", "[", "]", "]", ",", "a", "'", "\"", " ", "\n", "\n ", "#", " #", ":", ": ", "?", "-x",
                "\\", "!", "!t ", "&a ", "{", "}", "\u{85}", "\u{feff}", "k: ", "|\n", "''",
            ][..]),
            0..16,
        ),
    ) {
        let text = pieces.concat();
        if let Ok(read) = serde_norway::from_str::<Value>(&text) {
            prop_assert!(lists(&read) <= found(&text), "{}: {:?}", text, read);
        }
    }
}

/// The strategy would prove nothing if the library refused most of it.
#[test]
fn the_library_takes_what_is_made_up() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut taken, mut deep) = (0, 0);
    for _ in 0..400 {
        let tree = (prop::sample::select(&BLOCK[..]), value()).new_tree(&mut runner);
        let (block, value) = tree.unwrap().current();
        if let Ok(read) = serde_norway::from_str::<Value>(&format!("{block}{value}\n")) {
            taken += 1;
            deep += usize::from(lists(&read) > 2);
        }
    }
    assert!(taken > 150 && deep > 30, "{taken} taken, {deep} of them deep");
}

#[test]
fn too_deep_is_refused_wherever_it_stands() {
    for unit in ["[", "{a: ", "[a: ", "[']]]]',\n", "{\"a\": ", "[ # ]\n", "{? "] {
        for before in ["", "a: ", "- ", "a: |\n  text\nb: ", "a: it's\nb: &x ", "- '\n  [ '\n- !t "]
        {
            let text = |depth| format!("{before}{}", unit.repeat(depth));
            assert_eq!(too_deep(&text(MAX_DEPTH)), None, "{before:?} {unit:?}");
            assert_eq!(too_deep(&text(MAX_DEPTH + 1)), Some(before.len()), "{before:?} {unit:?}");
        }
    }
}

#[test]
fn brackets_in_texts_are_no_nesting() {
    for line in [
        "- [a, b, {c: [d]}]\n",
        "- so sad :[\n",
        "- see [1\n",
        "- 'note: [sic'\n",
        "- \"[\"\n",
        "- error: [x\n",
        "- 'error: [x' # y\n",
        "- error [x] in [y\n",
        "- a! [b\n",
        "- a - [b\n",
        "- |\n  [ \" {\n",
        "- a\n  [b\n",
    ] {
        assert_eq!(too_deep(&line.repeat(5_000)), None, "{line:?}");
    }
    let json = r#"{"a": [1, {"b": "]"}], "c": {"d": "{\"["}}"#;
    let all = format!("[{}]", vec![json; 5_000].join(",\n"));
    assert_eq!(too_deep(&all), None);
}

/// Attempts that overlap are given up at a number of steps that the text's length sets.
#[test]
fn what_is_too_entangled_is_refused() {
    let text = |depth| "[\n".repeat(depth) + &"x ".repeat(100_000);
    assert_eq!(too_deep(&text(20)), None);
    assert!(too_deep(&text(100)).is_none(), "within the count that needs no look");
    let others = "- [a]\n".repeat(MAX_DEPTH);
    assert_eq!(too_deep(&(others.clone() + &text(20))), None);
    assert!(too_deep(&(others + &text(100))).is_some());
}
