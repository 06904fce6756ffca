use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::{parent, parse};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

#[test]
fn a_traceparent_is_taken_only_as_the_standard_has_it() {
    let good = (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0x00f0_67aa_0ba9_02b7);
    let zeros = (&"0".repeat(32), "0000000000000000");
    let cases = [
        (format!("00-{TRACE}-{SPAN}-01"), Some(true)),
        (format!("00-{TRACE}-{SPAN}-00"), Some(false)),
        // Flags that are not known yet.
        (format!("00-{TRACE}-{SPAN}-fe"), Some(false)),
        (format!("01-{TRACE}-{SPAN}-01"), Some(true)),
        (format!("01-{TRACE}-{SPAN}-01-more"), Some(true)),
        (format!("00-{TRACE}-{SPAN}-01-more"), None),
        (format!("ff-{TRACE}-{SPAN}-01"), None),
        (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), None),
        (format!("00-{}-{SPAN}-01", zeros.0), None),
        (format!("00-{TRACE}-{}-01", zeros.1), None),
        (format!("00-{TRACE}-{SPAN}"), None),
        (format!("00-{TRACE}-{SPAN}-1"), None),
        (format!("00-{TRACE}{SPAN}-01"), None),
        (format!("00-+{}-{SPAN}-01", &TRACE[1..]), None),
        (String::new(), None),
        ("hello".to_owned(), None),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .map(|(text, sampled)| (text, parse(text), sampled.map(|s| (good.0, good.1, s))))
        .filter(|(_, found, expected)| found != expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn two_parents_are_none_and_states_are_joined() {
    let name = |name| HeaderName::from_static(name);
    let parent_of = |headers: &HeaderMap| parent(headers).map(|parent| parent.state);
    let value = HeaderValue::try_from(format!("00-{TRACE}-{SPAN}-01")).expect("it is ASCII");
    let mut headers = HeaderMap::new();
    headers.append(name("traceparent"), value.clone());
    headers.append(name("tracestate"), HeaderValue::from_static("a=1"));
    headers.append(name("tracestate"), HeaderValue::from_static("b=2"));
    assert_eq!(parent_of(&headers).as_deref(), Some("a=1,b=2"));
    headers.insert(name("tracestate"), HeaderValue::try_from("x".repeat(513)).expect("ASCII"));
    assert_eq!(parent_of(&headers).as_deref(), Some(""), "the trace without the state");
    headers.append(name("traceparent"), value);
    assert_eq!(parent_of(&headers), None);
}
