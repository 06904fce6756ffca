//! A routes file survives being written and read, in both formats.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use synaptoroute_router::{
    FileFormat, MAX_FILE_BYTES, MAX_METADATA_BYTES, MAX_METADATA_DEPTH, RoutesFile, Settings,
};

use crate::generated::{files, read, strings};

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(file in files()) {
        let yaml = file.to_yaml();
        prop_assert_eq!(&read(&yaml, FileFormat::Yaml), &file, "{}", yaml);
        let json = file.to_json();
        prop_assert_eq!(&read(&json, FileFormat::Json), &file, "{}", json);
        let json = serde_json::to_string(&file).unwrap();
        prop_assert_eq!(&read(&json, FileFormat::Json), &file, "{}", json);
    }

    /// Whatever the bytes, the answer is a file or an error.
    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..200), text in strings()) {
        for format in [FileFormat::Yaml, FileFormat::Json] {
            let _ = RoutesFile::parse_bytes(&bytes, format);
            let _ = RoutesFile::parse(&text, format);
            let _ = RoutesFile::import_bytes(&bytes, format);
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

/// What people get to see and to edit.
#[test]
fn yaml_without_needless_signs() {
    let json = r##"{"version": 1, "negatives": ["what is the capital of France"], "routes": [
        {"name": "billing", "threshold": 0.6, "description": "Invoices, charges: payments",
         "metadata": {"team": "finance", "tier": 2, "weight": 1.0, "open": "no"},
         "utterances": ["where is my bill", "I was charged twice!", "Où est ma facture ? 💸",
             "it's 5", "5", "1e3", "# x", "a: b", "no", " a", "two\nlines", "bell\u0007"]},
        {"name": "second", "utterances": ["x"], "metadata": {}, "negatives": []}],
        "settings": {"margin": 0.0, "top_k": 3}}"##;
    let yaml = r#"version: 1
negatives:
- what is the capital of France
routes:
- name: billing
  utterances:
  - where is my bill
  - I was charged twice!
  - Où est ma facture ? 💸
  - it's 5
  - '5'
  - '1e3'
  - '# x'
  - 'a: b'
  - no
  - ' a'
  - |-
    two
    lines
  - "bell\a"
  threshold: 0.6
  description: 'Invoices, charges: payments'
  metadata:
    team: finance
    tier: 2
    weight: 1.0
    open: no
- name: second
  utterances:
  - x
"#;
    assert_eq!(read(json, FileFormat::Json).to_yaml(), yaml);
}

/// JSON with one was refused, as some editors save it.
#[test]
fn a_byte_order_mark_is_no_content() {
    for (text, format) in [
        ("\u{feff}{\"version\": 1, \"routes\": []}", FileFormat::Json),
        ("\u{feff}{\"version\": 1, \"routes\": []}", FileFormat::Yaml),
        ("\u{feff}version: 1\nroutes: []", FileFormat::Yaml),
    ] {
        let file = RoutesFile::parse_bytes(text.as_bytes(), format).unwrap();
        assert_eq!(file, read("version: 1\nroutes: []", FileFormat::Yaml), "{text}");
        assert_eq!(RoutesFile::import(text, format).unwrap().file, file, "{text}");
    }
}

#[test]
fn a_file_beyond_the_limit_is_refused_unread() {
    let bytes = vec![0; MAX_FILE_BYTES + 1];
    for format in [FileFormat::Yaml, FileFormat::Json] {
        for error in [
            RoutesFile::parse_bytes(&bytes, format).unwrap_err(),
            RoutesFile::import_bytes(&bytes, format).unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(error.contains("268435457 bytes; at most 256 MiB"), "{error}");
        }
    }
}

/// Metadata that came in over HTTP nested so deep that no export of it could be read again.
#[test]
fn whatever_metadata_are_taken_are_written_and_read_again() {
    let nested = |depth: usize| {
        let lists = format!("{}1{}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(
            r#"{{"version": 1, "routes": [{{"name": "a", "utterances": ["b"], "metadata": {{"k": {lists}}}}}]}}"#
        )
    };
    let deepest = RoutesFile::parse(&nested(MAX_METADATA_DEPTH), FileFormat::Json).unwrap();
    let yaml = RoutesFile::parse(&deepest.to_yaml(), FileFormat::Yaml).unwrap();
    let json = RoutesFile::parse(&deepest.to_json(), FileFormat::Json).unwrap();
    assert_eq!((&yaml, &json), (&deepest, &deepest));
    let error = RoutesFile::parse(&nested(MAX_METADATA_DEPTH + 1), FileFormat::Json).unwrap_err();
    assert!(error.to_string().contains("flatten it"), "{error}");
}

/// Each decision carries them: a megabyte of them in ten thousand decisions was ten gigabytes.
#[test]
fn metadata_that_are_too_long_are_refused_with_route_and_place() {
    let around = r#"{"k":""}"#.len();
    let with = |bytes: usize| {
        let value = "x".repeat(bytes - around);
        format!(
            "version: 1\nroutes:\n- {{name: fine, utterances: [a]}}\n- name: heavy\n  \
             utterances: [b]\n  metadata: {{k: {value}}}\n"
        )
    };
    for read in [RoutesFile::parse, |file: &str, format| {
        RoutesFile::import(file, format).map(|imported| imported.file)
    }] {
        let most = read(&with(MAX_METADATA_BYTES), FileFormat::Yaml).unwrap();
        assert!(most.routes[1].metadata.check(&most.routes[1].name).is_ok());
        let error = read(&with(MAX_METADATA_BYTES + 1), FileFormat::Yaml).unwrap_err().to_string();
        for part in ["routes[1]", "\"heavy\"", "65537 bytes", "64 KiB", "line 4"] {
            assert!(error.contains(part), "no {part} in {error}");
        }
    }
    let foreign = with(MAX_METADATA_BYTES + 1).replace("version: 1", "encoder_name: x");
    let error = RoutesFile::import(&foreign, FileFormat::Yaml).unwrap_err().to_string();
    assert!(error.contains("\"heavy\"") && error.contains("64 KiB"), "{error}");
}

/// What is refused of YAML for being slow to read is never what was written.
#[test]
fn texts_of_yamls_own_signs_are_written_and_read_again() {
    let lines = [
        "\n%",
        "\u{2028}%",
        "\u{feff}%",
        "\u{85}%",
        "\r%",
        "\n---\n",
        "\n...\nx",
        " *a &a ",
        "[{[",
    ];
    for sign in lines {
        let text = serde_json::to_string(&format!("x{}", sign.repeat(500))).unwrap();
        let file = format!(
            r#"{{"version": 1, "routes": [{{"name": "a", "utterances": [{text}], "description": {text},
                "metadata": {{"k": [{text}, {text}, {text}, {text}]}}}}]}}"#
        );
        let file = read(&file, FileFormat::Json);
        assert_eq!(read(&file.to_yaml(), FileFormat::Yaml), file, "{sign:?}");
    }
}
