//! A routes file survives being written and read, in both formats.

use std::path::Path;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Number, Value};
use synaptoroute_router::{FileFormat, Route, RouteName, RoutesFile, Settings, Text};

/// Strings that a format could take for something else.
const ODD: [&str; 32] = [
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
];

fn strings() -> impl Strategy<Value = String> {
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
    fn routes()(
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
        route.metadata = Map::from_iter(metadata);
        route
    }
}

prop_compose! {
    fn files()(
        margin in 0.0..=2.0_f64,
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
            Settings { margin: margin.try_into().unwrap(), top_k: top_k.try_into().unwrap() };
        (file.negatives, file.routes) = (negatives, routes);
        file
    }
}

#[track_caller]
fn read(text: &str, format: FileFormat) -> RoutesFile {
    RoutesFile::parse(text, format).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(file in files()) {
        let yaml = serde_norway::to_string(&file).unwrap();
        prop_assert_eq!(&read(&yaml, FileFormat::Yaml), &file, "{}", yaml);
        let json = serde_json::to_string(&file).unwrap();
        prop_assert_eq!(&read(&json, FileFormat::Json), &file, "{}", json);
        let json = serde_json::to_string_pretty(&file).unwrap();
        prop_assert_eq!(&read(&json, FileFormat::Json), &file, "{}", json);
    }

    /// Whatever the bytes, the answer is a file or an error.
    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200), text in strings()) {
        for format in [FileFormat::Yaml, FileFormat::Json] {
            let _ = RoutesFile::parse_bytes(&bytes, format);
            let _ = RoutesFile::parse(&text, format);
        }
    }
}

#[test]
fn a_file_with_everything_in_it() {
    let yaml = "
version: 1
negatives: [what is the capital of France, what is the capital of France]
settings: {margin: 0.25, top_k: 7}
routes:
  - name: billing
    utterances: [where is my bill, I was charged twice, where is my bill, 5, yes]
    negatives: [build me a billing system, build me a billing system]
    threshold: 0.6
    score_threshold: -0.5
    description: Invoices
    metadata: {team: finance, tier: 2}
  - utterances: [a]
    name: second
";
    let json = r#"{"routes": [{"metadata": {"tier": 2, "team": "finance"}, "name": "billing",
        "description": "Invoices", "score_threshold": -0.5, "threshold": 0.6,
        "negatives": ["build me a billing system"],
        "utterances": ["where is my bill", "I was charged twice", "5", "yes"]},
        {"name": "second", "utterances": ["a"], "threshold": null, "description": null}],
        "settings": {"top_k": 7, "margin": 0.25}, "version": 1,
        "negatives": ["what is the capital of France"]}"#;
    let file = read(yaml, FileFormat::Yaml);
    assert_eq!(file, read(json, FileFormat::Json));
    assert_eq!(file, read(json, FileFormat::Yaml), "JSON is YAML");
    assert_eq!(file.negatives.len(), 1);
    assert_eq!((file.settings.margin.get(), file.settings.top_k.get()), (0.25, 7));
    let [billing, second] = &file.routes[..] else { panic!("two routes") };
    assert_eq!((billing.utterances.len(), billing.negatives.len()), (4, 1));
    assert_eq!(billing.threshold.map(|cut| cut.get()), Some(0.6));
    assert_eq!(billing.score_threshold.map(|cut| cut.get()), Some(-0.5));
    assert_eq!(billing.description.as_deref(), Some("Invoices"));
    assert_eq!(billing.metadata["team"], "finance");
    assert_eq!(second.threshold, None);
    assert!(second.metadata.is_empty());
}

/// JSON was read to within a bit or two: a threshold changed each time it was written and
/// read again.
#[test]
fn a_float_keeps_its_last_bit() {
    for cut in [0.20597168558165774, 0.1 + 0.2, f64::MIN_POSITIVE, 5e-324, 1.0_f64.next_down()] {
        let json = format!(
            r#"{{"version": 1, "routes": [{{"name": "a", "utterances": ["b"], "threshold": {cut:?}}}]}}"#
        );
        for format in [FileFormat::Json, FileFormat::Yaml] {
            let file = read(&json, format);
            assert_eq!(file.routes[0].threshold.map(|cut| cut.get()), Some(cut), "{format:?}");
        }
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let file = read("version: 1\nroutes: []", FileFormat::Yaml);
    assert_eq!(file.settings, Settings::default());
    assert!(file.negatives.is_empty() && file.routes.is_empty());
    let file = read("version: 1\nroutes: []\nsettings: {top_k: 5}", FileFormat::Yaml);
    assert_eq!((file.settings.margin.get(), file.settings.top_k.get()), (0.0, 5));
}

#[test]
fn the_format_is_told_by_the_name() {
    for (path, format) in [
        ("routes.json", FileFormat::Json),
        ("a.yaml/routes.JSON", FileFormat::Json),
        ("routes.yaml", FileFormat::Yaml),
        ("routes.yml", FileFormat::Yaml),
        ("routes", FileFormat::Yaml),
        ("json", FileFormat::Yaml),
        ("routes.json.yaml", FileFormat::Yaml),
    ] {
        assert_eq!(FileFormat::of(Path::new(path)), format, "{path}");
    }
}
