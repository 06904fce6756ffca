//! `serve` with a routes file that changes: SIGHUP and `--watch`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::{Folder, objects, printed};

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

/// It ended a service that was still encoding its routes: seconds, with a thousand.
#[test]
fn sighup_while_it_starts_ends_nothing() {
    let folder = Folder::new();
    let texts: Vec<String> = (0..400).map(|number| format!("text number {number}")).collect();
    let routes = json!({ "version": 1, "routes": [{ "name": "long", "utterances": texts }] });
    let file = folder.write("routes.json", routes.to_string());
    // Its port is taken before its routes are read. Nobody else takes this one meanwhile, most
    // likely.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = folder.program();
    command.args(["serve", "--listen", &free.to_string(), &file]);
    let mut service = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    while TcpStream::connect(free).is_err() {
        assert!(service.try_wait().unwrap().is_none(), "it did not start");
        thread::sleep(Duration::from_millis(1));
    }
    let id = service.id().to_string();
    let signal = |name: &str| {
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    };
    signal("-HUP");
    let mut url = String::new();
    BufReader::new(service.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    assert!(url.starts_with("http://"), "{url:?}");
    signal("-TERM");
    assert!(service.wait().unwrap().success());
}

/// A key was taken away, and all that had been taught over HTTP was gone.
#[test]
fn a_sighup_for_the_keys_leaves_a_routes_file_that_is_as_it_was() {
    let folder = Folder::new();
    let file = folder.write("routes.yaml", FIRST);
    let make = ["key", "--name", "a", "--role", "admin", "--append", "keys.yaml"];
    let key = printed(&folder.run(&make)).trim().to_owned();
    let service = folder.serve(&[&file, "--keys", "keys.yaml"]);
    let add = ["routes", "add", "learned", "by heart", "--url", &service.url, "--api-key", &key];
    printed(&folder.run(&add));
    service.signal("-HUP");
    service.says("as it was");
    let list = ["routes", "--json", "--url", &service.url, "--api-key", &key];
    assert_eq!(objects(&folder.run(&list)).len(), 2);

    folder.write("routes.yaml", SECOND);
    service.signal("-HUP");
    service.says("1 route, revision 3");
    assert_eq!(objects(&folder.run(&list)).len(), 1);
}
