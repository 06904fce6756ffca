//! `fit`, `route --explain`, `export --with-fit`: from a file, a database or a server alike.

use serde_json::{Value, json};

use crate::support::{Folder, Service, example, objects, printed, run, stderr};

const QUESTIONS: [&str; 3] =
    ["I was charged twice", "I can't remember my password", "how do I bake sourdough bread"];

/// A folder with the example in `synaptoroute.db`.
fn imported() -> Folder {
    let folder = Folder::new();
    printed(&folder.run(&["import", example().to_str().unwrap()]));
    folder
}

/// What is decided, without what is another's or another time's.
fn decisions(folder: &Folder, place: &[&str]) -> Vec<Value> {
    let args = [&["route", "--json", "--top-k", "8"], place, &["--"], &QUESTIONS].concat();
    let mut decisions = objects(&folder.run(&args));
    for decision in &mut decisions {
        decision.as_object_mut().unwrap().remove("timing");
        decision.as_object_mut().unwrap().remove("revision");
        decision["fit"].as_object_mut().map(|fit| fit.remove("revision"));
    }
    decisions
}

/// The numbers of a report, without those that say where it was made.
fn found(report: &Value) -> Value {
    let mut found = report.clone();
    for key in ["installed", "reason", "revision"] {
        found.as_object_mut().unwrap().remove(key);
    }
    found
}

#[test]
fn a_database_is_fitted_and_its_fits_are_listed_and_gone_back_to() {
    let folder = imported();
    let before = decisions(&folder, &[]);
    assert_eq!(before[0]["calibrated"], false);
    let text = printed(&folder.run(&["fit", "--dry-run"]));
    for words in [
        "8 routes with 45 utterances",
        "objective accuracy",
        "before",
        "95 % interval",
        "falsely accepted",
        "nearest",
        "threshold on confidence",
        "not in force: it was a dry run",
        "without --dry-run",
    ] {
        assert!(text.contains(words), "{words:?} in {text}");
    }
    assert_eq!(decisions(&folder, &[]), before);
    let none = folder.run(&["fit", "--list"]);
    assert!(printed(&none).is_empty() && stderr(&none).contains("nothing was fitted yet"));

    let text = printed(&folder.run(&["fit"]));
    assert!(text.contains("\nin force now\nnext: "), "{text}");
    let first = decisions(&folder, &[]);
    assert_ne!(first, before);
    let intents: Vec<&Value> = first.iter().map(|decision| &decision["intent"]).collect();
    assert_eq!(intents, [&json!("billing"), &json!("password_reset"), &Value::Null]);

    let report = &objects(&folder.run(&["fit", "--json", "--objective", "keep=0.5"]))[0];
    assert_eq!((&report["objective"], &report["installed"]), (&json!("keep=0.5"), &json!(true)));
    let text = printed(&folder.run(&["fit", "--list"]));
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("fit  UTC") && lines.len() == 3, "{text}");
    assert!(lines[1].contains("keep=0.5") && lines[1].ends_with("in force"), "{text}");
    assert!(lines[2].contains("when asked") && !lines[2].contains("in force"), "{text}");

    let text = printed(&folder.run(&["fit", "--use", "1"]));
    assert_eq!(text, "fit 1 is in force\n");
    assert_eq!(decisions(&folder, &[]), first);
    let listed = objects(&folder.run(&["fit", "--list", "--json"]));
    let in_force: Vec<&Value> = listed.iter().map(|fit| &fit["in_force"]).collect();
    assert_eq!(in_force, [&json!(false), &json!(true)]);
    assert_eq!(listed[0]["report"], *report);
    let gone = folder.run(&["fit", "--use", "9"]);
    assert_eq!(gone.status.code(), Some(2), "{}", stderr(&gone));
    assert!(stderr(&gone).contains("fit 9 is not kept"), "{}", stderr(&gone));
}

/// The same numbers, and where they are kept decides the same.
#[test]
fn a_file_a_database_and_a_server_are_fitted_alike() {
    let folder = imported();
    let samples = folder.write(
        "samples.csv",
        "text,intent\nwhy was I charged twice,billing\nwho won the match,oos\nlost my password,password_reset\n",
    );
    let routes = example();
    let routes = routes.to_str().unwrap();
    let service = folder.serve(&[routes, "--auto-fit", "false"]);
    let fit = |place: &[&str]| {
        let args = ["fit", &samples, "--json", "--objective", "cost=3"];
        folder.run(&[&args, place].concat())
    };
    let on_file = fit(&["--routes", routes]);
    assert!(stderr(&on_file).contains("nowhere to keep"), "{}", stderr(&on_file));
    let reports = [on_file, fit(&["--db", "synaptoroute.db"]), fit(&["--url", &service.url])]
        .map(|o| objects(&o)[0].clone());
    assert_eq!(reports[0]["installed"], false);
    assert_eq!(
        (&reports[0]["samples_in_scope"], &reports[0]["samples_out_of_scope"]),
        (&json!(2), &json!(1))
    );
    for report in &reports[1..] {
        assert_eq!(report["installed"], true, "{report}");
        assert_eq!(found(report), found(&reports[0]));
    }
    let on_server = decisions(&folder, &["--url", &service.url]);
    assert_eq!(decisions(&folder, &["--db", "synaptoroute.db"]), on_server);
    let listed = printed(&folder.run(&["fit", "--list", "--url", &service.url]));
    assert!(listed.contains("cost=3") && listed.contains("in force"), "{listed}");
    printed(&folder.run(&["fit", "--use", "1", "--url", &service.url]));
    let typo = folder.write("typo.jsonl", r#"{"text": "a", "intent": "biling"}"#);
    for place in [["--routes", routes], ["--db", "synaptoroute.db"], ["--url", &service.url]] {
        let output = folder.run(&[&["fit", &typo], &place[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{place:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("\"biling\""), "{place:?}: {}", stderr(&output));
    }
}

#[test]
fn route_says_why() {
    let routes = example();
    let routes = routes.to_str().unwrap();
    for auto_fit in ["true", "false"] {
        let args = ["route", "--routes", routes, "--auto-fit", auto_fit, "--explain"];
        let text = printed(&run(&[&args[..], &["I was charged twice"]].concat()));
        let source =
            if auto_fit == "true" { "fitted for" } else { "the default while nothing is fitted" };
        for words in [
            "-> billing",
            "billing has the highest score",
            "evidence  ",
            "in the score",
            "nearest",
            "behind the first",
            "would change it",
            "    - a threshold above",
            source,
        ] {
            assert!(text.contains(words), "{words:?} in {text}");
        }
        let args = [&args[..], &["--json", "I was charged twice"]].concat();
        let decision = &objects(&run(&args))[0];
        assert_eq!(decision["calibrated"], auto_fit == "true");
        let first = &decision["explanation"]["candidates"][0];
        assert_eq!(
            (&first["route"], &first["confidence"]),
            (&json!("billing"), &decision["confidence"])
        );
    }
    let service = Service::start(&[routes, "--auto-fit", "false"]);
    let ask = |place: [&str; 2]| {
        let args = ["--auto-fit", "false", "--explain", "tell me a tale"];
        printed(&run(&[&["route"], &place[..], &args].concat()))
    };
    assert_eq!(ask(["--url", &service.url]), ask(["--routes", routes]));
}

/// As the file's: to the bit, into a database and a server that have its content, or another.
#[test]
fn an_export_with_its_fit_decides_the_same_elsewhere() {
    let folder = imported();
    let bare = folder.run(&["export", "--with-fit", "-o", "bare.yaml"]);
    assert!(printed(&bare).contains("8 routes") && stderr(&bare).contains("nothing is fitted"));
    printed(&folder.run(&["fit", "--objective", "max_false_accept=0.02"]));
    let expected = decisions(&folder, &[]);
    let with = folder.run(&["export", "--with-fit", "-o", "fitted.json"]);
    let without = folder.run(&["export", "-o", "plain.json"]);
    assert_eq!(stderr(&with), stderr(&without), "the content's hash is that of the content");
    printed(&folder.run(&["import", "fitted.json", "--db", "other.db"]));
    assert_eq!(decisions(&folder, &["--db", "other.db"]), expected);
    printed(&folder.run(&["import", "plain.json", "--db", "third.db"]));
    assert_ne!(decisions(&folder, &["--db", "third.db"]), expected);
    printed(&folder.run(&["import", "fitted.json", "--db", "third.db"]));
    assert_eq!(decisions(&folder, &["--db", "third.db"]), expected, "it had the content already");
    let list = printed(&folder.run(&["fit", "--list", "--db", "third.db"]));
    assert!(list.contains("elsewhere") && list.contains("in force"), "{list}");
    assert_eq!(decisions(&folder, &["--routes", "fitted.json"]), expected);

    let service = folder.serve(&["plain.json", "--auto-fit", "false"]);
    let there = ["--url", &*service.url];
    printed(&folder.run(&[&["import", "fitted.json", "--merge"], &there[..]].concat()));
    assert_eq!(decisions(&folder, &there), expected);
    printed(&folder.run(&[&["export", "--with-fit", "-o", "again.yaml"], &there[..]].concat()));
    assert_eq!(decisions(&folder, &["--routes", "again.yaml"]), expected);
    let served = folder.serve(&["again.yaml"]);
    assert_eq!(decisions(&folder, &["--url", &served.url]), expected, "served with its fit");
}

/// What is served is fitted without being asked, from a file or a database, and is then as one
/// question asked of the file.
#[test]
fn what_is_served_is_fitted_in_the_background() {
    let folder = imported();
    let routes = example();
    let routes = routes.to_str().unwrap();
    let expected = decisions(&folder, &["--routes", routes]);
    for args in [&[routes][..], &["--db", "synaptoroute.db"]] {
        let service = folder.serve(args);
        while service.get("/fits")["fits"] == json!([]) {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let fits = service.get("/fits");
        assert_eq!(
            (&fits["fits"][0]["automatic"], &fits["auto_fit_trouble"]),
            (&json!(true), &Value::Null)
        );
        assert_eq!(decisions(&folder, &["--url", &service.url]), expected, "{args:?}");
        let accuracy = |place: &[&str]| {
            let args = [&["eval", "--cross-validate", "--json"], place].concat();
            objects(&folder.run(&args))[0]["accuracy"].clone()
        };
        assert_eq!(accuracy(&["--url", &service.url]), accuracy(&["--routes", routes]));
        service.stop();
    }
    let text = printed(&folder.run(&["fit", "--list"]));
    assert!(text.contains("by itself"), "{text}");
}
