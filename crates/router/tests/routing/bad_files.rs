//! A bad routes file is refused as a whole, with the field and the line to blame.

use synaptoroute_router::{FileError, FileFormat, RoutesFile};

/// What is wrong with a file, the file, and what the message must say.
type Case<'a> = (&'a str, &'a str, &'a [&'a str]);

/// Every case whose message does not say all it must.
fn unclear(format: FileFormat, cases: &[Case<'_>]) -> Vec<String> {
    unclear_to(cases, |file| RoutesFile::parse(file, format))
}

fn unclear_to<T>(cases: &[Case<'_>], parse: impl Fn(&str) -> Result<T, FileError>) -> Vec<String> {
    let judge = |(what, file, words): &Case<'_>| match parse(file) {
        Ok(_) => Some(format!("{what}: taken")),
        Err(error) => {
            let message = error.to_string();
            let missing: Vec<_> = words.iter().filter(|word| !message.contains(**word)).collect();
            (!missing.is_empty()).then(|| format!("{what}: no {missing:?} in {message:?}"))
        }
    };
    cases.iter().filter_map(judge).collect()
}

fn assert_clear(format: FileFormat, cases: &[Case<'_>]) {
    let unclear = unclear(format, cases);
    assert!(unclear.is_empty(), "{}", unclear.join("\n"));
    // Those of our own kind are as strict, and as clear, for an import.
    let own: Vec<_> =
        cases.iter().filter(|(_, file, _)| file.contains("version")).copied().collect();
    let unclear = unclear_to(&own, |file| RoutesFile::import(file, format));
    assert!(unclear.is_empty(), "imported: {}", unclear.join("\n"));
}

/// A file whose third line begins a sound route and whose fifth begins this one.
fn second(route: &str) -> String {
    format!("version: 1\nroutes:\n  - name: first\n    utterances: [x]\n  - {route}\n")
}

#[test]
fn whole_files_in_yaml() {
    let version = "version";
    assert_clear(
        FileFormat::Yaml,
        &[
            ("empty", "", &[version, "line 1"]),
            ("a comment", "# nothing\n", &[version, "line 2"]),
            ("a word", "routes\n", &["map with version and routes", "line 1"]),
            ("a list", "- version: 1\n", &["map with version and routes", "line 1"]),
            ("no version", "routes: []\n", &["missing field `version`", "line 1"]),
            ("version 2", "routes: []\nversion: 2\n", &["version 2", "write 1", "line 2"]),
            ("version 0", "version: 0\nroutes: []\n", &["version 0", "line 1"]),
            ("version as text", "version: '1'\nroutes: []\n", &[version, "whole number", "line 1"]),
            ("version 1.5", "version: 1.5\nroutes: []\n", &[version, "whole number", "line 1"]),
            ("no routes", "version: 1\n", &["missing field `routes`", "line 1"]),
            ("routes a number", "version: 1\nroutes: 5\n", &["routes", "list of routes", "line 2"]),
            ("routes a map", "version: 1\nroutes: {a: b}\n", &["routes", "list", "line 2"]),
            ("version twice", "version: 1\nversion: 1\n", &["duplicate field `version`", "line 1"]),
            (
                "unknown key",
                "version: 1\nroutes: []\nthresholds: 1\n",
                &["thresholds", "`settings`", "line 3"],
            ),
            (
                "unknown setting",
                "version: 1\nroutes: []\nsettings:\n  margin: 0\n  topk: 1\n",
                &["settings", "topk", "`top_k`", "line 5"],
            ),
            (
                "top_k 0",
                "version: 1\nroutes: []\nsettings: {\n  top_k: 0}\n",
                &["settings.top_k", "between 1 and 100", "line 4"],
            ),
            (
                "top_k 1.5",
                "version: 1\nroutes: []\nsettings: {\n  top_k: 1.5}\n",
                &["settings.top_k", "whole number", "line 4"],
            ),
            (
                "margin 3",
                "version: 1\nroutes: []\nsettings: {\n  margin: 3}\n",
                &["settings.margin", "between 0 (off) and 2", "line 4"],
            ),
            (
                "settings a list",
                "version: 1\nroutes: []\nsettings: [0]\n",
                &["settings", "map of settings", "line 3"],
            ),
            (
                "blank negative",
                "version: 1\nnegatives:\n  - a\n  - ' '\nroutes: []\n",
                &["negatives[1]", "blank", "line 4"],
            ),
        ],
    );
}

#[test]
fn routes_in_yaml() {
    let long = format!("- {}", "x".repeat(65_537));
    let cases: [(&str, String, &[&str]); 24] = [
        ("a number", "5".into(), &["routes[1]", "a route", "line 5"]),
        ("a list", "[b, [x]]".into(), &["routes[1]", "a route", "line 5"]),
        ("no name", "utterances: [x]".into(), &["routes[1]", "`name`", "line 5"]),
        ("no utterances", "name: b".into(), &["routes[1]", "`utterances`", "line 5"]),
        (
            "unknown key",
            "name: b\n    utterances: [x]\n    utterance: x".into(),
            &["routes[1]", "`utterance`", "line 7"],
        ),
        (
            "name twice",
            "name: b\n    name: b".into(),
            &["routes[1]", "duplicate", "`name`", "line 5"],
        ),
        (
            "a name twice",
            "utterances: [x]\n    name: first".into(),
            &["routes[1]", "two routes are called \"first\"", "line 5"],
        ),
        ("empty name", "name: ''".into(), &["routes[1].name", "1 to 128", "line 5"]),
        ("name in blanks", "name: ' b'".into(), &["routes[1].name", "white space", "line 5"]),
        ("control in name", "name: \"a\\tb\"".into(), &["routes[1].name", "control", "line 5"]),
        (
            "long name",
            format!("utterances: [x]\n    name: {}", "b".repeat(129)),
            &["routes[1].name", "at most 128", "line 6"],
        ),
        ("name a list", "name: [b]".into(), &["routes[1].name", "string", "line 5"]),
        (
            "empty utterances",
            "name: b\n    utterances: []".into(),
            &["routes[1]", "\"b\" has no utterances", "line 5"],
        ),
        (
            "utterances without value",
            "name: b\n    utterances:".into(),
            &["routes[1]", "\"b\" has no utterances", "line 5"],
        ),
        (
            "utterances a text",
            "name: b\n    utterances: x".into(),
            &["routes[1].utterances", "sequence", "line 6"],
        ),
        (
            "blank utterance far down",
            format!("name: b\n    utterances:\n{}      - ' '", "      - x\n".repeat(500)),
            &["routes[1].utterances[500]", "blank", "line 507"],
        ),
        (
            "long utterance",
            format!("name: b\n    utterances:\n      - x\n      {long}"),
            &["routes[1].utterances[1]", "64 KiB", "line 8"],
        ),
        (
            "blank negative",
            "name: b\n    utterances: [x]\n    negatives:\n      - ''".into(),
            &["routes[1].negatives[0]", "blank", "line 8"],
        ),
        (
            "threshold 1.5",
            "name: b\n    threshold: 1.5\n    utterances: [x]".into(),
            &["routes[1].threshold", "1.5", "between 0 and 1", "line 6"],
        ),
        (
            "threshold NaN",
            "name: b\n    threshold: .nan\n    utterances: [x]".into(),
            &["routes[1].threshold", "NaN", "between 0 and 1", "line 6"],
        ),
        (
            "threshold a word",
            "name: b\n    threshold: high\n    utterances: [x]".into(),
            &["routes[1].threshold", "\"high\"", "number", "line 6"],
        ),
        (
            "score_threshold -2",
            "name: b\n    score_threshold: -2\n    utterances: [x]".into(),
            &["routes[1].score_threshold", "-2", "between -1 and 1", "line 6"],
        ),
        (
            "description a map",
            "name: b\n    utterances: [x]\n    description: {}".into(),
            &["routes[1].description", "string", "line 7"],
        ),
        (
            "metadata a list",
            "name: b\n    utterances: [x]\n    metadata: [x]".into(),
            &["routes[1].metadata", "map", "line 7"],
        ),
    ];
    let files: Vec<_> =
        cases.iter().map(|(what, route, words)| (what, second(route), words)).collect();
    let cases: Vec<Case<'_>> = files.iter().map(|(a, file, c)| (**a, file.as_str(), **c)).collect();
    assert_clear(FileFormat::Yaml, &cases);
}

#[test]
fn what_is_no_yaml() {
    assert_clear(
        FileFormat::Yaml,
        &[
            ("tabs", "version: 1\nroutes:\n\t- name: a\n", &["cannot start any token", "line 3"]),
            ("not closed", "version: 1\nroutes: [\n", &["line 3"]),
            ("garbage", "@@@", &["line 1"]),
            ("more garbage", "version: 1\n}{\n", &["line 2"]),
            ("two maps in a line", "version: 1\nroutes: a: b\n", &["line 2"]),
            ("an unknown anchor", "version: 1\nroutes: *x\n", &["anchor", "line 2"]),
            ("a binary file", "version: 1\n\0\u{1}\u{2}", &["line 2", r"\0"]),
            ("a deleted character", "version: 1\nroutes: []\n#\u{7f}", &["line 3", r"\u{7f}"]),
            ("no character", "version: 1\nroutes: []\n#\u{fffe}", &["line 3", r"\u{fffe}"]),
            (
                "two documents",
                "version: 1\nroutes: []\n---\na: b\n",
                &["line 3", "second document"],
            ),
            // Of which it was not told where, as of the one above.
            (
                "something behind",
                "%YAML 1.1\n---\nversion: 1\nroutes: []\n...\n# x\nx",
                &["line 7"],
            ),
        ],
    );
}

#[test]
fn files_in_json() {
    let route = |json: &str| {
        format!(
            "{{\"version\": 1, \"routes\": [\n{{\"name\": \"a\", \"utterances\": [\"x\"]}},\n{json}\n]}}"
        )
    };
    let cases: [(&str, String, &[&str]); 24] = [
        ("empty", "".into(), &["line 1"]),
        ("not closed", "{\n\"version\": 1,".into(), &["line 2"]),
        ("YAML", "version: 1".into(), &["line 1"]),
        ("more after it", "{\"version\": 1, \"routes\": []}\n}".into(), &["trailing", "line 2"]),
        ("a list", "[1, [], {}, []]".into(), &["map with version and routes", "line 1"]),
        ("no routes", "{\"version\": 1}".into(), &["missing field `routes`", "line 1"]),
        ("version 2", "{\n\"version\": 2}".into(), &["version 2", "write 1", "line 2"]),
        ("unknown key", "{\n\"colour\": 2}".into(), &["colour", "line 2"]),
        ("unknown setting", "{\"settings\":\n{\"a\": 2}}".into(), &["settings", "`a`", "line 2"]),
        ("top_k 0", "{\"settings\":\n{\"top_k\": 0}}".into(), &["settings.top_k", "100", "line 2"]),
        (
            "settings a list",
            "{\"settings\":\n[0, 3]}".into(),
            &["settings", "map of settings", "line 2"],
        ),
        ("routes null", "{\"routes\":\nnull}".into(), &["routes", "list of routes", "line 2"]),
        ("a list for a route", route("[\"b\", [\"x\"]]"), &["routes[1]", "a route", "line 3"]),
        ("no name", route("{}"), &["routes[1]", "`name`", "line 3"]),
        ("no utterances", route("{\"name\": \"b\"}"), &["routes[1]", "`utterances`", "line 3"]),
        (
            "a name twice",
            route("{\"name\": \"a\", \"utterances\": [\"y\"]}"),
            &["routes[1]", "two routes are called \"a\"", "line 3"],
        ),
        (
            "unknown field",
            route("{\"name\": \"b\", \"utterances\": [\"y\"], \"x\": 1}"),
            &["routes[1]", "`x`", "line 3"],
        ),
        (
            "empty utterances",
            route("{\"name\": \"b\", \"utterances\": []}"),
            &["routes[1]", "no utterances", "line 3"],
        ),
        (
            "an utterance a number",
            route("{\"utterances\": [\"x\",\n5]}"),
            &["routes[1].utterances[1]", "string", "line 4"],
        ),
        (
            "a blank utterance",
            route("{\"utterances\": [\"x\",\n\"\"]}"),
            &["routes[1].utterances[1]", "blank", "line 4"],
        ),
        ("a bad name", route("{\"name\": \"b \"}"), &["routes[1].name", "white space", "line 3"]),
        (
            "threshold 1.5",
            route("{\"threshold\": 1.5}"),
            &["routes[1].threshold", "between 0 and 1", "line 3"],
        ),
        (
            "threshold as text",
            route("{\"threshold\": \"0.5\"}"),
            &["routes[1].threshold", "number", "line 3"],
        ),
        ("threshold NaN", route("{\"threshold\": NaN}"), &["routes[1].threshold", "line 3"]),
    ];
    let cases: Vec<Case<'_>> = cases.iter().map(|(a, b, c)| (*a, b.as_str(), *c)).collect();
    assert_clear(FileFormat::Json, &cases);
}

#[test]
fn bytes_that_are_no_text() {
    for (bytes, line) in [
        (&b"\xff"[..], 1),
        (b"version: 1\nroutes: [] # caf\xe9\n", 2),
        (b"version: 1\n\n\n\xc3", 4),
        // UTF-16, as some editors save it.
        (b"\xff\xfev\0e\0r\0", 1),
    ] {
        for format in [FileFormat::Yaml, FileFormat::Json] {
            let error = RoutesFile::parse_bytes(bytes, format).unwrap_err().to_string();
            assert_eq!(error, format!("line {line} is not UTF-8"));
        }
    }
    let sound = RoutesFile::parse_bytes("version: 1\nroutes: []\n# é".as_bytes(), FileFormat::Yaml);
    assert!(sound.is_ok());
}

/// Took 51 s and gigabytes: a list that is repeated as often as it is long.
#[test]
fn aliases_that_repeat_too_much_are_refused() {
    let repeated = |times: usize| {
        let (list, again) = ("x, ".repeat(times), "*a, ".repeat(times));
        format!(
            "version: 1\nroutes:\n- name: a\n  utterances: [b]\n  metadata:\n    k: [&a [{list}], {again}]\n"
        )
    };
    let words = &["repeat", "write out", "line 6"][..];
    assert_clear(FileFormat::Yaml, &[("aliases", &repeated(1000), words)]);
    let nested: String =
        (1..9).map(|i| format!(", &a{i} [{}]", format!("*a{}, ", i - 1).repeat(9))).collect();
    let nested = repeated(1).replace("&a [x, ]", &format!("&a0 [x], &a x{nested}"));
    assert_clear(FileFormat::Yaml, &[("nested", &nested, &["repeat", "line 6"])]);
    // A hundred routes that share ten negatives.
    let shared: String =
        (1..100).map(|i| format!("- {{name: n{i}, utterances: [u], negatives: *n}}\n")).collect();
    let texts: Vec<_> = (0..10).map(|i| format!("no such thing as {i}")).collect();
    let file = format!(
        "version: 1\nroutes:\n- {{name: a, utterances: [u], negatives: &n [{}]}}\n{shared}",
        texts.join(", ")
    );
    let file = RoutesFile::parse(&file, FileFormat::Yaml).unwrap();
    assert!(file.routes.iter().all(|route| route.negatives.len() == 10), "{file:?}");
}

/// Each was compared with all before it.
#[test]
fn directives_beyond_need_are_refused() {
    let directives: String = (0..100).map(|i| format!("%TAG !t{i}! tag:x\n")).collect();
    let file = format!("{directives}---\nversion: 1\nroutes: []\n");
    assert_clear(FileFormat::Yaml, &[("directives", &file, &["line 65", "leave"])]);
}

/// It took YAML's library a time in the square of the depth, 8 s for 160 kB, to refuse it.
#[test]
fn deep_nesting_is_refused_at_once() {
    let deep = "{a: ".repeat(100_000);
    let file = format!("version: 1\nroutes:\n- name: a\n  utterances: [b]\n  metadata: {deep}\n");
    let words = &["line 5", "more than 128 deep"][..];
    assert_clear(FileFormat::Yaml, &[("pairs", &file, words)]);
    let json = format!("{{\"version\": 1,\n\"x\": {}", "[".repeat(100_000));
    assert_clear(FileFormat::Json, &[("lists", &json, &["line 2"][..])]);
}
