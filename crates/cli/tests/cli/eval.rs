//! `eval`: a report, from a file of routes, a database or a server alike.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Folder, example, objects, printed, program, run, stderr, stdout};

fn samples() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/support-samples.jsonl");
    path.to_str().unwrap().to_owned()
}

/// On the example's routes.
fn eval(args: &[&str]) -> std::process::Output {
    let routes = example();
    run(&[&["eval", "--routes", routes.to_str().unwrap()], args].concat())
}

#[test]
fn the_example_is_evaluated_for_people() {
    let samples = samples();
    let text = printed(&eval(&[&samples]));
    for word in ["29 samples", "11 texts of no route", "accuracy", "95 % interval", "AUROC", "ECE"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(text.contains("worst routes") && text.contains("went to"), "{text}");
    assert!(text.contains(", not none"), "an error is explained: {text}");
    assert!(!text.contains('\u{1b}'), "no colours where nobody sees them: {text}");
    let few = printed(&eval(&[&samples, "--top", "1"]));
    assert!(few.contains("1 of them") && few.lines().count() < text.lines().count(), "{few}");
    let none = printed(&eval(&[&samples, "--top", "0"]));
    assert!(none.contains("accuracy") && !none.contains(", not "), "{none}");
}

#[test]
fn a_file_a_database_and_a_server_report_alike() {
    let folder = Folder::new();
    let (routes, samples) = (example(), samples());
    printed(&folder.run(&["import", routes.to_str().unwrap()]));
    // A file is fitted when it is read; the database, and then the server, when it is said.
    printed(&folder.run(&["fit"]));
    let service = folder.serve(&["--db", "synaptoroute.db"]);
    let places = [
        ["--routes", routes.to_str().unwrap()],
        ["--db", "synaptoroute.db"],
        ["--url", &service.url],
    ];
    let twice = fs::read_to_string(&samples).unwrap().repeat(2);
    let twice = folder.write("twice.jsonl", twice);
    for rest in
        [&["--json", &twice][..], &["--cross-validate=3", "--json"], &["--cross-validate", &twice]]
    {
        let reports =
            places.map(|place| printed(&folder.run(&[&["eval"], &place[..], rest].concat())));
        assert_eq!(reports[0], reports[1], "{rest:?}");
        assert_eq!(reports[0], reports[2], "{rest:?}");
    }
    let report = objects(&folder.run(&["eval", "--json", &twice])).remove(0);
    assert_eq!(report["counts"], json!({"in_scope": 29, "out_of_scope": 11, "duplicates": 40}));
    let texts = folder.run(&["eval", "--cross-validate=3", "--json"]);
    let report = objects(&texts).remove(0);
    // The utterances, and the common negatives.
    assert_eq!(report["counts"], json!({"in_scope": 45, "out_of_scope": 3, "duplicates": 0}));
    assert_eq!(report["folds"], 3);
}

#[test]
fn csv_and_standard_input_are_taken_too() {
    let folder = Folder::new();
    let rows = "id,text,intent\n1,where is my parcel,order_status\n2,\"bread, please\",oos\n";
    let file = folder.write("samples.csv", rows);
    let from_file = printed(&eval(&["--json", &file]));
    let lines = "{\"text\": \"where is my parcel\", \"intent\": \"order_status\"}\n\
                 {\"text\": \"bread, please\"}\n";
    for piped in [rows, lines] {
        let mut child = program()
            .args(["eval", "-", "--json", "--routes", example().to_str().unwrap()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(piped.as_bytes()).unwrap();
        assert_eq!(printed(&child.wait_with_output().unwrap()), from_file);
    }
}

#[test]
fn what_falls_short_is_exit_code_1_and_said() {
    let samples = samples();
    let report = objects(&eval(&[&samples, "--json"])).remove(0);
    let accuracy = report["accuracy"]["value"].as_f64().unwrap();
    assert!(accuracy > 0.5 && accuracy < 1.0, "{accuracy}");
    // What is reached to the bit is reached.
    let exact = format!("accuracy={accuracy}");
    let cases: [(&[&str], i32, &[&str]); 7] = [
        (&["--fail-under", &exact, "--fail-under", "ece=0.9,fpr95=1"], 0, &[]),
        (&["--fail-under", "accuracy=0.999"], 1, &["accuracy is", "at least 0.999"]),
        (
            &["--fail-under", "ece=0.001", "--fail-under", "f1=1", "--fail-under", "coverage=0.1"],
            1,
            &["ece is", "at most 0.001", "f1 is", "at least 1"],
        ),
        (&["--cross-validate", "--fail-under", "auroc=0.9999"], 1, &["auroc"]),
        (&["--fail-under", "accurracy=0.9"], 2, &["accurracy", "fpr95"]),
        (&["--fail-under", "accuracy=95"], 2, &["between 0 and 1"]),
        (&["--fail-under", "accuracy"], 2, &["METRIC=NUMBER"]),
    ];
    let mut wrong = Vec::new();
    for (args, code, words) in cases {
        let output = eval(&[&[&*samples], args].concat());
        let message = stderr(&output);
        if output.status.code() != Some(code) || !words.iter().all(|word| message.contains(word)) {
            wrong.push(format!("{args:?}: {:?}, {message}", output.status.code()));
        }
        assert!(code == 2 || stdout(&output).contains("accuracy"), "the report is printed anyway");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let folder = Folder::new();
    let foreign = folder.write("foreign.jsonl", r#"{"text": "how far is the moon"}"#);
    let output = eval(&[&foreign, "--fail-under", "accuracy=0,auroc=0"]);
    assert_eq!(output.status.code(), Some(1), "what cannot be told is not reached");
    assert!(stderr(&output).contains("accuracy cannot be told"), "{}", stderr(&output));
}

#[test]
fn mistakes_are_said_with_their_place() {
    let folder = Folder::new();
    let samples = samples();
    let typo =
        folder.write("typo.jsonl", "{\"text\": \"a\"}\n{\"text\": \"b\", \"intent\": \"biling\"}");
    let broken = folder.write("broken.csv", "text,intent\na,b,c\n");
    let routes = example();
    let single = folder.write("single.yaml", "version: 1\nroutes: [{name: a, utterances: [b]}]");
    let cases: [(&[&str], i32, &[&str]); 8] = [
        (&["eval"], 2, &["FILE"]),
        (&["eval", "gone.jsonl"], 3, &["gone.jsonl", "read"]),
        (&["eval", &broken], 2, &["broken.csv", "line 2", "3 cells"]),
        (
            &["eval", &typo, "--routes", routes.to_str().unwrap()],
            2,
            &["typo.jsonl", "\"biling\" (line 2)"],
        ),
        (&["eval", &samples, "--compare", &broken], 2, &["broken.csv", "eval --json"]),
        (&["eval", "--cross-validate=1"], 2, &["between 2 and 20"]),
        (&["eval", "--cross-validate", "--routes", &single], 2, &["two utterances"]),
        (&["eval", &samples, "--db", "gone.db"], 3, &["gone.db"]),
    ];
    let mut wrong = Vec::new();
    for (args, code, words) in cases {
        let output = folder.run(args);
        let message = stderr(&output);
        if output.status.code() != Some(code) || !words.iter().all(|word| message.contains(word)) {
            wrong.push(format!("{args:?}: {:?}, {message}", output.status.code()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_reports_are_compared_on_their_common_samples() {
    let folder = Folder::new();
    let samples = samples();
    let before = printed(&eval(&[&samples, "--json"]));
    let before = folder.write("before.json", before);
    let same = printed(&eval(&[&samples, "--compare", &before]));
    assert!(same.contains("40 samples that both have"), "{same}");
    assert!(same.contains("every sample went where it went before"), "{same}");

    // Every route takes what it can get, and one has learned a sample by heart.
    let routes = fs::read_to_string(example()).unwrap();
    let learned = routes.replace("    utterances:\n", "    threshold: 0.01\n    utterances:\n");
    let learned = learned.replace("      - my account is locked", "      - I am locked out");
    let learned = folder.write("learned.yaml", learned);
    let args = ["eval", "--routes", &learned, &samples, "--compare", &before];
    let text = printed(&folder.run(&args));
    assert!(text.contains("broken") && text.contains("mended"), "{text}");
    let both = objects(&folder.run(&[&args[..], &["--json"]].concat()));
    assert_eq!(both.len(), 2, "the report, and what changed");
    let changes = &both[1];
    assert_eq!(changes["common"], 40);
    let accuracy = &changes["accuracy"];
    assert_eq!(accuracy["after"], both[0]["accuracy"]["value"]);
    assert!(accuracy["low"].as_f64().unwrap() < accuracy["difference"].as_f64().unwrap());
    let foreign = &changes["out_of_scope_accepted"];
    assert!(foreign["difference"].as_f64().unwrap() > 0.0, "{foreign}");
    assert!(changes["changed"].as_array().unwrap().len() >= 2, "one broken, one mended");
    // What was printed with a comparison is a report all the same.
    let lines = folder.write("both.json", format!("{}\n{}\n", both[0], both[1]));
    let again =
        printed(&folder.run(&["eval", "--routes", &learned, &samples, "--compare", &lines]));
    assert!(again.contains("every sample went"), "{again}");
}

#[test]
fn the_page_stands_by_itself_and_escapes_what_is_not_its_own() {
    let folder = Folder::new();
    let routes = folder.write(
        "routes.yaml",
        "version: 1\nroutes:\n  - {name: '<b>bold</b>', utterances: ['<script>alert(1)</script>', 'x']}\n  \
         - {name: '\"&amp;', utterances: ['where is my bill']}\n",
    );
    let samples = folder.write(
        "samples.jsonl",
        [
            json!({"text": "<script>alert(1)</script> my bill", "intent": "\"&amp;"}),
            json!({"text": "<img src=https://example.com/x onerror=alert(1)>", "intent": "<b>bold</b>"}),
            json!({"text": "where is my bill </style><script>", "intent": null}),
        ]
        .map(|sample: Value| sample.to_string())
        .join("\n"),
    );
    let before = printed(&folder.run(&["eval", "--json", &samples, "--routes", &routes]));
    let before = folder.write("before.json", before);
    let args = ["eval", &samples, "--routes", &routes, "--html", "page.html", "--compare", &before];
    printed(&folder.run(&args));
    let page = fs::read_to_string(folder.path("page.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    assert!(page.contains("where is my bill &lt;/style&gt;&lt;script&gt;"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    for tag in ["<script", "<img", "<b>", "<link", "<iframe", "@import", "url("] {
        assert!(!page.contains(tag), "{tag}: {page}");
    }
    // The one address in it is a sample's words.
    let attributes = ["src=\"", "href=\"", "http://", "xmlns"];
    assert!(attributes.iter().all(|word| !page.contains(word)), "{page}");
    assert_eq!(page.matches("https://").count(), page.matches("&lt;img src=https://").count());
    assert_eq!(page.matches("<svg").count(), 3, "{page}");
    assert!(page.matches("<circle").count() >= 2, "points of the reliability: {page}");
    for part in ["prefers-color-scheme: dark", "Content-Security-Policy", "What changed"] {
        assert!(page.contains(part), "{part}");
    }
}
