//! `serve` with a routes file that changes: SIGHUP and `--watch`.

use std::fs;

use serde_json::json;

use crate::support::{Folder, objects};

const FIRST: &str = "version: 1
routes:
  - {name: one, utterances: [first things first]}
";

const SECOND: &str = "version: 1
routes:
  - {name: two, utterances: [it takes two]}
";

const BAD: &str = "version: 1
routes:
  - {name: three, utterances: [three is a crowd]}
  - {name: four, utterances: []}
";

#[test]
fn sighup_reads_the_file_again_whole_or_not_at_all() {
    let folder = Folder::new();
    let file = folder.write("routes.yaml", FIRST);
    for args in [&[file.as_str()][..], &[&file, "--db", "routes.db"]] {
        folder.write("routes.yaml", FIRST);
        let service = folder.serve(args);
        assert_eq!(service.names(), ["one"]);

        service.signal("-HUP");
        service.says("says what is served");

        folder.write("routes.yaml", SECOND);
        service.signal("-HUP");
        assert!(service.says("was read again").contains("1 route, revision 2"));
        assert_eq!(service.names(), ["two"]);
        assert_eq!(service.route("it takes two")["intent"], "two");

        folder.write("routes.yaml", BAD);
        service.signal("-HUP");
        let complaint = service.says("routes.yaml");
        assert!(complaint.contains("line 4"), "{complaint}");
        assert!(complaint.contains("revision 2 is served on"), "{complaint}");
        assert_eq!(service.names(), ["two"]);

        fs::remove_file(&file).unwrap();
        service.signal("-HUP");
        service.says("cannot be read");
        assert_eq!(service.names(), ["two"]);

        // What is changed over HTTP lasts until the file is read again.
        service.post("/routes", &json!({ "name": "learned", "utterances": ["by heart"] }));
        folder.write("routes.yaml", FIRST);
        service.signal("-HUP");
        service.says("was read again");
        assert_eq!(service.names(), ["one"]);
        service.stop();
    }
    let kept = objects(&folder.run(&["routes", "--db", "routes.db", "--json"]));
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["name"], "one");
}

#[test]
fn a_watched_file_is_followed_however_it_is_written() {
    let folder = Folder::new();
    let file = folder.write("routes.yaml", FIRST);
    let service = folder.serve(&[&file, "--watch"]);
    let put = |text: &str| {
        // As editors do: a new file takes the name of the old.
        let new = folder.write("routes.yaml.new", text);
        fs::rename(new, &file).unwrap();
    };
    put(SECOND);
    service.says("revision 2");
    assert_eq!(service.names(), ["two"]);

    put(BAD);
    let complaint = service.says("line 4");
    assert!(complaint.contains("revision 2 is served on"), "{complaint}");
    assert_eq!(service.names(), ["two"]);

    folder.write("routes.yaml", FIRST);
    service.says("revision 3");
    assert_eq!(service.names(), ["one"]);

    // Touched, and the same: what was learned meanwhile stays. It was thrown away once.
    service.post("/routes", &json!({ "name": "learned", "utterances": ["by heart"] }));
    folder.write("routes.yaml", FIRST);
    std::thread::sleep(std::time::Duration::from_millis(2000));
    assert_eq!(service.names(), ["learned", "one"]);
    service.signal("-HUP");
    service.says("revision 5");
    assert_eq!(service.names(), ["one"]);

    // For a while there is none; then there is, as a link.
    fs::remove_file(&file).unwrap();
    service.says("cannot be read");
    assert_eq!(service.names(), ["one"]);
    let target = folder.write("target.yaml", SECOND);
    std::os::unix::fs::symlink(target, &file).unwrap();
    service.says("revision 6");
    assert_eq!(service.names(), ["two"]);
}

#[test]
fn a_file_that_is_merged_stays_beside_what_else_there_is() {
    let folder = Folder::new();
    let file = folder.write("routes.yaml", FIRST);
    let args = [file.as_str(), "--db", "routes.db", "--merge"];
    let service = folder.serve(&args);
    service.post("/routes", &json!({ "name": "learned", "utterances": ["by heart"] }));
    folder.write("routes.yaml", SECOND);
    service.signal("-HUP");
    service.says("was read again");
    assert_eq!(service.names(), ["learned", "one", "two"]);
}

/// It ended the service, without a clean stop.
#[test]
fn sighup_without_a_routes_file_ends_nothing() {
    let folder = Folder::new();
    let service = folder.serve(&["--db", "routes.db"]);
    service.signal("-HUP");
    service.says("no routes file");
    service.post("/routes", &json!({ "name": "greeting", "utterances": ["hello"] }));
    assert_eq!(service.names(), ["greeting"]);
    service.stop();
}
