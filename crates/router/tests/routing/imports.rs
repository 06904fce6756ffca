//! Files of the Python library `semantic-router`, and what is told about them.

use std::path::Path;

use serde_json::json;
use synaptoroute_router::{FileError, FileFormat, Imported, RoutesFile};

macro_rules! fixture {
    ($name:literal) => {
        import($name, include_str!(concat!("fixtures/", $name)))
    };
}

#[track_caller]
fn import(name: &str, text: &str) -> Imported {
    let format = FileFormat::of(Path::new(name));
    RoutesFile::import(text, format).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// From JSON, without any notes on what is left out.
#[track_caller]
fn own(json: &serde_json::Value) -> RoutesFile {
    RoutesFile::parse(&json.to_string(), FileFormat::Json).unwrap()
}

fn notes(json: &serde_json::Value) -> Vec<String> {
    RoutesFile::import(&json.to_string(), FileFormat::Json).unwrap().notes
}

#[track_caller]
fn refused(json: &serde_json::Value) -> FileError {
    RoutesFile::import(&json.to_string(), FileFormat::Json).unwrap_err()
}

#[test]
fn the_first_files() {
    let imported = fixture!("semantic_router_0_0.json");
    let same = own(&json!({"version": 1, "routes": [
        {"name": "weather", "description": "Forecasts",
         "utterances": ["is it raining in Lyon", "how warm will it be tomorrow"]},
        {"name": "clock", "utterances": ["what time is it in Tōkyō", "tell me the time 🕐"]},
    ]}));
    assert_eq!(imported.file, same);
    assert_eq!(
        imported.notes,
        [
            "left out `encoder_type`, `encoder_name`: encoding, search and calibration are this \
             router's own",
            "left out `function_schema` of \"clock\": a decision names the route and calls nothing",
            "left out `llm` of \"clock\": a decision names the route and calls nothing",
        ]
    );
}

#[test]
fn files_of_0_x() {
    let metadata = json!({"team": "finance", "tier": 2, "weight": 1e-07,
        "tags": ["no", "2024-05-01", "1.0", null, true]});
    let same = own(&json!({"version": 1, "routes": [
        {"name": "billing", "score_threshold": 0.42, "metadata": metadata,
         "description": "Invoices, charges, payments",
         "utterances": ["where is my bill", "I was charged twice for a subscription that I \
             cancelled in March, and nobody answers my letters", "no", "Où est ma facture ?",
             "charge: twice # really", "two\nlines\n"]},
        {"name": "refunds", "score_threshold": 0.3, "metadata": metadata,
         "utterances": ["give me my money back", "I want a refund 💸", "  leading blanks", "12"]},
        {"name": "orders", "utterances": ["where is my parcel"]},
    ]}));
    let notes = [
        "left out `function_schemas` of \"orders\": a decision names the route and calls nothing",
        "left out `llm` of \"orders\": a decision names the route and calls nothing",
        "`score_threshold` of \"billing\", \"refunds\" was chosen for similarities of the encoder \
         \"text-embedding-3-small\" and is a cut on this one's: check it, or take it away",
        "left out 1 repeated utterance(s) of \"orders\"",
    ];
    for imported in [fixture!("semantic_router_0_1.yaml"), fixture!("semantic_router_0_1.json")] {
        assert_eq!(imported.file, same);
        assert_eq!(imported.notes[1..], notes);
    }
}

#[test]
fn files_of_1_x() {
    let imported = fixture!("semantic_router_1_1.yaml");
    let same = own(&json!({"version": 1, "routes": [
        {"name": "billing", "threshold": 0.8, "metadata": {"team": "finance"},
         "description": "Invoices, charges, payments",
         "utterances": ["where is my bill", "Où est ma facture ?"]},
        {"name": "refunds", "threshold": 0.5,
         "utterances": ["give me my money back", "I want a refund 💸"]},
    ]}));
    assert_eq!(imported.file, same);
    assert_eq!(
        imported.notes,
        [
            "left out `encoder`, `alpha`, `top_k`, `aggregation`, `index`, `calibrator`: \
             encoding, search and calibration are this router's own",
            "`confidence_threshold` of the file, 0.5, became the `threshold` of \"refunds\"",
        ]
    );
}

#[test]
fn files_of_1_x_for_a_decision_model() {
    let imported = fixture!("semantic_router_1_1.json");
    let [billing, refunds] = &imported.file.routes[..] else { panic!("two routes") };
    assert_eq!(billing.threshold.map(|cut| cut.get()), Some(0.8));
    assert_eq!(refunds.threshold, None);
    assert_eq!(refunds.description.as_deref(), Some("The customer wants money back"));
    let [left_out, decision] = &imported.notes[..] else { panic!("{:?}", imported.notes) };
    assert!(left_out.starts_with("left out `model`, `instructions`:"), "{left_out}");
    assert!(decision.contains("here the utterances decide"), "{decision}");
}

#[test]
fn a_file_of_our_own_is_taken_whole() {
    for (text, format) in [
        ("version: 1\nroutes: [{name: a, utterances: [b], threshold: 0.5}]", FileFormat::Yaml),
        (r#"{"routes": [{"name": "a", "utterances": ["b"]}], "version": 1}"#, FileFormat::Json),
    ] {
        let imported = RoutesFile::import_bytes(text.as_bytes(), format).unwrap();
        assert_eq!(imported.file, RoutesFile::parse(text, format).unwrap());
        assert!(imported.notes.is_empty());
    }
}

#[test]
fn what_has_no_place_is_told() {
    let route = json!({"name": "a", "utterances": ["b"]});
    for (what, file, said) in [
        (
            "confidence without a calibrator",
            json!({"router_type": "indexed", "calibrator": null,
                "routes": [{"name": "a", "utterances": ["b"], "confidence_threshold": 0.5}]}),
            &["uncalibrated"][..],
        ),
        (
            "a cut for all, without a calibrator",
            json!({"confidence_threshold": 0.25, "routes": [route]}),
            &["0.25, became the `threshold` of \"a\"", "uncalibrated"],
        ),
        (
            "unknown keys",
            json!({"colour": 1, "shape": [], "routes": [
                {"name": "a", "utterances": ["b"], "size": 5, "form": null, "kind": ""}]}),
            &["left out `colour`: not known here", "left out `size` of \"a\": not known here"],
        ),
        (
            "many routes",
            json!({"routes": (0..9).map(|i| json!({"name": format!("r{i}"), "utterances": ["b"],
                "llm": {"class": "x"}})).collect::<Vec<_>>()}),
            &["`llm` of \"r0\", \"r1\", \"r2\" and 6 more:"],
        ),
        (
            "a cut for another encoder",
            json!({"routes": [{"name": "a", "utterances": ["b"], "score_threshold": 0.5}]}),
            &["similarities of another encoder"],
        ),
        ("nothing but routes", json!({"routes": [route]}), &[]),
        (
            "null and empty",
            json!({"encoder_type": null, "confidence_threshold": null, "router_type": null,
                "routes": [{"name": "a", "utterances": ["b"], "function_schemas": [],
                "llm": null, "metadata": null, "score_threshold": null, "description": null}]}),
            &[],
        ),
    ] {
        let notes = notes(&file);
        assert_eq!(notes.len(), said.len(), "{what}: {notes:?}");
        for (note, said) in notes.iter().zip(said) {
            assert!(note.contains(said), "{what}: {notes:?}");
        }
    }
}

#[test]
fn a_bad_value_is_named_with_field_and_line() {
    let many = "    - x\n".repeat(500);
    for (what, route, words) in [
        (
            "blank utterance far down",
            format!("name: b\n  utterances:\n{many}    - ' '"),
            &["routes[1].utterances[500]", "blank", "line 507"][..],
        ),
        (
            "score_threshold",
            "name: b\n  score_threshold: 1.5\n  utterances: [x]".into(),
            &["routes[1].score_threshold", "between -1 and 1", "line 6"],
        ),
        (
            "confidence_threshold",
            "name: b\n  confidence_threshold: -0.5\n  utterances: [x]".into(),
            &["routes[1].confidence_threshold", "between 0 and 1", "line 6"],
        ),
        ("name", "name: ' b'".into(), &["routes[1].name", "white space", "line 5"]),
        ("no name", "utterances: [x]".into(), &["routes[1]", "`name`", "line 5"]),
        ("null name", "name: null".into(), &["routes[1]", "`name`", "line 5"]),
        ("name twice", "name: b\n  name: b".into(), &["routes[1]", "duplicate", "line 5"]),
        (
            "a name twice",
            "name: a\n  utterances: [x]".into(),
            &["routes[1]", "two routes", "line 5"],
        ),
        ("no utterances", "name: b".into(), &["routes[1]", "\"b\" has no utterances", "line 5"]),
        ("empty", "name: b\n  utterances: []".into(), &["\"b\" has no utterances", "line 5"]),
        ("null", "name: b\n  utterances: null".into(), &["\"b\" has no utterances", "line 5"]),
        ("metadata", "name: b\n  metadata: 5".into(), &["routes[1].metadata", "map", "line 6"]),
        ("ours", "name: b\n  negatives: [x]".into(), &["routes[1]", "`version: 1`", "line 5"]),
        ("ours", "name: b\n  threshold: 0.5".into(), &["routes[1]", "`version: 1`", "line 5"]),
        ("a word", "b".into(), &["routes[1]", "a route", "line 5"]),
    ] {
        let file = format!("encoder_type: x\nroutes:\n- name: a\n  utterances: [x]\n- {route}\n");
        let error = RoutesFile::import(&file, FileFormat::Yaml).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{what}: no {word:?} in {error:?}");
        }
    }
    for (what, file, words) in [
        (
            "a blank utterance",
            "{\"routes\": [\n{\"name\": \"a\", \"utterances\": [\"x\",\n\"\"]}]}",
            &["routes[0].utterances[1]", "blank", "line 3"][..],
        ),
        (
            "a number for an utterance",
            "{\"routes\": [\n{\"name\": \"a\", \"utterances\": [\"x\",\n5]}]}",
            &["routes[0].utterances[1]", "string", "line 3"],
        ),
        ("not closed", "{\"encoder_type\": \"x\",\n\"routes\": [", &["EOF", "line 2"]),
        ("no list", "{\"encoder_type\": \"x\",\n\"routes\": {}}", &["routes", "list", "line 2"]),
        ("cut", "{\"routes\": [],\n\"confidence_threshold\": 2}", &["between 0 and 1", "line 2"]),
        ("ours", "{\"routes\": [],\n\"settings\": {}}", &["`version: 1`", "line 2"]),
    ] {
        let error = RoutesFile::import(file, FileFormat::Json).unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{what}: no {word:?} in {error:?}");
        }
    }
}

#[test]
fn what_is_neither() {
    for (what, json) in [
        ("empty", json!({})),
        ("something else", json!({"name": "a", "utterances": ["b"]})),
        ("an encoder alone", json!({"encoder_type": "openai"})),
    ] {
        let error = refused(&json);
        assert!(matches!(error, FileError::Unknown), "{what}: {error}");
        assert!(error.to_string().contains("`version: 1`"), "{what}: {error}");
    }
    let remote = json!({"router_type": "indexed", "index": {"type": "pinecone"}});
    assert!(matches!(refused(&remote), FileError::RoutesElsewhere));
    let chain = json!({"router_type": "chain", "routers": [{"router_type": "indexed"}]});
    assert!(matches!(refused(&chain), FileError::SeveralRouters));
    let list = refused(&json!([{"name": "a", "utterances": ["b"]}])).to_string();
    assert!(list.contains("a map with version and routes"), "{list}");
}
