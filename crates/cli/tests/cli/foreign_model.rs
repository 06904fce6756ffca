//! A database whose vectors another model made: refused or embedded anew, never mixed.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Folder, example, objects, printed, stderr};

/// The built-in model under another name, and so with another fingerprint.
fn other_model(folder: &Folder) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/bge-small-en-v1.5/model.safetensors");
    let mut bytes = fs::read(path).unwrap();
    let (old, new) = (b"bge-small-en-v1.5-int8", b"bge-small-en-v1.5-copy");
    let place = bytes.windows(old.len()).position(|window| window == old).unwrap();
    bytes[place..place + new.len()].copy_from_slice(new);
    folder.write("other.safetensors", bytes)
}

#[test]
fn a_database_of_another_model_is_refused_or_embedded_anew() {
    let folder = Folder::new();
    let model = other_model(&folder);
    let other = ["--model", model.as_str()];
    let db = ["--db", "routes.db"];
    printed(&folder.run(&["import", example().to_str().unwrap(), db[0], db[1]]));
    let before = printed(&folder.run(&["export", db[0], db[1]]));

    let query = ["route", "I was charged twice", "--json"];
    let refused: [&[&str]; 3] = [
        &["serve", "--listen", "127.0.0.1:0", "--no-reembed"],
        &["routes", "add", "a", "b", "--no-reembed"],
        // What only reads embeds nothing anew.
        &query,
    ];
    for args in refused {
        let output = folder.run(&[args, &db, &other].concat());
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        let message = stderr(&output);
        for words in ["bge-small-en-v1.5-int8", "bge-small-en-v1.5-copy", "--no-reembed", "--model"]
        {
            assert!(message.contains(words), "{args:?}: no {words:?}: {message}");
        }
    }
    let mine = objects(&folder.run(&[&query[..], &db].concat()));
    assert_eq!(mine[0]["model"], "bge-small-en-v1.5-int8", "a refusal changed the file");
    // What needs no vectors needs no model.
    assert_eq!(printed(&folder.run(&["export", db[0], db[1], other[0], other[1]])), before);

    let service = folder.serve(&[db, other].concat());
    assert_eq!(service.get("/ready")["model"]["name"], "bge-small-en-v1.5-copy");
    assert_eq!(service.route("I was charged twice")["intent"], "billing");
    service.stop();
    let theirs = objects(&folder.run(&[&query[..], &db, &other].concat()));
    let without = |decision: &Value| {
        let mut decision = decision.clone();
        let fields = decision.as_object_mut().unwrap();
        ["timing", "model"].iter().for_each(|field| drop(fields.remove(*field)));
        decision
    };
    assert_eq!(without(&theirs[0]), without(&mine[0]), "the vectors are the same by both names");
    let output = folder.run(&[&query[..], &db].concat());
    assert_eq!(output.status.code(), Some(3), "the old model is now the other one");
    assert_eq!(printed(&folder.run(&["export", db[0], db[1]])), before);
    let revisions = objects(&folder.run(&["revisions", "--json", db[0], db[1]]));
    assert_eq!(revisions.len(), 1, "texts embedded anew are the same content");
}
