//! `tune`: a model file that is better, or a word on why there is none.

use serde_json::Value;

use crate::support::{Folder, example, objects, printed, run, stderr, stdout};

#[test]
fn a_model_is_written_if_it_is_asked_for_in_spite_of_all() {
    let folder = Folder::new();
    let out = folder.path("tuned.safetensors");
    let (routes, model) = (example(), out.to_str().unwrap());
    let args = ["tune", "--routes", routes.to_str().unwrap(), "--out", model, "--steps", "1"];
    let args = [&args[..], &["--folds", "0", "--layers", "1", "--threads", "2"]].concat();

    // Nobody knows whether it is better.
    let db = ["--db", "routes.db"];
    printed(&folder.run(&["import", args[2], db[0], db[1]]));
    let both = [&["tune", "--install"], &args[3..], &db].concat();
    let refused = folder.run(&both);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    let words = "no model was written or installed: not judged";
    assert!(stderr(&refused).contains(words), "{}", stderr(&refused));
    assert!(!out.exists());
    assert_eq!(objects(&folder.run(&["model", "list", "--json", db[0], db[1]])).len(), 1);

    let output = run(&[&args[..], &["--force", "--json"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!((&report["steps"], &report["verdict"]), (&1.into(), &"unjudged".into()));
    let info = run(&["model", "info", "--json", "--model", model]);
    let info: Value = serde_json::from_str(stdout(&info)).unwrap();
    assert_eq!(info["fingerprint"], report["fingerprint"]);
    assert_eq!(info["config"]["tuned"]["parent_sha256"], report["parent"]);
    let routed = run(&["route", "--model", model, "--routes", args[2], "I forgot my password"]);
    assert!(stdout(&routed).contains("-> password_reset"), "{}", stderr(&routed));
}

#[test]
fn what_cannot_work_is_said_before_anything_takes_long() {
    let folder = Folder::new();
    let routes = example();
    let routes = routes.to_str().unwrap();
    let nowhere = folder.path("missing/tuned.safetensors");
    let output = run(&["tune", "--routes", routes, "--out", nowhere.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot be written"), "{}", stderr(&output));

    let few = folder.path("few.yaml");
    std::fs::write(&few, "version: 1\nroutes:\n  - {name: a, utterances: [one, two]}\n").unwrap();
    let out = folder.path("tuned.safetensors");
    let output = run(&["tune", "--routes", few.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("too few to learn from"), "{}", stderr(&output));
    for (flag, value) in [("--steps", "0"), ("--rate", "0"), ("--folds", "21"), ("--threads", "0")]
    {
        let output = run(&["tune", "--routes", routes, "--out", "x", flag, value]);
        assert_eq!(output.status.code(), Some(2), "{flag}: {}", stderr(&output));
    }
}
