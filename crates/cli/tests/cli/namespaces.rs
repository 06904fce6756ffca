//! `namespaces` and `--namespace`, on a file and on a server alike.

use serde_json::json;

use crate::support::{Folder, objects, printed, stderr};

#[test]
fn namespaces_are_made_used_and_deleted() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "served.db"]);
    for place in [["--db", "routes.db"], ["--url", &service.url]] {
        let run = |args: &[&str]| folder.run(&[args, &place].concat());
        printed(&run(&["namespaces", "create", "équipe a/b"]));
        printed(&run(&["namespaces", "create", "équipe a/b"]));
        printed(&run(&["routes", "add", "there", "over there", "--namespace", "équipe a/b"]));
        printed(&run(&["routes", "add", "here", "right here"]));
        let there = printed(&run(&["routes", "--namespace", "équipe a/b"]));
        assert!(there.contains("\nthere") && !there.contains("\nhere"), "{there}");
        let decision =
            &objects(&run(&["route", "right here", "--json", "--namespace", "équipe a/b"]))[0];
        assert_eq!(decision["candidates"].as_array().unwrap().len(), 1);
        assert_eq!(decision["candidates"][0]["route"], "there");

        let listed = objects(&run(&["namespaces", "--json"]));
        let one =
            |name: &str| json!({ "name": name, "route_count": 1, "text_count": 1, "revision": 1 });
        assert_eq!(listed, [one("default"), one("équipe a/b")]);
        let table = printed(&run(&["namespaces", "list"]));
        assert_eq!(table.lines().count(), 3, "{table}");

        printed(&run(&["namespaces", "delete", "équipe a/b"]));
        let refused: [&[&str]; 5] = [
            &["namespaces", "delete", "équipe a/b"],
            &["namespaces", "delete", "default"],
            &["routes", "--namespace", "équipe a/b"],
            &["route", "x", "--namespace", "équipe a/b"],
            &["revisions", "--namespace", "équipe a/b"],
        ];
        for args in refused {
            let output = run(args);
            assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
            assert!(!stderr(&output).is_empty());
        }
    }
}
