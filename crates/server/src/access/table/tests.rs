use super::RULES;

/// The list for people says what the table says, call by call, and nothing besides.
#[test]
fn the_security_page_lists_every_call_with_its_role() {
    let page = include_str!("../../../../../docs/security.md");
    let listed: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let calls = |line: &str| -> Vec<(String, String)> {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let (call, role) = (cells.next().unwrap_or(""), cells.next().unwrap_or(""));
        let (methods, path) = call.trim_matches('`').split_once(' ').unwrap_or((call, ""));
        methods.split(',').map(|method| (format!("{method} {path}"), role.to_owned())).collect()
    };
    let mut listed: Vec<_> = listed.into_iter().flat_map(calls).collect();
    let mut known: Vec<_> = RULES
        .iter()
        .map(|rule| {
            let role = rule.role.map_or("open", |role| role.name());
            (format!("{} {}", rule.method, rule.path), role.to_owned())
        })
        .collect();
    listed.sort();
    known.sort();
    assert_eq!(listed, known);
}
