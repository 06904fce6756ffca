//! `serve` with a database: what is kept, how it is filled, who may have it.

use serde_json::json;

use crate::support::{Folder, example, objects, printed, stderr};

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "routes.db"]);
    service.post("/routes", &json!({ "name": "greeting", "utterances": ["hello"] }));
    let mut revision = 0;
    for number in 0..20 {
        let text = format!("hello there, number {number}");
        let answer = service.post("/routes/greeting/utterances", &json!({ "utterance": text }));
        revision = answer["revision"].as_u64().unwrap();
    }
    service.kill();

    let service = folder.serve(&["--db", "routes.db"]);
    let route = service.get("/routes/greeting");
    assert_eq!(route["utterances"].as_array().unwrap().len(), 21);
    assert_eq!(route["utterances"][20], "hello there, number 19");
    assert_eq!(route["revision"], revision);
    assert_eq!(service.route("hello there, number 7")["intent"], "greeting");
}

#[test]
fn without_a_word_the_default_database_is_served() {
    let folder = Folder::new();
    let service = folder.serve(&[]);
    assert_eq!(service.route("hello there")["reason"], "no_routes");
    service.post("/routes", &json!({ "name": "greeting", "utterances": ["hello", "hi there"] }));
    assert_eq!(service.route("hello there")["intent"], "greeting");
    let path = folder.path("synaptoroute.db").canonicalize().unwrap();
    let notes = service.stop();
    assert!(notes.contains(path.to_str().unwrap()), "where state is kept is not said: {notes}");
    assert!(folder.serve(&["--durability", "relaxed"]).says("serving 1 route").contains("power"));
}

#[test]
fn a_database_is_filled_when_it_is_empty_and_else_as_one_says() {
    let folder = Folder::new();
    let first = folder.write("first.yaml", FIRST);
    let second = folder.write("second.yaml", SECOND);
    let names = |args: &[&str]| {
        let service = folder.serve(args);
        let names = service.names();
        service.stop();
        names
    };
    assert_eq!(names(&["--db", "routes.db", &first]), ["one", "two"]);

    let refused = folder.run(&["serve", "--listen", "127.0.0.1:0", "--db", "routes.db", &second]);
    assert_eq!(refused.status.code(), Some(2));
    let message = stderr(&refused);
    for words in ["\"default\"", "2 routes", "--merge", "--replace"] {
        assert!(message.contains(words), "no {words:?}: {message}");
    }
    let both = folder.run(&["serve", "--db", "routes.db", &second, "--merge", "--replace"]);
    assert_eq!(both.status.code(), Some(2));
    assert_eq!(names(&["--db", "routes.db"]), ["one", "two"], "a refused file was taken");

    assert_eq!(names(&["--db", "routes.db", &second, "--merge"]), ["one", "three", "two"]);
    assert_eq!(names(&["--db", "routes.db", &second, "--replace"]), ["three", "two"]);
    // A restart with the file as it was changes nothing.
    for mode in ["--replace", "--merge"] {
        assert_eq!(names(&["--db", "routes.db", &second, mode]), ["three", "two"]);
    }
    let revisions = objects(&folder.run(&["revisions", "--db", "routes.db", "--json"]));
    assert_eq!(revisions.len(), 3, "{revisions:?}");

    // Another namespace is another matter.
    let args = ["--db", "routes.db", &first, "--namespace", "other"];
    assert_eq!(names(&args), ["three", "two"]);
    let other = folder.run(&["routes", "--db", "routes.db", "--namespace", "other"]);
    assert!(printed(&other).contains("one"), "{other:?}");
}

const FIRST: &str = "version: 1
routes:
  - {name: one, utterances: [first things first]}
  - {name: two, utterances: [it takes two]}
";

const SECOND: &str = "version: 1
routes:
  - {name: two, utterances: [two of a kind]}
  - {name: three, utterances: [three is a crowd]}
";

#[test]
fn a_database_has_one_writer_and_any_number_of_readers() {
    let folder = Folder::new();
    let routes = example();
    let service = folder.serve(&["--db", "routes.db", routes.to_str().unwrap()]);
    let process = format!("process {}", service.child.id());
    let writers: [&[&str]; 4] = [
        &["serve", "--listen", "127.0.0.1:0"],
        &["routes", "add", "greeting", "hello"],
        &["import", routes.to_str().unwrap(), "--replace"],
        &["rollback", "1"],
    ];
    for writer in writers {
        let output = folder.run(&[writer, &["--db", "routes.db"]].concat());
        assert_eq!(output.status.code(), Some(3), "{writer:?}");
        let message = stderr(&output);
        for words in ["routes.db", &process, "--url"] {
            assert!(message.contains(words), "{writer:?}: no {words:?}: {message}");
        }
    }
    let readers: [(&[&str], &str); 6] = [
        (&["route", "I was charged twice"], "-> billing"),
        (&["routes"], "password_reset"),
        (&["namespaces"], "default"),
        (&["export"], "version: 1"),
        (&["revisions"], "import"),
        (&["diff", "0"], "+utterance: where is my bill"),
    ];
    for (reader, words) in readers {
        let said = printed(&folder.run(&[reader, &["--db", "routes.db"]].concat()));
        assert!(said.contains(words), "{reader:?}: {said}");
    }
    // They see what was acknowledged before they began.
    service.post("/routes", &json!({ "name": "greeting", "utterances": ["hello there"] }));
    let said = printed(&folder.run(&["route", "--db", "routes.db", "hello there"]));
    assert!(said.contains("-> greeting"), "{said}");
}

/// A start on a port that was taken filled the database, and the next one, on another port, was
/// refused because it was no longer empty.
#[test]
fn a_start_that_fails_changes_no_database() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "first.db"]);
    let taken = service.url.strip_prefix("http://").unwrap();
    let routes = example();
    let second = ["serve", routes.to_str().unwrap(), "--db", "second.db", "--listen", taken];
    let refused = folder.run(&second);
    assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("--listen"), "{}", stderr(&refused));
    assert!(!folder.path("second.db").exists());
}

/// The line to start a service with can stand in a script: it was refused the second time.
#[test]
fn a_start_can_be_repeated_with_the_file_as_it_was() {
    let folder = Folder::new();
    let routes = example();
    let args = ["--db", "routes.db", routes.to_str().unwrap()];
    for _ in 0..2 {
        let service = folder.serve(&args);
        assert_eq!(service.get("/ready")["revision"], 1);
        service.stop();
    }
    printed(&folder.run(&["import", routes.to_str().unwrap(), "--db", "routes.db"]));
    assert_eq!(objects(&folder.run(&["revisions", "--db", "routes.db", "--json"])).len(), 1);
}

#[test]
fn the_line_to_try_leads_to_the_namespace_that_was_filled() {
    let folder = Folder::new();
    let routes = example();
    let service =
        folder.serve(&["--db", "routes.db", "--namespace", "a team", routes.to_str().unwrap()]);
    let line = service.says("try:");
    assert!(line.contains("/namespaces/a%20team/route"), "{line}");
}
