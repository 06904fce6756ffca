//! `import` and `export`: files of every kind, and the same content out as in.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{Folder, example, objects, printed, stderr, stdout};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../router/tests/routing/fixtures");
    folder.join(name).to_str().unwrap().to_owned()
}

/// As the Python package writes it; its vectors are nonsense, and nobody looks at them.
fn python_file(folder: &Folder) -> String {
    let path = folder.path("python.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TABLE routes (name TEXT PRIMARY KEY, threshold REAL, metadata TEXT);
         CREATE TABLE utterances (id INTEGER PRIMARY KEY, route_name TEXT, utterance TEXT,
                                  embedding BLOB);
         INSERT INTO routes VALUES ('billing', 0.7, '{\"team\": \"finance\"}'), ('other', 0.5, '{}');
         INSERT INTO utterances (route_name, utterance, embedding) VALUES
             ('billing', 'where is my bill', x'00'), ('billing', 'I was charged twice', x'01'),
             ('other', 'something else', x'02');",
    )
    .unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn files_of_every_kind_are_taken() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "served.db"]);
    let kinds = [
        (example().to_str().unwrap().to_owned(), "billing"),
        (
            folder.write(
                "own.json",
                json!({"version": 1, "routes": [
                    {"name": "greeting", "utterances": ["hello"]}
                ]})
                .to_string(),
            ),
            "greeting",
        ),
        (fixture("semantic_router_0_0.json"), "weather"),
        (fixture("semantic_router_0_1.yaml"), "refunds"),
        (fixture("semantic_router_1_1.json"), "refunds"),
        (fixture("semantic_router_1_1.yaml"), "refunds"),
        (python_file(&folder), "billing"),
    ];
    for (file, route) in &kinds {
        let reports = [["--db", "routes.db"], ["--url", &service.url]].map(|place| {
            let args = ["import", file, "--replace", "--json", place[0], place[1]];
            let report = objects(&folder.run(&args)).remove(0);
            let hash = report["content_hash"].as_str().unwrap();
            assert_eq!(hash.len(), 64, "{file}: {report}");
            let routes = printed(&folder.run(&["routes", place[0], place[1]]));
            assert!(routes.contains(route), "{file}: {routes}");
            report
        });
        assert_eq!(reports[0]["content_hash"], reports[1]["content_hash"], "{file}");
        assert_eq!(reports[0]["notes"], reports[1]["notes"], "{file}");
        let notes = reports[0]["notes"].as_array().unwrap();
        assert_eq!(!notes.is_empty(), file.contains("semantic_router"), "{file}: {notes:?}");
        let said = folder.run(&["import", file, "--replace"]);
        let said = stderr(&said);
        assert!(notes.iter().all(|note| said.contains(note.as_str().unwrap())), "{said}");
    }
    let python = objects(&folder.run(&["routes", "show", "billing", "--json"]));
    assert_eq!(python[0]["score_threshold"], 0.7);
    assert_eq!(python[0]["metadata"], json!({ "team": "finance" }));
}

#[test]
fn what_is_exported_and_imported_has_the_same_content() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "served.db"]);
    let odd = json!({"version": 1, "negatives": ["yes", "null", "- a\n\n  b: {c"],
        "settings": {"margin": 0.1, "top_k": 7},
        "routes": [{"name": "été: \"#1\"", "utterances": ["😀 \u{7f}\u{feff}x", " 'a' ", "0x10"],
            "negatives": ["~"], "threshold": 0.25, "score_threshold": -0.5, "description": "\t|>",
            "metadata": {"n": 1, "f": 1.0, "deep": [null, {"on": "off"}]}}]});
    let odd = folder.write("odd.json", odd.to_string());
    let report = objects(&folder.run(&["import", &odd, "--json", "--db", "one.db"]));
    let hash = report[0]["content_hash"].as_str().unwrap();

    let pipe = |from: &[&str], to: &[&str]| {
        let exported = folder.run(&[&["export"], from].concat());
        assert!(stderr(&exported).contains(hash), "{from:?}: {}", stderr(&exported));
        let mut child = folder
            .program()
            .args(["import", "-", "--replace", "--json"])
            .args(to)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(printed(&exported).as_bytes()).unwrap();
        let report = objects(&child.wait_with_output().unwrap());
        assert_eq!(report[0]["content_hash"], hash, "{from:?} to {to:?}");
    };
    let server = ["--url", &service.url];
    pipe(&["--db", "one.db"], &["--db", "two.db"]);
    pipe(&["--db", "two.db", "--format", "json"], &server);
    pipe(&server, &["--db", "three.db"]);

    for name in ["out.yaml", "out.json"] {
        folder.write(name, "an older file");
        printed(&folder.run(&["export", "-o", name, "--db", "three.db"]));
        let text = fs::read_to_string(folder.path(name)).unwrap();
        assert_eq!(text.starts_with('{'), name.ends_with("json"), "{text}");
        let db = format!("{name}.db");
        let report = objects(&folder.run(&["import", name, "--json", "--db", &db]));
        assert_eq!(report[0]["content_hash"], hash, "{name}");
    }
    let whole = &objects(&folder.run(&["export", "--json", server[0], server[1]]))[0];
    assert_eq!(whole["content_hash"], hash);
    assert_eq!(whole["content"]["settings"]["top_k"], 7);
}

#[test]
fn a_namespace_that_is_not_empty_asks_for_a_choice() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "served.db"]);
    let one = folder.write("one.yaml", "version: 1\nroutes: [{name: one, utterances: [x]}]\n");
    let two = folder.write("two.yaml", "version: 1\nroutes: [{name: two, utterances: [y]}]\n");
    for place in [["--db", "routes.db"], ["--url", &service.url]] {
        let import = |args: &[&str]| folder.run(&[&["import"], args, &place].concat());
        let names = || {
            let listed = objects(&folder.run(&["routes", "--json", place[0], place[1]]));
            listed.iter().map(|route| route["name"].clone()).collect::<Vec<Value>>()
        };
        assert!(printed(&import(&[&one])).contains("revision 1"));
        let refused = import(&[&two]);
        assert_eq!(refused.status.code(), Some(2));
        let message = stderr(&refused);
        assert!(message.contains("--merge") && message.contains("--replace"), "{message}");
        assert_eq!(names(), ["one"]);
        printed(&import(&[&two, "--merge"]));
        assert_eq!(names(), ["one", "two"]);
        assert!(printed(&import(&[&two, "--merge"])).contains("revision 2"), "a repeat counted");
        printed(&import(&[&two, "--replace"]));
        assert_eq!(names(), ["two"]);
    }
}

#[test]
fn a_file_that_is_no_good_changes_nothing() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "served.db"]);
    printed(&folder.run(&["routes", "add", "a", "b", "--db", "routes.db"]));
    printed(&folder.run(&["routes", "add", "a", "b", "--url", &service.url]));
    let own = folder.path("routes.db").to_str().unwrap().to_owned();
    let strange = folder.path("strange.db");
    Connection::open(&strange).unwrap().execute_batch("CREATE TABLE routes (x)").unwrap();
    let row = python_file(&folder);
    let db = Connection::open(&row).unwrap();
    db.execute("UPDATE routes SET threshold = 7 WHERE name = 'other'", []).unwrap();
    drop(db);
    let long = "x".repeat(64 * 1024 + 1);
    let bad = format!("version: 1\nroutes:\n  - name: c\n    utterances: [fine, {long}]\n");
    let bad = folder.write("bad.yaml", bad);
    let cases = [
        (bad, 2, "line 4"),
        (folder.write("half.yaml", "version: 1\nroutes:\n  - name: [\n"), 2, "line"),
        (folder.write("bytes.yaml", b"version: 1\nroutes: \xff\n"), 2, "UTF-8"),
        (folder.write("empty.yaml", ""), 2, "empty.yaml"),
        (own, 2, "synaptoroute export"),
        (strange.to_str().unwrap().to_owned(), 2, "lacks"),
        (row, 2, "row 2"),
        ("gone.yaml".to_owned(), 3, "gone.yaml"),
    ];
    for (file, code, words) in cases {
        for place in [["--db", "routes.db"], ["--url", &service.url]] {
            let output = folder.run(&["import", &file, "--replace", place[0], place[1]]);
            let message = stderr(&output);
            assert!(message.contains(words), "{file}: no {words:?}: {message}");
            assert_eq!(output.status.code(), Some(code), "{file}: {message}");
            assert_eq!(stdout(&output), "");
            let revisions = objects(&folder.run(&["revisions", "--json", place[0], place[1]]));
            assert_eq!(revisions.len(), 1, "{file}");
        }
    }
}

/// They were replaced by plain files: `-o /dev/null` took the machine's.
#[test]
fn what_is_no_plain_file_is_written_to_and_stays() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

    let folder = Folder::new();
    let routes = example();
    printed(&folder.run(&["import", routes.to_str().unwrap(), "--db", "a.db"]));
    let whole = printed(&folder.run(&["export", "--db", "a.db"]));

    let target = folder.write("real.yaml", "old");
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&target, folder.path("link.yaml")).unwrap();
    printed(&folder.run(&["export", "--db", "a.db", "-o", "link.yaml"]));
    assert!(fs::symlink_metadata(folder.path("link.yaml")).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&target).unwrap(), whole);
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);

    let fifo = folder.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::read_to_string(fifo).unwrap()
    });
    printed(&folder.run(&["export", "--db", "a.db", "-o", "fifo"]));
    assert_eq!(reader.join().unwrap(), whole);
    assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());

    for name in ["fifo", "link.yaml", "a.db-wal", "b.db-shm", "a.db.lock"] {
        let refused = folder.run(&["backup", name, "--overwrite", "--db", "a.db"]);
        assert_eq!(refused.status.code(), Some(3), "{name}: {}", stderr(&refused));
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), whole);
}
