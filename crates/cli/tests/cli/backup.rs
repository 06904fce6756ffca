//! `backup`: a whole copy, while a server writes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::support::{Folder, objects, printed, stderr};

#[test]
fn a_copy_holds_all_that_was_acknowledged_before_it() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "routes.db"]);
    service.post("/routes", &json!({ "name": "a", "utterances": ["number 0"] }));
    let (stop, acknowledged) = (AtomicBool::new(false), AtomicUsize::new(1));
    let copies = thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1.. {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                let body = json!({ "utterance": format!("number {number}") });
                service.post("/routes/a/utterances", &body);
                acknowledged.fetch_add(1, Ordering::Release);
            }
        });
        let mut copies = Vec::new();
        for round in 0..3 {
            for place in [["--db", "routes.db"], ["--url", &service.url]] {
                let name = format!("copy{round}{}.db", place[0]);
                let before = acknowledged.load(Ordering::Acquire);
                let args = ["backup", &name, "--json", place[0], place[1]];
                let report = &objects(&folder.run(&args))[0];
                let bytes = folder.path(&name).metadata().unwrap().len();
                assert_eq!(report["bytes"], bytes);
                copies.push((name, before));
            }
        }
        stop.store(true, Ordering::Release);
        copies
    });
    for (name, before) in copies {
        let db = ["--db", name.as_str()];
        let route: &Value =
            &objects(&folder.run(&["routes", "show", "a", "--json", db[0], db[1]]))[0];
        let texts = route["utterances"].as_array().unwrap();
        assert!(texts.len() >= before, "{name}: {} of {before}", texts.len());
        for (number, text) in texts.iter().enumerate() {
            assert_eq!(*text, format!("number {number}"), "{name}");
        }
        // It is a database like any other.
        let revisions =
            objects(&folder.run(&["revisions", "--json", "--limit", "1", db[0], db[1]]));
        assert_eq!(revisions[0]["revision"], texts.len());
        printed(&folder.run(&["routes", "add", "b", "now", db[0], db[1]]));
    }
}

#[test]
fn a_copy_replaces_nothing_unasked() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "served.db"]);
    printed(&folder.run(&["routes", "add", "a", "b", "--db", "routes.db"]));
    for place in [["--db", "routes.db"], ["--url", &service.url]] {
        let backup = |args: &[&str]| folder.run(&[&["backup", "copy.db"], args, &place].concat());
        folder.write("copy.db", "precious");
        let refused = backup(&[]);
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("--overwrite"), "{}", stderr(&refused));
        assert_eq!(std::fs::read_to_string(folder.path("copy.db")).unwrap(), "precious");
        printed(&backup(&["--overwrite"]));
        printed(&folder.run(&["routes", "--db", "copy.db"]));
    }
    // A database that somebody writes to is never replaced, not even by its own copy.
    for place in [["--db", "served.db"], ["--url", &service.url]] {
        let refused = folder.run(&["backup", "served.db", "--overwrite", place[0], place[1]]);
        assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
        assert!(stderr(&refused).contains("served.db is in use"), "{}", stderr(&refused));
    }
    service.post("/routes", &json!({ "name": "a", "utterances": ["still there"] }));
    let routes = printed(&folder.run(&["routes", "--db", "served.db"]));
    assert!(routes.contains("\na "), "{routes}");
    let nowhere = folder.run(&["backup", "no/such/folder.db", "--url", &service.url]);
    assert_eq!(nowhere.status.code(), Some(3));
    assert!(stderr(&nowhere).contains("no/such/folder.db"), "{}", stderr(&nowhere));
    // What was begun and not finished leaves nothing.
    let left = std::fs::read_dir(folder.path("")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}
