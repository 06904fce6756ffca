//! `model`: files of models.

use std::path::Path;

use serde_json::Value;

use crate::support::{run, stdout};

#[test]
fn model_info_says_what_runs() {
    let output = run(&["model", "info", "--json"]);
    let info: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(info["config"]["name"], "bge-small-en-v1.5-int8");
    assert_eq!(info["config"]["hidden"], 384);
    assert_eq!(info["fingerprint"].as_str().unwrap().len(), 64);
    let text = run(&["model", "info"]);
    assert!(stdout(&text).contains(info["fingerprint"].as_str().unwrap()));
}

#[test]
fn a_model_file_is_used_in_place_of_the_built_in_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/bge-small-en-v1.5/model.safetensors");
    let of = |args: &[&str]| serde_json::from_str::<Value>(stdout(&run(args))).unwrap();
    let built_in = of(&["model", "info", "--json"]);
    let from_file = of(&["model", "info", "--json", "--model", path.to_str().unwrap()]);
    assert_eq!(built_in["fingerprint"], from_file["fingerprint"]);
    assert_eq!(built_in["origin"], "the built-in model");
    assert!(from_file["origin"].as_str().unwrap().ends_with("model.safetensors"));
}
