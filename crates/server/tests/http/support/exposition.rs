//! Reads what `/metrics` writes, and refuses whatever Prometheus would.

use std::collections::{BTreeMap, HashMap, HashSet};

/// Samples by name and labels, the labels sorted and written as `a=1,b=2`.
#[derive(Debug)]
pub(crate) struct Scrape(HashMap<(String, String), f64>);

impl Scrape {
    #[track_caller]
    pub(crate) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line ends");
        let mut samples = HashMap::new();
        let mut families = HashSet::new();
        let (mut family, mut kind, mut help) = (String::new(), String::new(), String::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                help = rest.split_once(' ').unwrap().0.to_owned();
                continue;
            }
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, of) = rest.split_once(' ').unwrap();
                assert!(families.insert(name.to_owned()), "{name} begins twice");
                assert_eq!(name, help, "a family without help");
                assert!(["counter", "gauge", "histogram"].contains(&of), "{line}");
                (family, kind) = (name.to_owned(), of.to_owned());
                continue;
            }
            let (name, labels, value) = sample(line);
            let own = match kind.as_str() {
                "histogram" => ["_bucket", "_sum", "_count"]
                    .iter()
                    .any(|suffix| name.strip_suffix(suffix) == Some(&family)),
                _ => name == family,
            };
            assert!(own, "{line} stands below {family}");
            assert!(kind != "counter" || name.ends_with("_total"), "{name}");
            assert!(value >= 0.0, "{line}");
            let labels: Vec<_> =
                labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let key = (name, labels.join(","));
            assert!(samples.insert(key, value).is_none(), "{line} is there twice");
        }
        Self(samples)
    }

    /// One sample, which must be there.
    #[track_caller]
    pub(crate) fn get(&self, name: &str, labels: &str) -> f64 {
        let found = self.find(name, labels);
        found.unwrap_or_else(|| panic!("no {name}{{{labels}}} among {:#?}", self.of(name)))
    }

    pub(crate) fn find(&self, name: &str, labels: &str) -> Option<f64> {
        self.0.get(&(name.to_owned(), labels.to_owned())).copied()
    }

    /// All samples of a name, by their labels.
    pub(crate) fn of(&self, name: &str) -> BTreeMap<&str, f64> {
        let own = self.0.iter().filter(|((own, _), _)| own == name);
        own.map(|((_, labels), value)| (labels.as_str(), *value)).collect()
    }

    /// What a histogram counted; its buckets must only grow, up to that.
    #[track_caller]
    pub(crate) fn histogram(&self, name: &str, labels: &str) -> f64 {
        let count = self.get(&format!("{name}_count"), labels);
        let rest = if labels.is_empty() { String::new() } else { format!(",{labels}") };
        let buckets = self.of(&format!("{name}_bucket"));
        let own = buckets.iter().filter_map(|(labels, value)| {
            let bound = labels.strip_prefix("le=")?.strip_suffix(&rest)?;
            let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().ok()? };
            Some((bound, *value))
        });
        let mut own: Vec<(f64, f64)> = own.collect();
        own.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(own.len() > 5, "{own:?}");
        assert!(own.is_sorted_by(|a, b| a.1 <= b.1), "{own:?}");
        assert_eq!(own.last(), Some(&(f64::INFINITY, count)));
        assert_eq!(count > 0.0, self.get(&format!("{name}_sum"), labels) > 0.0, "{name}");
        count
    }
}

/// `name{label="value",…} value`.
#[track_caller]
fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line}"));
    let (name, mut rest) = line.split_at(end);
    assert_identifier(name);
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, behind) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            assert_identifier(label);
            let mut value = String::new();
            let mut letters = behind.char_indices();
            let end = loop {
                match letters.next().unwrap_or_else(|| panic!("{line}")) {
                    (at, '"') => break at + 1,
                    (_, '\\') => match letters.next().unwrap().1 {
                        'n' => value.push('\n'),
                        escaped @ ('"' | '\\') => value.push(escaped),
                        other => panic!("\\{other} in {line}"),
                    },
                    (_, other) => value.push(other),
                }
            };
            assert!(labels.insert(label.to_owned(), value).is_none(), "{line}");
            rest = &behind[end..];
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').and_then(|value| value.parse().ok());
    (name.to_owned(), labels, value.unwrap_or_else(|| panic!("{line}")))
}

#[track_caller]
fn assert_identifier(name: &str) {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    assert!(name.bytes().next().is_some_and(letter), "{name:?}");
    assert!(name.bytes().all(|byte| letter(byte) || byte.is_ascii_digit()), "{name:?}");
}
