//! `tune --install` and `model` by a server's address: it tunes, and answers meanwhile.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Folder, Service, example, objects, printed, stderr};

/// How long something that must happen is waited for.
const PATIENCE: Duration = Duration::from_secs(120);
const BUILT_IN: &str = "bge-small-en-v1.5-int8";

/// Tuning that nobody judges, of one layer.
const TUNE: [&str; 8] = ["tune", "--install", "--layers", "1", "--folds", "0", "--force", "--json"];

fn serve(folder: &Folder) -> Service {
    folder.serve(&["--db", "routes.db", example().to_str().unwrap()])
}

#[test]
fn a_server_tunes_and_goes_back() {
    let folder = Folder::new();
    let service = serve(&folder);
    let url = ["--url", service.url.as_str()];
    let refused: [(&[&str], &str); 2] =
        [(&["--namespace", "gone", "--force"], "\"gone\""), (&["--folds", "0"], "force")];
    for (args, words) in refused {
        let output =
            folder.run(&[&["tune", "--install", "--steps", "100000"], args, &url].concat());
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
    assert_eq!(service.get("/tune")["state"], "none");

    let tuned = folder.run(&[&TUNE[..], &["--steps", "1"], &url].concat());
    let report = objects(&tuned).remove(0);
    assert_eq!((&report["steps"], &report["verdict"]), (&1.into(), &"unjudged".into()));
    assert_eq!(service.route("I was charged twice")["model"], report["model"]);
    let models = || objects(&folder.run(&[&["model", "list", "--json"][..], &url].concat()));
    let listed = models();
    assert_eq!((&listed[0]["number"], &listed[0]["in_use"]), (&2.into(), &true.into()));
    assert_eq!(listed[0]["report"], report);
    // By its file it says the same, beside the server.
    assert_eq!(objects(&folder.run(&["model", "list", "--json", "--db", "routes.db"])), listed);
    let table = printed(&folder.run(&[&["model", "list"][..], &url].concat()));
    assert!(table.contains(report["model"].as_str().unwrap()), "{table}");

    // A file could be tuned here, since the server's model was tuned from the one that is here: it is
    // the layers that are in the way.
    let to_file = ["tune", "--out", "tuned.safetensors", "--layers", "99", url[0], url[1]];
    let refused = folder.run(&to_file);
    assert!(stderr(&refused).contains("layers"), "{}", stderr(&refused));

    let choose = ["model", "use", "1", "--json", url[0], url[1]];
    let chosen = objects(&folder.run(&choose)).remove(0);
    assert_eq!((&chosen["model"], &chosen["changed"]), (&BUILT_IN.into(), &true.into()));
    assert_eq!(service.route("I was charged twice")["model"], BUILT_IN);
    assert_eq!(objects(&folder.run(&choose))[0]["changed"], false);
    let remove = |number: &str| folder.run(&["model", "remove", number, url[0], url[1]]);
    assert_eq!(remove("1").status.code(), Some(2), "it is in use");
    printed(&remove("2"));
    assert_eq!(remove("2").status.code(), Some(2), "it is gone");
    assert_eq!(models().len(), 1);
}

#[test]
fn who_stops_the_command_calls_the_tuning_off() {
    let folder = Folder::new();
    let service = serve(&folder);
    for signal in ["-INT", "-TERM"] {
        let mut command = folder.program();
        command.args(TUNE).args(["--steps", "100000", "--url", &service.url]);
        let tuning = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until(&service, |status| status["state"] == "running");
        let id = tuning.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let output = tuning.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{signal}: {}", stderr(&output));
        assert!(stderr(&output).contains("called off"), "{signal}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{signal}");
        assert_eq!(service.get("/tune")["state"], "cancelled", "{signal}");
        assert_eq!(service.route("I was charged twice")["model"], BUILT_IN);
    }
}

#[test]
fn what_becomes_of_it_elsewhere_is_said() {
    let folder = Folder::new();
    let service = serve(&folder);
    let mut command = folder.program();
    command.args(TUNE).args(["--steps", "100000", "--url", &service.url]);
    let tuning = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Before it is at something, it would be as if nobody had asked.
    until(&service, |status| status["stage"].is_string());
    let second = folder.run(&[&TUNE[..], &["--steps", "1", "--url", &service.url]].concat());
    assert_eq!(second.status.code(), Some(2), "one at a time: {}", stderr(&second));
    // Somebody else calls it off.
    ureq::delete(format!("{}/tune", service.url)).call().unwrap();
    let output = tuning.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("was called off"), "{}", stderr(&output));
}

/// Waits until the service's tuning is so far.
fn until(service: &Service, is_so_far: impl Fn(&Value) -> bool) {
    let begun = Instant::now();
    while !is_so_far(&service.get("/tune")) {
        assert!(begun.elapsed() < PATIENCE, "{}", service.get("/tune"));
        thread::sleep(Duration::from_millis(20));
    }
}
