//! Equal content, equal hash; other content, another.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use synaptoroute_router::{ContentHash, FileFormat, Route, RoutesFile, Settings, Text};

use crate::generated::{files, read, routes, strings};

fn text(text: &str) -> Text {
    text.try_into().unwrap()
}

/// A change and the file after it; only files that are not equal to the first.
fn changed(file: &RoutesFile, extra: Route, word: &str) -> Vec<(&'static str, RoutesFile)> {
    let mut all = Vec::new();
    let mut with = |what, change: &dyn Fn(&mut RoutesFile)| {
        let mut other = file.clone();
        change(&mut other);
        if other != *file {
            all.push((what, other));
        }
    };
    with("negative", &|file| file.negatives.push(text("a text of its own")));
    with("negatives", &|file| file.negatives.reverse());
    with("settings", &|file| file.settings = Settings::default());
    with("top_k", &|file| file.settings.top_k = 99.try_into().unwrap());
    with("margin", &|file| file.settings.margin = 0.125.try_into().unwrap());
    with("route gone", &|file| drop(file.routes.pop()));
    if file.routes.iter().all(|route| route.name != extra.name) {
        with("route", &|file| file.routes.push(extra.clone()));
    }
    for index in 0..file.routes.len() {
        let mut route = |what, change: &dyn Fn(&mut Route)| {
            with(what, &|file: &mut RoutesFile| change(&mut file.routes[index]));
        };
        route("name", &|route| route.name = "a name of its own".try_into().unwrap());
        route("utterance", &|route| route.utterances.push(text("a text of its own")));
        route("utterances", &|route| route.utterances.reverse());
        route("utterance for negative", &|route| {
            if route.utterances.len() > 1 {
                route.negatives.extend(route.utterances.pop());
            }
        });
        route("negatives gone", &|route| route.negatives.clear());
        route("negatives", &|route| route.negatives.reverse());
        route("threshold", &|route| route.threshold = None);
        route("threshold 1", &|route| route.threshold = Some(1.0.try_into().unwrap()));
        route("cuts", &|route| {
            route.score_threshold = route.threshold.map(|cut| cut.get().try_into().unwrap());
            route.threshold = None;
        });
        route("description", &|route| route.description = Some(word.to_owned()));
        route("description gone", &|route| route.description = None);
        route("metadata", &|route| drop(route.metadata.insert(word.to_owned(), Value::Null)));
        route("metadata gone", &|route| route.metadata.clear());
        route("metadata nested", &|route| {
            route.metadata = Map::from_iter([("a".to_owned(), json!([route.metadata]))]).into();
        });
    }
    all
}

/// The same with the keys the other way round, at every depth.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            map.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect()
        }
        Value::Array(values) => values.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

proptest! {
    #[test]
    fn equal_content_has_an_equal_hash(file in files(), by in 0..5_usize) {
        let hash = file.content_hash();
        prop_assert_eq!(read(&file.to_yaml(), FileFormat::Yaml).content_hash(), hash);
        prop_assert_eq!(read(&file.to_json(), FileFormat::Json).content_hash(), hash);
        let mut other = file;
        let by = by.min(other.routes.len());
        other.routes.rotate_left(by);
        for route in &mut other.routes {
            let metadata = reversed(&Value::Object((*route.metadata).clone()));
            route.metadata = metadata.as_object().unwrap().clone().into();
        }
        prop_assert_eq!(other.content_hash(), hash);
    }

    #[test]
    fn other_content_has_another_hash(file in files(), extra in routes(), word in strings()) {
        for (what, other) in changed(&file, extra, &word) {
            prop_assert_ne!(other.content_hash(), file.content_hash(), "{}", what);
        }
    }

    #[test]
    fn unequal_files_have_unequal_hashes(a in files(), b in files()) {
        prop_assert_eq!(a == b, a.content_hash() == b.content_hash());
    }
}

/// What the documentation gives as an example, hashed by another program.
#[test]
fn the_hash_is_that_of_the_documented_form() {
    let yaml = "
version: 1
settings: {top_k: 5}
routes:
  - {name: b, utterances: [x], threshold: 1}
  - {name: a, utterances: [é, y]}
";
    let golden = "5c761ba3b530135e5bda1b2fd398d839dd13a0d458310295e990426aa2d75ffa";
    assert_eq!(read(yaml, FileFormat::Yaml).content_hash().to_string(), golden);
    let yaml = "
version: 1
negatives: [what is the capital of France]
settings: {margin: 0.25}
routes:
  - name: billing
    utterances: [where is my bill, I was charged twice]
    negatives: [build me a billing system]
    score_threshold: -0.5
    description: Invoices
    metadata: {tier: 2, team: finance, ratio: 2.0, cold: -3, none: null, open: [true, false], z: -0.0}
";
    let golden = "62adebf788da468a213eb9368d4d6cbcf5cf5ea730f5c194876c8b3fb556f2d4";
    assert_eq!(read(yaml, FileFormat::Yaml).content_hash().to_string(), golden);
    let golden = "302ed0c23fae128cd31356fb019a23a9774f9316165b97b30e88943f9ab00a5d";
    assert_eq!(read("version: 1\nroutes: []", FileFormat::Yaml).content_hash().to_string(), golden);
}

#[test]
fn a_hash_is_written_as_64_digits() {
    let hash = read("version: 1\nroutes: []", FileFormat::Yaml).content_hash();
    let digits = hash.to_string();
    assert_eq!(digits.len(), 64);
    assert_eq!(digits.parse(), Ok(hash));
    assert_eq!(serde_json::to_value(hash).unwrap(), json!(digits));
    assert_eq!(serde_json::from_value::<ContentHash>(json!(digits)).unwrap(), hash);
    for wrong in ["", "0", &digits[1..], &format!("{digits}0"), &format!("g{}", &digits[1..])] {
        let error = wrong.parse::<ContentHash>().unwrap_err().to_string();
        assert!(error.contains("64 hex digits"), "{error}");
    }
}
