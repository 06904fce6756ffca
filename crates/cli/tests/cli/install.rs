//! `tune --install` and `model`: which model a database decides by, and going back.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::{Folder, example, objects, printed, stderr};

/// The least there is to learn, unjudged.
const LITTLE: [&str; 9] =
    ["--steps", "1", "--layers", "1", "--folds", "0", "--threads", "2", "--force"];
const BUILT_IN: &str = "bge-small-en-v1.5-int8";
const DB: [&str; 2] = ["--db", "routes.db"];

/// A database of the example's routes, and a tuned model that was installed there.
struct Installed {
    /// The file, whole.
    bytes: Vec<u8>,
    /// What was decided before.
    before: Value,
    /// What installing it said.
    said: String,
}

impl Installed {
    /// Made once, since tuning takes its time where little is optimised.
    fn get() -> &'static Self {
        static INSTALLED: OnceLock<Installed> = OnceLock::new();
        INSTALLED.get_or_init(|| {
            let folder = Folder::new();
            printed(&folder.run(&["import", example().to_str().unwrap(), DB[0], DB[1]]));
            let before = decision(&folder, &DB);
            let said = printed(&folder.run(&[&["tune", "--install"][..], &LITTLE, &DB].concat()));
            printed(&folder.run(&["backup", "copy.db", DB[0], DB[1]]));
            Self { bytes: fs::read(folder.path("copy.db")).unwrap(), before, said }
        })
    }
}

/// A folder with such a database, and the report that lies in it.
fn installed() -> (Folder, Value) {
    let folder = Folder::new();
    folder.write(DB[1], &Installed::get().bytes);
    let report = models(&folder, &DB)[0]["report"].clone();
    (folder, report)
}

/// What is decided for a query, but for how long that took.
fn decision(folder: &Folder, place: &[&str]) -> Value {
    let args = ["route", "I was charged twice", "--json"];
    let mut decision = objects(&folder.run(&[&args[..], place].concat())).remove(0);
    decision.as_object_mut().unwrap().remove("timing");
    decision
}

fn models(folder: &Folder, place: &[&str]) -> Vec<Value> {
    objects(&folder.run(&[&["model", "list", "--json"], place].concat()))
}

fn numbers_in_use(models: &[Value]) -> Vec<(u64, bool)> {
    let row = |model: &Value| (model["number"].as_u64(), model["in_use"].as_bool());
    models.iter().map(|model| (row(model).0.unwrap(), row(model).1.unwrap())).collect()
}

#[test]
fn a_database_decides_by_what_was_installed_and_goes_back() {
    let (folder, report) = installed();
    let Installed { before, said, .. } = Installed::get();
    assert!(said.contains("`synaptoroute model use 1 --db routes.db` goes back"), "{said}");
    assert_eq!(before["model"], BUILT_IN);
    let after = decision(&folder, &DB);
    assert_eq!(after["model"], report["model"], "without a word");
    let listed = models(&folder, &DB);
    assert_eq!(numbers_in_use(&listed), [(2, true), (1, false)]);
    assert_eq!(listed[0]["fingerprint"], report["fingerprint"]);
    assert_eq!(report["verdict"], "unjudged");
    assert_eq!(listed[0]["learned"], json!({"namespace": "default", "revision": 1}));
    assert!(listed[0]["bytes"].as_u64().unwrap() > 30_000_000);
    assert!(listed[0]["at_unix_ms"].is_u64());
    assert_eq!((&listed[1]["name"], &listed[1]["bytes"]), (&BUILT_IN.into(), &Value::Null));
    let table = printed(&folder.run(&["model", "list", DB[0], DB[1]]));
    let tuned = table.lines().nth(1).unwrap();
    for words in [report["model"].as_str().unwrap(), "default, revision 1", "in use"] {
        assert!(tuned.contains(words), "no {words:?}: {table}");
    }

    let service = folder.serve(&DB);
    assert_eq!(service.get("/ready")["model"]["name"], report["model"]);
    assert_eq!(service.route("I was charged twice")["model"], report["model"]);
    service.stop();
    // What writes embeds by it too.
    printed(&folder.run(&["routes", "add", "billing", "my bill is wrong", DB[0], DB[1]]));
    printed(&folder.run(&["rollback", "1", DB[0], DB[1]]));

    let back = ["model", "use", "1", DB[0], DB[1]];
    let said = printed(&folder.run(&back));
    assert_eq!(said.trim_end(), format!("model 1, {BUILT_IN}, is in use"));
    let mut again = decision(&folder, &DB);
    again["revision"] = before["revision"].clone();
    assert_eq!(&again, before, "to the bit");
    let nothing = objects(&folder.run(&[&back[..], &["--json"]].concat()));
    assert_eq!((&nothing[0]["number"], &nothing[0]["changed"]), (&1.into(), &false.into()));
    let forth = objects(&folder.run(&["model", "use", "2", "--json", DB[0], DB[1]]));
    assert_eq!((&forth[0]["model"], &forth[0]["changed"]), (&report["model"], &true.into()));
    let mut again = decision(&folder, &DB);
    again["revision"] = after["revision"].clone();
    assert_eq!(again, after);
}

#[test]
fn a_copy_has_its_model_in_it_and_another_is_insisted_on_by_name() {
    let (folder, report) = installed();
    printed(&folder.run(&["backup", "copy.db", DB[0], DB[1]]));
    let elsewhere = Folder::new();
    fs::rename(folder.path("copy.db"), elsewhere.path("copy.db")).unwrap();
    assert_eq!(decision(&elsewhere, &["--db", "copy.db"])["model"], report["model"]);

    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/bge-small-en-v1.5/model.safetensors");
    let named = ["--model", file.to_str().unwrap()];
    // What only reads embeds nothing anew.
    let refused = folder.run(&[&["route", "I was charged twice"][..], &DB, &named].concat());
    assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("leave out --model"), "{}", stderr(&refused));
    let service = folder.serve(&[DB, named].concat());
    assert_eq!(service.route("I was charged twice")["model"], BUILT_IN);
    service.stop();
    // The tuned one's file stays.
    assert_eq!(numbers_in_use(&models(&folder, &DB)), [(2, false), (1, true)]);
    printed(&folder.run(&["model", "use", "2", DB[0], DB[1]]));
    assert_eq!(decision(&folder, &DB)["model"], report["model"]);
    // To go back by name embeds once, and is no insisting.
    let back = folder.run(&[&["model", "use", "1", "--json"][..], &DB, &named].concat());
    assert_eq!(objects(&back)[0]["changed"], true);
    assert_eq!(decision(&folder, &DB)["model"], BUILT_IN);
}

#[test]
fn a_model_is_removed_if_it_is_not_in_use() {
    let (folder, _) = installed();
    let remove = |number: &str| folder.run(&["model", "remove", number, DB[0], DB[1]]);
    let choose = |number: &str| folder.run(&["model", "use", number, DB[0], DB[1]]);
    for (refused, words) in [
        (remove("2"), "model 2 is in use"),
        (remove("7"), "no model 7"),
        (choose("7"), "no model 7"),
        (remove("18446744073709551615"), "no model"),
    ] {
        assert_eq!(refused.status.code(), Some(2), "{words}: {}", stderr(&refused));
        assert!(stderr(&refused).contains(words), "no {words:?}: {}", stderr(&refused));
    }
    printed(&choose("1"));
    assert_eq!(printed(&remove("2")).trim_end(), "model 2 is removed");
    assert_eq!(numbers_in_use(&models(&folder, &DB)), [(1, true)]);
    assert_eq!(decision(&folder, &DB)["model"], BUILT_IN);
}

#[test]
fn tuned_again_it_begins_from_the_programs_model_again() {
    let (folder, report) = installed();
    // The same routes by the same seed: had it gone on from the tuned one, it would be another.
    let out = folder.path("tuned.safetensors");
    let both = ["tune", "--install", "--out", out.to_str().unwrap()];
    let said = printed(&folder.run(&[&both[..], &LITTLE, &DB].concat()));
    assert!(said.contains("by this very model already"), "{said}");
    assert!(said.contains("written to "), "{said}");
    assert_eq!(numbers_in_use(&models(&folder, &DB)), [(2, true), (1, false)]);
    let info = objects(&folder.run(&["model", "info", "--json", "--model", both[3]]));
    assert_eq!(info[0]["fingerprint"], report["fingerprint"]);
}

#[test]
fn what_cannot_be_installed_is_said_before_any_work() {
    let folder = Folder::new();
    let routes = example();
    let routes = routes.to_str().unwrap();
    let service = folder.serve(&["--db", "routes.db", routes]);
    let process = format!("process {}", service.child.id());
    let url = ["--url", service.url.as_str()];
    // Who began to work would be at it for hours.
    let tune = ["tune", "--steps", "100000", "--force"];
    let cases: [(&[&str], i32, &[&str]); 6] = [
        (&[], 2, &["--out FILE", "--install"]),
        (&["--install", "--routes", routes], 2, &["support.yaml", "keeps no model", "--db"]),
        (&["--install", "--out", "x.safetensors", url[0], url[1]], 2, &["one of the two"]),
        (&["--install", "--db", "routes.db"], 3, &["routes.db", &process, "--url"]),
        (&["--install", "--db", "gone.db"], 3, &["gone.db", "--url"]),
        (&["--install", "--url", "http://127.0.0.1:1"], 3, &["127.0.0.1:1", "running"]),
    ];
    for (args, code, words) in cases {
        let output = folder.run(&[&tune[..], args].concat());
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", stderr(&output));
        for word in words {
            let message = stderr(&output);
            assert!(message.contains(word), "{args:?}: no {word:?}: {message}");
        }
    }
    for args in [["use", "1"], ["remove", "1"]] {
        let output = folder.run(&["model", args[0], args[1], "--db", "routes.db"]);
        assert_eq!(output.status.code(), Some(3), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(&process), "{args:?}: {}", stderr(&output));
    }
    // To look is allowed.
    assert_eq!(numbers_in_use(&models(&folder, &DB)), [(1, true)]);
}
