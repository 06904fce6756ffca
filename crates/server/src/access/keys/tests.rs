use super::{Keys, KeysError};
use crate::access::ApiKey;

const HASH: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const OTHER: &str = "sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";
const SECRET: &str = "sr_not-to-be-repeated";

#[test]
fn a_key_is_found_by_itself_and_by_nothing_near_it() {
    let keys: Vec<_> = (0..5).map(|_| ApiKey::generate().expect("the system is random")).collect();
    let list: String = keys
        .iter()
        .enumerate()
        .map(|(n, key)| format!("- {{name: k{n}, hash: \"{}\", role: read}}\n", key.hash()))
        .collect();
    let known = Keys::parse(&list).expect("the list is well-formed");
    for (number, key) in keys.iter().enumerate() {
        let found = known.find(key.reveal().as_bytes()).expect("it is known");
        assert_eq!(found.name, format!("k{number}"));
        let mut near = key.reveal().to_owned();
        near.pop();
        assert!(known.find(near.as_bytes()).is_none());
        // What is kept does not let anybody in.
        assert!(known.find(key.hash().as_bytes()).is_none());
        assert!(!format!("{known:?} {key:?}").contains(&key.reveal()[3..]));
    }
    assert!(known.find(b"").is_none());
    assert!(known.find(&[b'x'; 4096]).is_none());
}

#[test]
fn json_is_taken_too() {
    let json = format!(
        r#"[{{"name": "a", "hash": "{HASH}", "role": "write", "namespaces": ["x", "y"]}}]"#
    );
    let keys = Keys::parse(&json).expect("it is a list of keys");
    // The hash of "test".
    let entry = keys.find(b"test").expect("it is known");
    let covered = |name: &str| entry.covers(&name.try_into().expect("it is a name"));
    assert!(covered("x") && covered("y") && !covered("default"));
}

#[test]
fn a_list_that_is_none_says_what_is_wrong_and_repeats_no_secret() {
    let cases = [
        (String::new(), "no key"),
        ("[]".to_owned(), "no key"),
        (SECRET.to_owned(), "no list"),
        (format!("- {SECRET}"), "entry 1"),
        (format!("- {{name: a, hash: {SECRET}, role: read}}"), "\"a\""),
        (format!("- {{name: a, hash: \"{HASH}\", role: {SECRET}}}"), "read, write or admin"),
        (format!("- {{name: a, hash: \"{HASH}\", role: read, key: {SECRET}}}"), "nothing else"),
        (format!("- {{name: a, hash: \"{HASH}\", role: read, namespaces: x}}"), "entry 1"),
        (format!("- {{name: a, hash: \"{HASH}\", role: read, namespaces: [\"\"]}}"), "empty"),
        (format!("- {{name: a, hash: \"{HASH}\"}}"), "entry 1"),
        (format!("- {{name: a, hash: \"{}\", role: read}}", &HASH[..70]), "64"),
        (format!("- {{name: [{SECRET}"), "line"),
        (
            format!(
                "- {{name: a, hash: \"{HASH}\", role: read}}\n\
                 - {{name: a, hash: \"{OTHER}\", role: read}}"
            ),
            "one name",
        ),
        (
            format!(
                "- {{name: a, hash: \"{HASH}\", role: read}}\n\
                 - {{name: b, hash: \"{HASH}\", role: admin}}"
            ),
            "one hash",
        ),
    ];
    for (text, expected) in cases {
        let error: KeysError = Keys::parse(&text).expect_err(&text);
        let said = error.to_string();
        assert!(said.contains(expected), "{text}: {said}");
        assert!(!said.contains(SECRET), "{text}: {said}");
    }
}
