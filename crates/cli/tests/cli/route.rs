//! `route`: one decision a text, from a file, a database or a server alike.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Folder, example, objects, printed, program, run, stderr, stdout};

#[test]
fn route_prints_a_decision_a_text() {
    let routes = example();
    let routes = routes.to_str().unwrap();
    let output = run(&["route", "--routes", routes, "I forgot my password", "tell me a joke"]);
    assert!(output.status.success(), "none is an answer too: {}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("-> password_reset") && text.contains("-> none"), "{text}");
    assert!(!text.contains("read as"), "{text}");
    let output = run(&["route", "--routes", routes, "I forgot my pasword"]);
    let text = stdout(&output);
    assert!(text.contains("-> password_reset"), "{text}");
    assert!(text.contains("read as \"I forgot my password\""), "{text}");

    let args = ["route", "--routes", routes, "--json", "--top-k", "2", "where is my parcel"];
    let output = run(&args);
    let decision: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(decision["intent"], "order_status");
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 2);
}

#[test]
fn route_reads_one_text_a_line_from_standard_input() {
    let mut child = program()
        .args(["route", "--json", "--routes", example().to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The first answer comes while the pipe is still open; blank lines are nobody's question.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"where is my bill\n").unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut answers = String::new();
    reader.read_line(&mut answers).unwrap();
    stdin.write_all(b"\n  \ncancel my order\n").unwrap();
    drop(stdin);
    reader.read_to_string(&mut answers).unwrap();
    assert!(child.wait().unwrap().success());
    let intents: Vec<Value> = answers
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["intent"].clone())
        .collect();
    assert_eq!(intents, ["billing", "cancel_order"]);
}

#[test]
fn flags_have_twins_in_the_environment() {
    let output = program()
        .args(["route", "give me my money back"])
        .env("SYNAPTOROUTE_ROUTES", example())
        .env("SYNAPTOROUTE_JSON", "1")
        .env("SYNAPTOROUTE_ISA", "scalar")
        .output()
        .unwrap();
    let decision: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(decision["intent"], "refund");
}

/// A batch of questions answered by a file in memory, by the database it was imported into,
/// and by a server of that: the same words for people, and the same JSON but for the times.
#[test]
fn a_file_a_database_and_a_server_answer_alike() {
    let folder = Folder::new();
    let routes = example();
    let routes = routes.to_str().unwrap();
    printed(&folder.run(&["import", routes]));
    // A file is fitted when it is read; the database, and then the server, when it is said.
    printed(&folder.run(&["fit"]));
    let service = folder.serve(&["--db", "synaptoroute.db"]);
    let places = [["--routes", routes], ["--db", "synaptoroute.db"], ["--url", &service.url]];
    let texts = ["I was charged twice", "tell me a joke", "où est mon colis\t?", "a/b?c=d&e#f"];
    for top_k in [&[][..], &["--top-k", "1"]] {
        let ask = |place: &[&str], json: &[&str]| {
            folder.run(&[&["route"], place, top_k, json, &["--"], &texts].concat())
        };
        let words = places.map(|place| printed(&ask(&place, &[])));
        assert!(words[0].contains("-> billing"), "{}", words[0]);
        assert_eq!(words[0], words[1]);
        assert_eq!(words[0], words[2]);
        let mut decisions = places.map(|place| objects(&ask(&place, &["--json"])));
        for decision in decisions.iter_mut().flatten() {
            let timing = decision.as_object_mut().unwrap().remove("timing");
            assert!(timing.unwrap()["encode_us"].is_u64());
        }
        assert_eq!(decisions[0].len(), texts.len());
        assert_eq!(decisions[0], decisions[1]);
        assert_eq!(decisions[0], decisions[2]);
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&decisions[0][0]), keys(&decisions[2][0]), "another order");
    }
}

#[test]
fn the_command_line_goes_before_the_environment() {
    let folder = Folder::new();
    let routes = example();
    let routes = routes.to_str().unwrap();
    let with = |variables: &[(&str, &str)], args: &[&str]| {
        let mut program = folder.program();
        program.envs(variables.iter().copied()).arg("route").args(args).output().unwrap()
    };
    let elsewhere = ("SYNAPTOROUTE_URL", "http://127.0.0.1:1");
    let output = with(&[elsewhere], &["--routes", routes, "where is my bill"]);
    assert!(printed(&output).contains("-> billing"));
    let output = with(&[elsewhere], &["where is my bill"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("http://127.0.0.1:1"), "{}", stderr(&output));
    let output = with(&[elsewhere, ("SYNAPTOROUTE_DB", "some.db")], &["where is my bill"]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    assert!(
        message.contains("SYNAPTOROUTE_URL") && message.contains("SYNAPTOROUTE_DB"),
        "{message}"
    );
    // An empty variable names nothing.
    let output = with(&[("SYNAPTOROUTE_URL", ""), ("SYNAPTOROUTE_ROUTES", routes)], &["my bill"]);
    assert!(printed(&output).contains("-> billing"));
}
