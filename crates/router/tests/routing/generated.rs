//! Files of arbitrary content, with texts that a format could take for something else.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Number, Value};
use synaptoroute_router::{FileFormat, Objective, Route, RouteName, RoutesFile, Settings, Text};

/// Strings that a format could take for something else.
const ODD: [&str; 40] = [
    "null",
    "~",
    "true",
    "no",
    "5",
    "0x1f",
    "1_000",
    "1e3",
    ".inf",
    ".NaN",
    "=",
    "<<",
    "-",
    "- a",
    "a: b",
    "a #b",
    "#",
    "[",
    "{}",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "%",
    "@",
    "'",
    "\"",
    "\\",
    "a\nb",
    "\n a\n\n",
    "\u{feff}a\u{2028}",
    "# x",
    "  a",
    "a ",
    "a\r\nb",
    "\u{7}\u{1b}a\u{0}",
    "\u{85}a\u{9f}",
    "a\n  b\n\n\n",
    "2024-05-01 é 💸",
];

pub(crate) fn strings() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(&ODD[..]).prop_map(str::to_owned),
        any::<String>(),
        "[a-z ]{1,20}",
        "[ \t\r\na:#-]{1,8}",
    ]
}

fn texts(count: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<Text>> {
    let text = strings().prop_filter_map("a text", |text| Text::try_from(text).ok());
    vec(text, count)
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", Number::from_f64).prop_map(Value::from),
        strings().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(strings(), inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

prop_compose! {
    pub(crate) fn routes()(
        utterances in texts(1..5),
        negatives in texts(0..3),
        threshold in prop::option::of(0.0..=1.0_f64),
        score_threshold in prop::option::of(-1.0..=1.0_f64),
        description in prop::option::of(strings()),
        metadata in btree_map(strings(), values(), 0..3),
        name in strings().prop_filter_map("a name", |name| RouteName::try_from(name).ok()),
    ) -> Route {
        let mut route = Route::new(name, utterances).unwrap().with_negatives(negatives);
        route.threshold = threshold.map(|cut| cut.try_into().unwrap());
        route.score_threshold = score_threshold.map(|cut| cut.try_into().unwrap());
        route.description = description;
        route.metadata = Map::from_iter(metadata).into();
        route
    }
}

fn objective() -> impl Strategy<Value = Objective> {
    let words = ["accuracy", "f1", "keep=0.95", "max_false_accept=0.05", "cost=2.5"];
    prop::sample::select(words.to_vec()).prop_map(|word| word.parse().unwrap())
}

prop_compose! {
    pub(crate) fn files()(
        margin in 0.0..=2.0_f64,
        auto_fit in any::<bool>(),
        objective in objective(),
        top_k in 1..=100_u64,
        mut negatives in texts(0..4),
        mut routes in vec(routes(), 0..5),
    ) -> RoutesFile {
        negatives.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        negatives.dedup();
        routes.sort_by(|a, b| a.name.cmp(&b.name));
        routes.dedup_by(|a, b| a.name == b.name);
        let mut file = read("version: 1\nroutes: []", FileFormat::Yaml);
        file.settings =
            Settings {
                margin: margin.try_into().unwrap(),
                top_k: top_k.try_into().unwrap(),
                auto_fit,
                objective,
                ..Settings::default()
            };
        (file.negatives, file.routes) = (negatives, routes);
        file
    }
}

#[track_caller]
pub(crate) fn read(text: &str, format: FileFormat) -> RoutesFile {
    RoutesFile::parse(text, format).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}
