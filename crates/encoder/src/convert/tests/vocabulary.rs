//! What is taken over from a `tokenizer.json`.

use serde_json::{Value, json};

use super::tokens::{id, tokenizer, words};
use crate::convert::vocabulary::Vocabulary;
use crate::tokenizer::Tokenizer;

/// Ids between `[CLS]` and `[SEP]`, by the settings of `json`.
fn encode(json: &Value, text: &str) -> Vec<u32> {
    let Vocabulary { config, lines } = Vocabulary::parse(json.to_string().as_bytes()).unwrap();
    let rows = lines.split(|&b| b == b'\n').count();
    let ids = Tokenizer::new(&config, &lines, rows, 32).unwrap().encode(text).unwrap().ids;
    ids[1..ids.len() - 1].to_vec()
}

fn ids(words: &[&str]) -> Vec<u32> {
    words.iter().map(|word| id(word)).collect()
}

#[test]
fn settings_are_taken_over() {
    let unset = |json: &mut Value, setting: &str| {
        json["normalizer"].as_object_mut().unwrap().remove(setting);
    };
    let mut failures = Vec::new();
    let mut check = |what: &str, json: &Value, text: &str, expected: &[&str]| {
        let found = encode(json, text);
        if found != ids(expected) {
            let names: Vec<&str> = found.iter().map(|&id| words()[id as usize]).collect();
            failures.push(format!("{what}: {text:?} gives {names:?}, not {expected:?}"));
        }
    };
    let json = tokenizer();
    check("as it is", &json, "Bill BÎLL bills", &["bill", "bill", "bill", "##s"]);
    check("as it is", &json, "bi\u{0}ll 中文", &["bill", "中", "文"]);

    let mut json = tokenizer();
    json["normalizer"]["lowercase"] = json!(false);
    check("case kept", &json, "Bill bîll é", &["Bill", "bîll", "é"]);
    json["normalizer"]["strip_accents"] = json!(true);
    check("case kept, accents dropped", &json, "Bill bîll é", &["Bill", "bill", "e"]);

    let mut json = tokenizer();
    json["normalizer"]["strip_accents"] = json!(false);
    check("accents kept", &json, "BÎLL É", &["bîll", "é"]);
    unset(&mut json, "lowercase");
    unset(&mut json, "clean_text");
    unset(&mut json, "handle_chinese_chars");
    check("unset means yes", &json, "BÎLL 中文 bi\u{0}ll", &["bîll", "中", "文", "bill"]);

    let mut json = tokenizer();
    json["normalizer"]["clean_text"] = json!(false);
    check("control characters kept", &json, "bi\u{0}ll bill", &["[UNK]", "bill"]);
    let mut json = tokenizer();
    json["normalizer"]["handle_chinese_chars"] = json!(false);
    check("Chinese not parted", &json, "中文 中", &["[UNK]", "中"]);
    let mut json = tokenizer();
    json["model"]["max_input_chars_per_word"] = json!(4);
    check("short words", &json, "bill bills", &["bill", "[UNK]"]);
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn special_tokens_are_kept_as_they_stand() {
    let mut json = tokenizer();
    assert_eq!(encode(&json, "my[MASK]bill [mask]")[..3], ids(&["my", "[MASK]", "bill"]));
    assert_eq!(encode(&json, "[SEP] [UNK]"), ids(&["[SEP]", "[UNK]"]));

    // A word of one's own in place of the last, with signs that the text is parted at.
    let words = json["model"]["vocab"].as_object_mut().unwrap();
    let last = words.remove("##e").unwrap();
    words.insert("<User-1>".to_owned(), last.clone());
    assert_eq!(encode(&json, "<User-1>").len(), 5, "not yet special");
    let added = json!({"id": last, "content": "<User-1>", "special": true});
    json["added_tokens"].as_array_mut().unwrap().push(added);
    assert_eq!(encode(&json, "my <User-1>bill"), [id("my"), id("##e"), id("bill")]);
}

#[test]
fn tokens_keep_their_order_and_their_spelling() {
    let Vocabulary { lines, .. } = Vocabulary::parse(tokenizer().to_string().as_bytes()).unwrap();
    assert_eq!(String::from_utf8(lines).unwrap().lines().collect::<Vec<_>>(), words());
}
