//! `routes`: looking at routes and changing them, on a file and on a server alike.

use std::thread;

use serde_json::{Value, json};

use crate::support::{Folder, objects, printed, stderr};

#[test]
fn routes_are_made_shown_and_removed() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "served.db"]);
    let transcripts = [["--db", "routes.db"], ["--url", &service.url]].map(|place| {
        // A file is made by the first command that has something to write.
        let mut transcript = Vec::new();
        let mut step = |args: &[&str], code: i32| {
            let output = folder.run(&[&["routes"], args, &place].concat());
            assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
            transcript.push((args.join(" "), output.stdout.clone()));
            output
        };
        let text = |output| printed(&output);
        let name = "prix & délais/été 100%";
        text(step(&["add", name, "combien ça coûte", "c'est quand"], 0));
        text(step(&["add", name, "combien ça coûte", "à quel prix"], 0));
        text(step(&["add", name, "--negatives", "prix Nobel"], 0));
        text(step(&["add", "other", "x"], 0));
        let shown = text(step(&["show", name], 0));
        assert!(shown.contains("utterances  combien ça coûte\n            c'est quand"), "{shown}");
        let json = &objects(&step(&["show", name, "--json"], 0))[0];
        assert_eq!(json["utterances"], json!(["combien ça coûte", "c'est quand", "à quel prix"]));
        assert_eq!(json["negatives"], json!(["prix Nobel"]));
        let listed = text(step(&["list"], 0));
        assert_eq!(listed.lines().count(), 3, "{listed}");
        assert_eq!(objects(&step(&["--json"], 0))[1]["utterance_count"], 3);

        step(&["show", "nobody"], 2);
        step(&["add", "nobody", "--negatives", "x"], 2);
        step(&["remove", "nobody"], 2);
        step(&["remove", name, "--utterance", "never said"], 2);
        step(&["remove", "other", "--utterance", "x"], 2);
        step(&["remove", "other", "--utterance", " "], 2);

        text(step(
            &["remove", name, "--utterance", "c'est quand", "--utterance", "à quel prix"],
            0,
        ));
        text(step(&["remove", name, "--negative", "prix Nobel"], 0));
        let json = &objects(&step(&["show", name, "--json"], 0))[0];
        assert_eq!(json["utterances"], json!(["combien ça coûte"]));
        assert_eq!(json["negatives"], json!([]));
        text(step(&["remove", name], 0));
        assert_eq!(objects(&step(&["--json"], 0)).len(), 1);
        transcript
    });
    let [file, server] = transcripts;
    for (file, server) in file.iter().zip(&server) {
        let words = |(args, said): &(String, Vec<u8>)| {
            format!("{args}\n{}", String::from_utf8(said.clone()).unwrap())
        };
        assert_eq!(words(file), words(server));
    }
}

/// Several people who all find no route of that name: none of them loses what he said.
#[test]
fn whoever_makes_a_route_at_the_same_time_loses_nothing() {
    let folder = Folder::new();
    let service = folder.serve(&[]);
    thread::scope(|scope| {
        for number in 0..4 {
            let (folder, url) = (&folder, &service.url);
            scope.spawn(move || {
                for route in ["a", "b", "c"] {
                    let text = format!("{route} of {number}");
                    printed(&folder.run(&["routes", "add", route, &text, "--url", url]));
                }
            });
        }
    });
    for route in ["a", "b", "c"] {
        let route: Value = service.get(&format!("/routes/{route}"));
        assert_eq!(route["utterances"].as_array().unwrap().len(), 4, "{route}");
    }
}
