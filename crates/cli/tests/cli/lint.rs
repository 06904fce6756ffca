//! `lint`: the same findings from a file, a database and a server, and an exit code for checks.

use crate::support::{Folder, objects, printed, stderr, stdout};

const CLEAN: &str = "
version: 1
routes:
  - name: weather
    utterances: [will it rain today, how hot is it outside, do I need an umbrella, is it going to snow, what is the forecast for tomorrow]
  - name: music
    utterances: [play some jazz, skip this song, turn up the volume, put on my favourite playlist, who sings this track]
";

/// Nothing but advice.
const FEW: &str = "
version: 1
routes:
  - {name: weather, utterances: [will it rain today, how hot is it outside, do I need an umbrella]}
";

const DOUBTFUL: &str = "
version: 1
routes:
  - name: weather
    utterances: [will it rain today, how hot is it outside, do I need an umbrella, is it going to snow, \"skip\\tthis song\"]
  - name: music
    utterances: [play some jazz, Skip this song, turn up the volume, put on my favourite playlist, who sings this track]
  - {name: hello, utterances: [hello]}
";

#[test]
fn a_check_falls_short_only_of_what_is_grave() {
    let folder = Folder::new();
    let [clean, few, doubtful] = [("clean", CLEAN), ("few", FEW), ("doubtful", DOUBTFUL)]
        .map(|(name, yaml)| folder.write(&format!("{name}.yaml"), yaml));
    let mut wrong = Vec::new();
    for (file, strict, code, says) in [
        (&clean, "--strict", 0, "nothing found in 2 routes, 10 utterances"),
        (&few, "--strict", 0, "1 piece of advice in 1 route, 3 utterances"),
        (&doubtful, "--strict", 1, "2 warnings in 3 routes, 11 utterances"),
        (&doubtful, "", 0, "2 warnings in 3 routes, 11 utterances"),
    ] {
        let args = ["lint", "--routes", file, strict];
        let output = folder.run(&args[..if strict.is_empty() { 3 } else { 4 }]);
        let told = stdout(&output).lines().last() == Some(says);
        let why = stderr(&output).contains("--strict");
        if output.status.code() != Some(code) || !told || why != (code == 1) {
            wrong.push(format!("{args:?}: {output:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let by_variable = folder
        .program()
        .args(["lint", "--routes", &doubtful])
        .env("SYNAPTOROUTE_STRICT", "1")
        .output()
        .unwrap();
    assert_eq!(by_variable.status.code(), Some(1));
}

#[test]
fn people_and_machines_read_the_same_from_anywhere() {
    let folder = Folder::new();
    let routes = folder.write("routes.yaml", DOUBTFUL);
    printed(&folder.run(&["import", &routes]));
    let service = folder.serve(&["--db", "synaptoroute.db"]);
    let places = [["--routes", &routes], ["--db", "synaptoroute.db"], ["--url", &service.url]];
    let words = places.map(|place| printed(&folder.run(&[&["lint"], &place[..]].concat())));
    assert!(
        words[0].starts_with(
            "warning: same text\n  1 text is in each of \"music\", \"weather\", but for case and \
             punctuation\n    \"Skip this song\" (music): "
        ),
        "{}",
        words[0]
    );
    // A text's own control characters move no cursor.
    assert!(words[0].contains("\"skip\\tthis song\" (weather)"), "{}", words[0]);
    assert!(words[0].contains("\n  -> Keep each in the one route that is meant"), "{}", words[0]);
    assert!(!words[0].contains('\u{1b}'), "{}", words[0]);
    assert_eq!([&words[1], &words[2]], [&words[0]; 2]);

    let found = places.map(|p| objects(&folder.run(&[&["lint", "--json"], &p[..]].concat())));
    let kinds: Vec<_> = found[0].iter().map(|finding| finding["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["same_text", "thin_route"]);
    assert_eq!(found[0][1]["routes"][0], "hello");
    assert_eq!([&found[1], &found[2]], [&found[0]; 2]);
}
