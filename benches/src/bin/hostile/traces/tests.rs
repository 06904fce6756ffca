use super::{COUNT, SIGNS, counted, told};

/// Lines as the service writes them, as text and as JSON, and as Rust does by itself.
const LOG: &str = "\
serving 3 routes from memory: what is changed over HTTP is gone when this ends
2026-11-24T02:00:00.000000Z ERROR synaptoroute::commands::serve::panics: a panic; please report it. \
Its message may hold the text of a query: --log-queries shows it location=\"crates/a.rs:1:2\" thread=\"engine\"
2026-11-24T02:00:00.000000Z  INFO synaptoroute_server::serve: stopping; finishing what was admitted
{\"timestamp\":\"2026-11-24T02:00:00.000000Z\",\"level\":\"ERROR\",\"message\":\"a panic; please report \
it\",\"location\":\"crates/b.rs:1:2\",\"thread\":\"engine\"}
thread 'main' (7) panicked at crates/c.rs:1:2:
";

#[test]
fn a_panic_is_found_in_a_log_whoever_wrote_it() {
    let found = told(LOG);
    assert_eq!(found.len(), 3, "{found:#?}");
    for (line, place) in found.iter().zip(["a.rs", "b.rs", "c.rs"]) {
        assert!(line.contains(place), "{line}");
    }
    assert_eq!(told("nothing to report\nstopping"), Vec::<String>::new());
}

/// The words stand in another crate, and nothing else holds the two together.
#[test]
fn the_service_writes_what_is_looked_for() {
    let hook = include_str!("../../../../../crates/cli/src/commands/serve/panics.rs");
    assert!(hook.contains(SIGNS[0]), "the service tells of a panic in other words");
    let page = include_str!("../../../../../crates/server/src/observe/scrape.rs");
    assert!(page.contains(COUNT), "the service counts panics under another name");
}

#[test]
fn panics_are_counted_as_the_service_counts_them() {
    let page = "# HELP synaptoroute_panics_total Requests that a panic ended\n\
                # TYPE synaptoroute_panics_total counter\n\
                synaptoroute_panics_total 2\nsynaptoroute_panics_total_of_others 9\n";
    assert_eq!(counted(page), Some(2));
    assert_eq!(counted("synaptoroute_connections_open 1\n"), None);
}
