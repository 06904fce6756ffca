//! `revisions`, `diff`, `rollback`, on a file and on a server alike.

use serde_json::json;

use crate::support::{Folder, Service, objects, printed, stderr};

/// A file, and a server of another one with the same history.
fn places() -> (Folder, Service) {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "served.db"]);
    for place in [["--db", "routes.db"], ["--url", &service.url]] {
        let steps: [&[&str]; 3] = [
            &["add", "billing", "where is my bill", "two\nlines"],
            &["add", "refund", "money back"],
            &["remove", "billing", "--utterance", "where is my bill"],
        ];
        for step in steps {
            printed(&folder.run(&[&["routes"], step, &place].concat()));
        }
    }
    (folder, service)
}

#[test]
fn history_is_listed_compared_and_gone_back_in() {
    let (folder, service) = places();
    for place in [["--db", "routes.db"], ["--url", &service.url]] {
        let run = |args: &[&str]| folder.run(&[args, &place].concat());
        let listed = objects(&run(&["revisions", "--json"]));
        let numbers: Vec<_> = listed.iter().map(|entry| entry["revision"].clone()).collect();
        assert_eq!(numbers, [3, 2, 1]);
        assert!(listed.iter().all(|e| e["at_unix_ms"].as_u64().unwrap() > 1_600_000_000_000));
        assert!(listed[1]["change"].as_str().unwrap().contains("refund"), "{listed:?}");
        assert_eq!(objects(&run(&["revisions", "--limit", "2", "--json"])), listed[..2]);
        let table = printed(&run(&["revisions"]));
        assert!(table.starts_with("revision  UTC") && table.lines().count() == 4, "{table}");

        let diff = "--- revision 1\n+++ revision 3\n@@ route billing\n-utterance: where is my bill\n\
                    @@ route refund, added\n+utterance: money back\n";
        assert_eq!(printed(&run(&["diff", "1", "3"])), diff);
        assert_eq!(printed(&run(&["diff", "1"])), diff, "up to now");
        let back = printed(&run(&["diff", "3", "0"]));
        assert!(back.contains("-utterance: two\\nlines\n"), "{back}");
        let diff = &objects(&run(&["diff", "1", "2", "--json"]))[0];
        assert_eq!(diff["routes"][0]["kind"], "added");
        assert_eq!((&diff["from"], &diff["to"]), (&json!(1), &json!(2)));
        let same = run(&["diff", "2", "2"]);
        assert!(printed(&same).is_empty() && stderr(&same).contains("hold the same"));

        let rolled = &objects(&run(&["rollback", "1", "--json"]))[0];
        assert_eq!(*rolled, json!({ "status": "success", "revision": 4 }));
        assert!(printed(&run(&["diff", "1", "4"])).is_empty());
        let twice = &objects(&run(&["rollback", "1", "--json"]))[0];
        assert_eq!(twice["revision"], 4, "a repeat made a revision");

        for unknown in [&["diff", "1", "9"][..], &["rollback", "9"]] {
            let output = run(unknown);
            assert_eq!(output.status.code(), Some(2), "{unknown:?}: {}", stderr(&output));
            assert!(stderr(&output).contains("revision 9"), "{}", stderr(&output));
        }
    }
}

#[test]
fn settings_and_cuts_are_compared_too() {
    let folder = Folder::new();
    let file = |settings: &str, cut: &str| {
        format!(
            "version: 1\nnegatives: [a joke{cut}]\nsettings: {{{settings}}}\n\
             routes: [{{name: a, utterances: [x], threshold: 0.{cut}}}]\n"
        )
    };
    printed(&folder.run(&["import", &folder.write("1.yaml", file("top_k: 4", "5"))]));
    printed(&folder.run(&[
        "import",
        "--replace",
        &folder.write("2.yaml", file("margin: 0.5", "7")),
    ]));
    let said = printed(&folder.run(&["diff", "1"]));
    let lines: Vec<&str> = said.lines().collect();
    for line in [
        "-top_k: 4",
        "+top_k: 3",
        "+margin: 0.5",
        "-threshold: 0.5",
        "+threshold: 0.7",
        "-negative: a joke5",
        "+negative: a joke7",
    ] {
        assert!(lines.contains(&line), "no {line:?}: {said}");
    }
}

#[test]
fn what_is_no_longer_kept_is_said() {
    let folder = Folder::new();
    for text in ["one", "two", "three", "four"] {
        printed(&folder.run(&["routes", "add", "a", text, "--keep-revisions", "2"]));
    }
    let output = folder.run(&["rollback", "1", "--keep-revisions", "2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("the oldest that is kept is 3"), "{}", stderr(&output));
    let service = folder.serve(&["--keep-revisions", "2"]);
    let output = folder.run(&["rollback", "1", "--url", &service.url]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("no longer kept"), "{}", stderr(&output));
    let kept = objects(&folder.run(&["revisions", "--url", &service.url, "--json"]));
    assert_eq!(kept.len(), 2, "{kept:?}");
}

#[test]
fn a_long_history_is_read_page_by_page() {
    let folder = Folder::new();
    let service = folder.serve(&[]);
    service.post("/routes", &json!({ "name": "a", "utterances": ["zero"] }));
    for number in 1..230 {
        let body = json!({ "utterance": format!("number {number}") });
        service.post("/routes/a/utterances", &body);
    }
    let of = |place: &[&str], limit: &str| {
        objects(&folder.run(&[&["revisions", "--json", "--limit", limit], place].concat()))
    };
    for limit in ["100", "201", "1000"] {
        let (file, server) = (of(&[], limit), of(&["--url", &service.url], limit));
        assert_eq!(file, server);
        assert_eq!(file.len(), limit.parse::<usize>().unwrap().min(230));
        assert_eq!(file[0]["revision"], 230);
    }
}
