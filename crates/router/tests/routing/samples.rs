//! Labelled samples: what is taken, and what is refused with its line.

use synaptoroute_router::{RouteName, Sample, SampleError, SampleFormat, Samples};

use crate::support::{route, snapshot};

use SampleFormat::{Csv, JsonLines};

/// Texts and labels, `-` for none.
fn shown(samples: &Samples) -> Vec<String> {
    let label = |sample: &Sample| sample.intent.as_ref().map_or("-".into(), RouteName::to_string);
    samples.iter().map(|sample| format!("{} = {}", sample.text, label(sample))).collect()
}

#[test]
fn samples_are_read_from_either_format() {
    let cases = [
        (JsonLines, r#"{"text": "a", "intent": "x"}"#, &["a = x"][..]),
        (
            JsonLines,
            "{\"text\": \"a\"}\n\n  \n{\"intent\": null, \"text\": \"b\"}\r\n",
            &["a = -", "b = -"],
        ),
        (JsonLines, "\u{feff}{\"text\": \"a\", \"intent\": \"oos\", \"more\": [1]}", &["a = -"]),
        (JsonLines, r#"{"text": "a\nb", "intent": "größe/maß"}"#, &["a\nb = größe/maß"]),
        (Csv, "text,intent\na,x\nb,oos\nc,\n", &["a = x", "b = -", "c = -"]),
        (Csv, "\u{feff}id, Intent ,Text\r\n1, x ,\"a, b\"\r\n", &["a, b = x"]),
        (Csv, "text,intent\n\"a\n\"\"b\"\"\",x\n", &["a\n\"b\" = x"]),
        (Csv, "intent,text,note\n\n\nx,a,\"\"\n", &["a = x"]),
    ];
    let mut wrong = Vec::new();
    for (format, text, expected) in cases {
        match Samples::parse(text, format) {
            Ok(samples) if shown(&samples) == expected => {}
            other => wrong.push(format!("{text:?}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_sample_is_refused_with_its_line_and_what_to_do() {
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat((64 << 10) + 1));
    let cases: [(_, &str, &[&str]); 24] = [
        (JsonLines, "", &["no samples", "at least one"]),
        (JsonLines, "\n \n", &["no samples"]),
        (JsonLines, "{\"text\": \"a\"}\n{\"text\": 5}", &["line 2", "column 10", "string"]),
        (JsonLines, "{\"text\": \"a\"}\n\n{\"txt\": \"b\"}", &["line 3", "missing field `text`"]),
        (JsonLines, "{\"text\": \"a\", \"intent\": 7}", &["line 1", "intent", "null"]),
        (JsonLines, "{\"text\": \" \"}", &["line 1", "blank"]),
        (JsonLines, "{\"text\": \"a\", \"intent\": \"\"}", &["line 1", "empty"]),
        (JsonLines, "{\"text\": \"a\", \"intent\": \" x\"}", &["line 1", "white space"]),
        (JsonLines, "[\"a\", \"x\"]", &["line 1", "object"]),
        (JsonLines, "text,intent\na,x", &["line 1", "\"text\" and \"intent\""]),
        (JsonLines, "{\"text\": \"a\"} {\"text\": \"b\"}", &["line 1", "trailing"]),
        (JsonLines, &long, &["line 1", "64 KiB"]),
        (
            JsonLines,
            "{\"text\": \"a\", \"intent\": \"x\"}\n{\"text\": \"b\"}\n{\"text\": \"a\"}",
            &["line 1", "\"x\"", "line 3", "no route", "decide for one"],
        ),
        (Csv, "", &["no samples"]),
        (Csv, "text,intent\n", &["no samples"]),
        (Csv, "text,label\na,x\n", &["line 1", "`intent`", "text, label"]),
        (Csv, "query,intent\na,x\n", &["line 1", "`text`"]),
        (Csv, "text,intent\na,x\nb, c,x\n", &["line 3", "3 cells", "quotes"]),
        (Csv, "text,intent\na\n", &["line 2", "1 cells"]),
        (Csv, "text,intent\na,x\n\"b\n\",x\n ,x\n", &["line 5", "blank"]),
        (Csv, "text,intent\na,x\n\n\n,x\n", &["line 5", "blank"]),
        (Csv, "text,intent\r\na,x\r\n\r\n,x\r\n", &["line 4", "blank"]),
        (Csv, "text,intent\na,b\u{1}c\n", &["line 2", "intent", "control character"]),
        (Csv, "text,intent\na,x\nb,y\na,y\n", &["line 2", "line 4", "\"x\"", "\"y\""]),
    ];
    let mut wrong = Vec::new();
    for (format, text, words) in cases {
        let start: String = text.chars().take(60).collect();
        match Samples::parse(text, format) {
            Ok(samples) => wrong.push(format!("{start:?}: taken as {:?}", shown(&samples))),
            Err(error) => {
                let message = error.to_string();
                if let Some(word) = words.iter().find(|word| !message.contains(**word)) {
                    wrong.push(format!("{start:?}: no {word:?} in {message}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let odd = Samples::parse_bytes(b"{\"text\": \"a\"}\n{\"text\": \"\xff\"}", JsonLines);
    assert!(matches!(odd, Err(SampleError::Utf8 { line: 2 })), "{odd:?}");
}

#[test]
fn a_repeat_counts_once_and_is_reported() {
    let text = "text,intent\na,x\nb,oos\na,x\nb,\na,x\n";
    let samples = Samples::parse(text, Csv).unwrap();
    assert_eq!((samples.count(), samples.duplicates()), (2, 3));
    let again = Samples::new(samples.iter().cloned()).unwrap();
    assert_eq!((again.count(), again.duplicates()), (2, 0));
    assert!(Samples::new([]).is_err());
}

#[test]
fn labels_that_name_no_route_are_listed_with_their_first_places() {
    let snapshot = snapshot([route("x", &[0.9])]);
    let text = "text,intent\na,x\nb,y\nc,y\nd,\ne,z\n";
    let samples = Samples::parse(text, Csv).unwrap();
    let message = samples.check(&snapshot).unwrap_err().to_string();
    assert!(message.contains("\"y\" (line 3), \"z\" (line 6)"), "{message}");
    assert!(message.contains("add the routes"), "{message}");
    let known = Samples::new(samples.iter().filter(|s| s.text.as_str() < "b").cloned());
    assert!(known.unwrap().check(&snapshot).is_ok());
    let many = (0..15).map(|i| format!("{{\"text\": \"{i}\", \"intent\": \"i{i}\"}}\n"));
    let many = Samples::parse(&many.collect::<String>(), JsonLines).unwrap();
    let message = many.check(&snapshot).unwrap_err().to_string();
    assert!(message.contains("\"i9\"") && message.contains("5 more"), "{message}");
    assert!(!message.contains("\"i10\""), "{message}");
}

#[test]
fn a_sample_in_json_has_a_text_and_an_intent_and_nothing_else() {
    let read = |json: &str| serde_json::from_str::<Sample>(json);
    let sample = read(r#"{"text": "a", "intent": "x"}"#).unwrap();
    assert_eq!(serde_json::to_string(&sample).unwrap(), r#"{"text":"a","intent":"x"}"#);
    for none in [r#"{"text": "a"}"#, r#"{"text": "a", "intent": "oos"}"#] {
        let sample = read(none).unwrap();
        assert_eq!(serde_json::to_string(&sample).unwrap(), r#"{"text":"a","intent":null}"#);
    }
    for bad in [r#"["a", "x"]"#, r#"{"text": "a", "label": "x"}"#, r#"{"intent": "x"}"#] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn formats_are_told_by_name_or_by_text() {
    let of = |name: &str| SampleFormat::of(std::path::Path::new(name));
    assert_eq!(
        (of("a.csv"), of("a.CSV"), of("a.jsonl"), of("a")),
        (Csv, Csv, JsonLines, JsonLines)
    );
    for (text, format) in [
        ("{\"text\": \"a\"}", JsonLines),
        ("\u{feff}\n {", JsonLines),
        ("text,intent", Csv),
        ("", Csv),
    ] {
        assert_eq!(SampleFormat::of_text(text), format, "{text:?}");
    }
}
